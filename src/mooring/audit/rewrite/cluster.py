"""`RedisCluster(host="h", port=7000)` becomes `create_redis_from_config(default_url="redis+cluster://h:7000")`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.facts import Provenance, Site
from mooring.audit.project import Project
from mooring.audit.rewrite.arguments import Action
from mooring.audit.rewrite.call import first_call
from mooring.audit.rewrite.flow import Flow, last_name
from mooring.audit.rewrite.given import code_of
from mooring.audit.rewrite.keywords import Keywords
from mooring.audit.rewrite.naming import connection_name
from mooring.audit.rewrite.nodes import Node, known_nodes, written
from mooring.audit.rewrite.offer import factory_for, graded, own_call
from mooring.audit.rewrite.parameters import TAKEN, Parameters, Untold
from mooring.audit.rewrite.signature import literal, text_of_option

__all__ = ["cluster_rewrite"]

CLASS = "RedisCluster"
# What decides which Cluster it is; the first three stand in this order.
PLACE = ("host", "port", "startup_nodes", "url")
# Arguments of a Cluster's client alone, by the value with which they say nothing.
SILENT = {"read_from_replicas": False, "dynamic_startup_nodes": True}
REMARK = ", whose client is that of a Cluster as long as no variable names another server"


def cluster_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix for the client of a Cluster whose nodes are written in the code.

    Unsafe: where a variable names one server instead, the client is one of that, which knows no `target_nodes`, and the
    factory's retries and bounds are not those of redis-py's own client. Display-only, with the reason, for nodes that
    come from elsewhere, arguments that the factory does not take, and where the class is spoken of in the file, as in
    an annotation. None where it is not redis-py's own class.
    """
    found = own_call(site, project)
    if found is None:
        return None
    try:
        return _fix(site, project, *found)
    except Untold as untold:
        title = f"Use create_redis_from_config() with a redis+cluster:// URL: {untold}"
        return Fix(title, (), Safety.DISPLAY)


def _fix(site: Site, project: Project, flow: Flow, call: ast.Call) -> Fix:
    source = project.source(site.path)
    from_url = site.constructor.endswith("from_url")
    parameters = Parameters.read(site, project, site.call, PLACE[-1:] if from_url else PLACE[:3])
    _refuse_strange(parameters)
    _refuse_spoken_of(flow, site, project)
    added, secret = _added(parameters)
    arguments = Keywords(source, site.call).change(list(_actions(parameters, added)))
    func = code_of(source, site.call.func_span)
    if arguments is None or "#" in func:
        raise Untold("a comment stands in its arguments")
    factory = factory_for(site, project, first_call(site, project))
    start = flow.syntax.start(call.func)
    edits = (Edit(site.path, start, start + len(func), factory.expression), *factory.edits, *arguments)
    remark = f"{REMARK}; set REDIS_PASSWORD: the password leaves the code" if secret else REMARK
    return graded(site, project, func, factory, edits, Safety.UNSAFE, remark)


def _refuse_strange(parameters: Parameters) -> None:
    known = TAKEN | {*PLACE, *(name for name, value in SILENT.items() if parameters.value(name) is value)}
    strange = sorted(parameters.given.keys() - known)
    if strange:
        raise Untold(f"the factory does not take {strange[0]}")


def _refuse_spoken_of(flow: Flow, site: Site, project: Project) -> None:
    """Raise `Untold` where a file speaks of the class other than to make the clients of its sites."""
    calls = (flow.call_at(other.call.span) for other in project.sites if other.module is site.module)
    made = {id(node) for call in calls if call for node in ast.walk(call.func)}
    for node in flow.scopes:
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else last_name(node)
        if isinstance(node, ast.expr) and CLASS in text and id(node) not in made:
            raise Untold(f"line {node.lineno} speaks of {CLASS}")


def _added(parameters: Parameters) -> tuple[list[str], bool]:
    """The arguments that take the place of the nodes, and whether a literal password goes."""
    site, endpoint = parameters.site, parameters.site.endpoint
    if site.provenance is not Provenance.LITERAL:
        raise Untold("its nodes come from elsewhere")
    secret, options = parameters.is_secret("password"), dict[str, str]()
    tls = parameters.value("ssl") or False
    nodes = [*_nodes(parameters)]
    if "url" in parameters.given:
        if not endpoint.known or endpoint.host is None or endpoint.db:
            raise Untold("its URL is not read")
        nodes, tls = [(endpoint.host, endpoint.port or 6379)], endpoint.scheme == "rediss"
        told = {name: text_of_option(name, text) for name, text in endpoint.options}
        secret = secret or endpoint.userinfo or told.pop("password", None) is not None
        options = {name: code for name, code in told.items() if code is not None}
        if len(options) < len(told):
            raise Untold("its URL has options that no argument stands for")
    if "ssl" in parameters.given and not isinstance(parameters.value("ssl"), bool):
        raise Untold("whether it uses TLS is told elsewhere")
    name = connection_name(site, parameters.project)
    url = literal(f"redis{'s' if tls else ''}+cluster://{written(nodes)}")
    rest = [f"{option}={code}" for option, code in options.items()]
    return [*([f'name="{name}"'] if name else []), f"default_url={url}", *rest], secret


def _nodes(parameters: Parameters) -> Iterator[Node]:
    """The nodes that are given by arguments; raises `Untold` where one of them is not known."""
    host, port = parameters.value("host"), parameters.value("port")
    if "host" in parameters.given and not parameters.is_none("host"):
        number = port if isinstance(port, int) else 6379 if parameters.is_none("port") else None
        if not isinstance(host, str) or number is None:
            raise Untold("its host or port is computed")
        yield host, number
    if "startup_nodes" in parameters.given and not parameters.is_none("startup_nodes"):
        nodes = known_nodes(parameters.project.arguments(parameters.site), "startup_nodes", 2)
        if nodes is None:
            raise Untold("its nodes are not all read")
        yield from nodes


def _actions(parameters: Parameters, added: list[str]) -> Iterator[Action]:
    replaced = False
    for name, argument in parameters.given.items():
        if name in PLACE:
            yield Action("drop") if replaced else Action("replace", ", ".join(added))
            replaced = True
        elif name in SILENT or name == "ssl" or (name == "password" and parameters.is_secret(name)):
            yield Action("drop")
        elif argument.keyword == name:
            yield Action()
        else:
            yield Action("replace", f"{name}={parameters.code(argument.value_span)}")
