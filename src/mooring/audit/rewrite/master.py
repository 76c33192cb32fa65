"""What a call of `master_for` is given, and its Sentinel before it, as arguments of Mooring's factory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mooring.audit.facts import Argument, Call, Provenance, Site
from mooring.audit.facts import Mapping as Display
from mooring.audit.project import Project
from mooring.audit.project.constructors import constructor
from mooring.audit.project.meanings import Context, External
from mooring.audit.rewrite.arguments import Action
from mooring.audit.rewrite.endpoint import Part, joined
from mooring.audit.rewrite.naming import connection_name
from mooring.audit.rewrite.nodes import known_nodes, known_value, written
from mooring.audit.rewrite.parameters import TAKEN, Parameters, Untold

__all__ = ["Master", "master_of"]

# The parameters of a Sentinel, and of its `master_for`, that are not for connections, in their order.
OF_SENTINEL = ("sentinels", "min_other_sentinels", "sentinel_kwargs", "force_master_ip")
OF_MASTER = ("service_name", "redis_class", "connection_pool_class")
SECRETS = ("username", "password")
# What a Sentinel is asked with; the factory takes the master's.
TIMEOUTS = ("socket_timeout", "socket_connect_timeout", "socket_keepalive")
PLAIN = re.compile(r"[\w.-]+")
WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Master:
    """What becomes of each argument of a call of `master_for`, in the order of the source.

    `service` is the name that it asks for, empty where that is not known; `remark` says what makes the fix unsafe.
    """

    service: str
    actions: tuple[Action, ...]
    remark: str = ""


def master_of(site: Site, asking: Call, project: Project, others: Iterable[str]) -> Master:
    """The arguments for the client of one `asking` call of `master_for`, where the same Sentinel is asked for `others`.

    Raises `Untold` where they cannot be told, or the factory takes no such.
    """
    sentinel = Parameters.read(site, project, site.call, OF_SENTINEL)
    master = Parameters.read(site, project, asking, OF_MASTER)
    _refuse_special(sentinel, master)
    told = {**_connection(sentinel, OF_SENTINEL), **_connection(master, OF_MASTER)}
    own, gone, timeouts = _sentinels_own(sentinel, told)
    secret = {name for name, one in told.items() if name == "password" and one.parameters.is_secret(name)}
    dropped = secret | {"ssl"} | {name for name, one in told.items() if _says_nothing(name, one)}
    service = master.value("service_name")
    service = service if isinstance(service, str) else ""
    name = _name(site, project, service, others)
    placed = _placed(sentinel, master, service, name, tls=_tls(told, own))
    inherited = [f"{key}={one.code}" for key, one in told.items() if one.parameters is sentinel and key not in dropped]
    added = [*placed, *inherited, *(f"sentinel_{key}={code}" for key, code in own.items() if key in SECRETS)]
    variables = [*(["PASSWORD"] if secret else []), *(["SENTINEL_PASSWORD"] if gone else [])]
    return Master(service, tuple(_actions(master, dropped, added)), _remark(name, variables, timeouts=timeouts))


@dataclass(frozen=True, slots=True)
class Told:
    """One argument for the connections to the master, and the call that gives it."""

    parameters: Parameters
    argument: Argument

    @property
    def code(self) -> str:
        """Its value as it is written."""
        return self.parameters.code(self.argument.value_span)

    @property
    def value(self) -> object:
        """The literal that it stands for, or None."""
        return self.parameters.known(self.argument)


def _refuse_special(sentinel: Parameters, master: Parameters) -> None:
    """Raise `Untold` where either call is given what changes who is asked, or what is made."""
    if "service_name" not in master.given or "sentinels" not in sentinel.given:
        raise Untold("its name or its Sentinels are not told")
    if sentinel.value("min_other_sentinels") not in (None, 0) or not sentinel.is_none("force_master_ip"):
        raise Untold("the Sentinel chooses masters in a way of its own")
    if "connection_pool_class" in master.given:
        raise Untold("it is given a class of pools")
    made = master.given.get("redis_class")
    if made is not None:
        evaluator = master.project.arguments(master.site).evaluator
        found = evaluator.meanings(made.value, Context(master.site.module, master.call.scope))
        names = [constructor(one.name) if isinstance(one, External) else None for one in found]
        if not names or any(one is None or one.kind != "client" or one.from_url for one in names):
            raise Untold("it is given a class of clients")


def _connection(parameters: Parameters, others: Sequence[str]) -> dict[str, Told]:
    """What a call gives the connections to the master."""
    told = {name: Told(parameters, argument) for name, argument in parameters.given.items() if name not in others}
    strange = sorted(told.keys() - TAKEN)
    if strange:
        raise Untold(f"the factory does not take {strange[0]}")
    return told


def _sentinels_own(sentinel: Parameters, told: Mapping[str, Told]) -> tuple[dict[str, str], bool, bool]:
    """What is given for the connections to the Sentinels: by name, whether a password goes, and whether timeouts do."""
    argument = sentinel.given.get("sentinel_kwargs")
    if argument is None or sentinel.is_none("sentinel_kwargs"):
        return {}, False, False
    if not isinstance(argument.value, Display) or any(key is None for key, _ in argument.value.items):
        raise Untold("its sentinel_kwargs are not read")
    own, gone, timeouts = {}, False, False
    evaluator = sentinel.project.arguments(sentinel.site).evaluator
    context = Context(sentinel.site.module, sentinel.call.scope)
    for (key, value), span in zip(argument.value.items, argument.value.spans, strict=True):
        name = known_value(evaluator, key, context) if key is not None else None
        code, literal = sentinel.code(span), known_value(evaluator, value, context)
        if name == "password" and isinstance(literal, str) and literal:
            gone = True
        elif name in (*SECRETS, "ssl"):
            own[str(name)] = str(literal) if name == "ssl" else code
        elif name in TIMEOUTS:
            timeouts = timeouts or str(name) not in told or told[str(name)].code != code
        else:
            raise Untold(f"a Sentinel is given {name}, which the factory does not take")
    return own, gone, timeouts


def _tls(told: Mapping[str, Told], own: Mapping[str, str]) -> bool:
    """Whether all connections use TLS; raises `Untold` where only some do."""
    servers = told["ssl"].value if "ssl" in told else False
    sentinels = {"True": True, "False": False}.get(own.get("ssl", "False"))
    if not isinstance(servers, bool) or servers is not sentinels:
        raise Untold("not all its connections use TLS, or none")
    return servers


def _says_nothing(name: str, one: Told) -> bool:
    return (name == "db" and one.code == "0") or (name in (*SECRETS, "db") and one.code == "None")


def _name(site: Site, project: Project, service: str, others: Iterable[str]) -> str:
    """The name of the connection; a second master of a Sentinel has one of its own."""
    if site.provenance is not Provenance.LITERAL:
        return ""
    if all(other == service for other in others):
        return connection_name(site, project)
    name = service.lower().replace("-", "_").replace(".", "_")
    if not WORD.fullmatch(name):
        raise Untold("it asks for more than one master")
    return name


def _placed(sentinel: Parameters, master: Parameters, service: str, name: str, *, tls: bool) -> list[str]:
    """The arguments that say where the master is found."""
    code = master.code(master.given["service_name"].value_span)
    if sentinel.site.provenance is not Provenance.LITERAL:
        nodes = sentinel.code(sentinel.given["sentinels"].value_span)
        return [f"sentinels={nodes}", f"sentinel_master={code}", *(["ssl=True"] if tls else [])]
    known = known_nodes(sentinel.project.arguments(sentinel.site), "sentinels", 0)
    if known is None:
        raise Untold("its Sentinels are not all read")
    asked = Part(service) if PLAIN.fullmatch(service) else Part(code=code)
    scheme = "rediss+sentinel://" if tls else "redis+sentinel://"
    address = joined(scheme, [Part(written(known)), Part("/"), asked, Part("/0")])
    if address is None:
        raise Untold("no URL can be made of its master's name")
    return [*([f'name="{name}"'] if name else []), f"default_url={address.url}"]


def _actions(master: Parameters, dropped: set[str], added: list[str]) -> Iterator[Action]:
    for name, argument in master.given.items():
        if name == "service_name":
            yield Action("replace", ", ".join(added))
        elif name in OF_MASTER or name in dropped:
            yield Action("drop")
        elif argument.keyword == name:
            yield Action()
        else:
            yield Action("replace", f"{name}={master.code(argument.value_span)}")


def _remark(name: str, variables: Sequence[str], *, timeouts: bool) -> str:
    if variables:
        prefix = f"{name.upper()}_REDIS_" if name else "REDIS_"
        return f" and set {' and '.join(prefix + one for one in variables)}: the password leaves the code"
    return ": the Sentinels are asked with the timeouts of their master" if timeouts else ""
