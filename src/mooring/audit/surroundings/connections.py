"""What a fixed file reads to find its Redis, and the address that it used before."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mooring.audit.facts import Site
from mooring.audit.fixer import Change
from mooring.audit.options import DEFAULT_TARGET, Target
from mooring.audit.project.constructors import factory_flavour
from mooring.audit.rewrite.given import code_of
from mooring.audit.surroundings.calls import calls

__all__ = ["Connection", "connections"]

DEFAULT = "default"
URL = "REDIS_URL"
# How the other variables end that Mooring reads for a connection.
PARTS = tuple(
    "HOST PORT UNIX_SOCKET_PATH SENTINELS SENTINEL_MASTER SENTINEL_USERNAME SENTINEL_PASSWORD CLUSTER_NODES USERNAME "
    "PASSWORD DB TLS TLS_CA_FILE TLS_CERT_FILE TLS_KEY_FILE TLS_KEY_PASSWORD TLS_SERVER_NAME TLS_MIN_VERSION "
    "TLS_VERIFY DEADLINE MAX_AGE MAX_IDLE MULTIPLEX LANES LOCAL_CACHE".split()
)
# What names the file that holds what the variable would.
FILE = "_FILE"
# Arguments that outweigh whatever is set.
FIRM = frozenset({"host", "unix_socket_path", "url", "sentinels", "cluster_nodes"})
# What a Sentinel or a Cluster is called in a URL: no site has an address like that.
SEVERAL = re.compile(r"rediss?\+(?:sentinel|cluster)://")
# A whole address, no part of which is left open.
ADDRESS = re.compile(r"(?:rediss?|unix)://[^\s$?]+")


@dataclass(frozen=True, slots=True, order=True)
class Connection:
    """One connection of a fixed file.

    `variable` is the one that holds its URL, empty if the user's own module decides what is read. With `parts`,
    variables such as `REDIS_HOST` and `REDIS_PASSWORD` are read as well. `before` is the address that was used before,
    for people and without secrets, empty if that cannot be told; `url` is the same as a URL, if it is one. `password`
    tells that the code held a password, which must be set from now on.
    """

    path: str
    variable: str
    parts: bool = True
    before: str = ""
    url: str = ""
    password: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """All that are read for this connection alone, the URL first."""
        if not self.variable or not self.parts:
            return (self.variable,) if self.variable else ()
        stem = self.variable.removesuffix("URL")
        direct = (self.variable, *(f"{stem}{part}" for part in PARTS))
        return (*direct, *(f"{name}{FILE}" for name in direct if not name.endswith(FILE)))


def connections(change: Change, sites: Iterable[Site], target: Target) -> list[Connection]:
    """The connections of a changed file that now come from its environment; `sites` are those in it before."""
    own = sorted((one for one in sites if not one.setting), key=lambda one: one.call.span)
    old = [code_of(change.source, site.call.span) for site in own]
    known = {code_of(change.source, site.call.func_span) for site in own}
    known |= {f"{name}.from_url" for name in known}
    found = _without(
        calls(change.text, lambda func: func in known or _is_factory(func)),
        Counter(code for _, code in calls(change.source.text, _is_factory)),
    )
    read = [(_read(change.path, func, code, target), code) for func, code in found]
    if len(read) == len(own):
        told = zip(read, old, own, strict=True)
        return sorted({_before(one, site) for (one, code), was, site in told if one is not None and code != was})
    # Calls came or went: who was who can be told only if all read the same.
    new = {one for one, code in read if one is not None and code not in old}
    return sorted({_before(one, site) for one in new for site in own} if len(new) == 1 else new)


def _without(found: Iterable[tuple[str, str]], known: Counter[str]) -> Iterator[tuple[str, str]]:
    """The calls of which there are more than are known."""
    for func, code in found:
        if known[code]:
            known[code] -= 1
        else:
            yield func, code


def _is_factory(func: str) -> bool:
    return factory_flavour(f"_.{func.rpartition('.')[2]}") is not None


def _read(path: str, func: str, code: str, target: Target) -> Connection | None:
    """What a call reads from the environment; None if its arguments decide all."""
    try:
        call = ast.parse(f"({code})", mode="eval").body
    except SyntaxError:
        call = None
    if not isinstance(call, ast.Call):  # it only looks like one, in a definition for example
        return None
    if not _is_factory(func):
        variable = next((name for node in ast.walk(call) if (name := _variable(node))), None)
        return Connection(path, variable, parts=False) if variable else None
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if FIRM & given.keys():
        return None
    if target.factory != DEFAULT_TARGET.factory:
        return Connection(path, "")
    named = given.get("name", call.args[0] if call.args else None)
    name = str(named.value) if isinstance(named, ast.Constant) else DEFAULT
    variable = URL if name == DEFAULT else f"{name.upper().replace('-', '_')}_{URL}"
    default = given.get("default_url")
    url = str(default.value) if isinstance(default, ast.Constant) else ""
    several = url if SEVERAL.match(url) else ""
    return Connection(path, variable, before=several, url=several)


def _variable(node: ast.AST) -> str | None:
    """The variable that an expression reads: `os.environ["X"]`, `environ.get("X")`, `getenv("X")`."""
    match node:
        case ast.Subscript(value=holder, slice=ast.Constant(value=str(name))):
            return name if _last(holder) == "environ" else None
        case ast.Call(func=ast.Attribute(value=holder, attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return name if _last(holder) == "environ" else None
        case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
            return name if _last(func) == "getenv" else None
    return None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _before(read: Connection, site: Site) -> Connection:
    before, url = (read.before, read.url) if read.url else _address(site)
    return replace(read, before=before, url=url, password=site.literal_password is not None and read.parts)


def _address(site: Site) -> tuple[str, str]:
    """The address of a site for people, and as a URL if it is known."""
    endpoint = site.endpoint
    if endpoint.kind in ("host", "default") and endpoint.known:
        host = f"[{endpoint.host}]" if ":" in (endpoint.host or "") else endpoint.host
        url = f"{endpoint.scheme}://{host}:{endpoint.port}/{endpoint.db or 0}"
        return url, url
    if endpoint.known:
        return endpoint.text, endpoint.text
    # Of a variable and what applies without it, the latter.
    last = endpoint.text.rpartition(" or ")[2]
    return ("" if endpoint.text == "?" else endpoint.text), (last if ADDRESS.fullmatch(last) else "")
