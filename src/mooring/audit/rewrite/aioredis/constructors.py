"""`await aioredis.create_redis_pool(address, …)` becomes a client of `redis.asyncio`, which can be awaited too."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mooring.audit.facts import Call, Site
from mooring.audit.rewrite.aioredis.changes import ByHand, Change, File, Told
from mooring.audit.rewrite.aioredis.commands import Rewritten, value_of
from mooring.audit.rewrite.aioredis.methods import UTF8, argument_edits
from mooring.audit.rewrite.aioredis.names import CONSTRUCTORS
from mooring.audit.rewrite.signature import literal

__all__ = ["Construction", "constructions"]

LAZY = "it connects with its first command, not when it is made"
FULL = "with max_connections in use a command fails (ConnectionError) where aioredis waited"
PARAMETERS = frozenset(
    {"address", "db", "encoding", "loop", "maxsize", "minsize", "password", "ssl", "timeout",
     "create_connection_timeout"}
)  # fmt: skip
RENAMED = {
    "maxsize": "max_connections",
    "timeout": "socket_connect_timeout",
    "create_connection_timeout": "socket_connect_timeout",
}
DROPPED = frozenset({"loop", "minsize"})
# What takes anything that can be awaited, where others take a coroutine only.
TAKERS = frozenset({"ensure_future", "gather", "run_until_complete", "shield", "wait_for"})
URL_WORDS = ("url", "uri", "dsn", "connection_string")
# Parts of a URL that only aioredis 1.x reads, or reads otherwise.
FOREIGN = ("encoding=", "ssl=", "timeout=")


@dataclass(frozen=True)
class Construction:
    """One call of a constructor: the name that calls it, what it has to be called instead, and the changes.

    `local` is the plain name that an import binds, None where the constructor is an attribute of the package.
    """

    local: str | None
    name: str
    changes: tuple[Change, ...]


def constructions(
    file: File, sites: Iterable[Site], asked: Collection[Call], *, blocking: bool
) -> Iterator[Construction]:
    """The constructors that a module calls, which are `sites` as far as the project knows them.

    Those in `asked` have to give text although they do not say so; `blocking` asks for answers that take their time.
    """
    known = {_start(file, site): site for site in sites}
    for node in ast.walk(file.syntax.tree):
        if isinstance(node, ast.Call) and (found := _constructor(file, node)):
            local = node.func.id if isinstance(node.func, ast.Name) else None
            site = known.get(file.span(node)[0])
            decode = site is not None and site.call in asked
            try:
                _require_waiting(file, node)
                name, rewrite = _rewritten(file, node, site, decode=decode, blocking=blocking)
                changes = [*_renamed(file, node, name), *argument_edits(file, node, rewrite), Told(LAZY)]
            except ByHand as reason:
                yield Construction(local, "", (file.todo(node, str(reason), found),))
            else:
                full = [Told(FULL)] if "maxsize" in _keywords(node) else []
                yield Construction(local, name, (*changes, *full))


def _start(file: File, site: Site) -> int:
    return file.syntax.source.offset(site.call.span.line, site.call.span.column)


def _constructor(file: File, node: ast.Call) -> str | None:
    """The constructor of aioredis 1.x that is called; None if none is."""
    match node.func:
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in file.packages:
            return attribute if attribute in CONSTRUCTORS else None
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id=name)), attr=attribute) if name in file.packages:
            return attribute if attribute in CONSTRUCTORS else None
        case ast.Name(id=name) if file.taken.get(name) in CONSTRUCTORS:
            return file.taken[name]
    return None


def _renamed(file: File, node: ast.Call, name: str) -> Iterator[Change]:
    if isinstance(node.func, ast.Name):
        yield file.replace(node.func, name)
        return
    root = node.func
    while isinstance(root, ast.Attribute):
        root = root.value
    yield file.edit(file.syntax.end(root), file.syntax.end(node.func), f".{name}")


def _keywords(node: ast.Call) -> Mapping[str, ast.keyword]:
    return {keyword.arg or "**": keyword for keyword in node.keywords}


def _require_waiting(file: File, node: ast.Call) -> None:
    match file.parents[node]:
        case ast.Await() | ast.Return() | ast.Lambda():
            return
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in TAKERS:
            return
    raise ByHand("await the client where it is made: redis-py makes no coroutine of it")


def _rewritten(file: File, node: ast.Call, site: Site | None, *, decode: bool, blocking: bool) -> tuple[str, Rewritten]:
    keywords = _keywords(node)
    unknown = sorted(keywords.keys() - PARAMETERS)
    if unknown:
        raise ByHand(f"nothing takes the place of {unknown[0]}: make the client of redis-py that does what it did")
    address: ast.expr | ast.keyword | None = node.args[0] if node.args else keywords.get("address")
    if len(node.args) > 1 or address is None or isinstance(address, ast.Starred):
        raise ByHand("pass a URL, or host and port, to redis.asyncio")
    name, text = _address(file, value_of(address), site)
    rewrite = Rewritten(name, {address: text})
    for keyword, argument in keywords.items():
        if keyword != "address":
            rewrite.arguments[argument] = _option(file, keyword, argument.value, in_url=name == "from_url")
    given = "encoding" in keywords and rewrite.arguments[keywords["encoding"]]
    rewrite.added += ["decode_responses=True"] if decode and not given else []
    # redis-py 8 gives up after 5 s by default, also on a command that waits on purpose.
    rewrite.added += ["socket_timeout=None"] if blocking else []
    return name, rewrite


def _option(file: File, keyword: str, value: ast.expr, *, in_url: bool) -> str | None:
    """What becomes of an argument other than the address; None if it goes."""
    constant = value.value if isinstance(value, ast.Constant) else ...
    if keyword in DROPPED or constant is None:
        return None
    if keyword == "encoding":
        return _encoding(constant)
    if keyword == "ssl":
        if constant is False:
            return None
        if constant is not True or in_url:
            raise ByHand("write rediss:// or ssl=True, and the ssl_... arguments for what the context held")
    return f"{RENAMED.get(keyword, keyword)}={file.code(value)}"


def _encoding(value: object) -> str:
    if value in UTF8:
        return "decode_responses=True"
    if isinstance(value, str):
        return f"encoding={literal(value)}, decode_responses=True"
    raise ByHand("write decode_responses=True where replies are to be text")


def _address(file: File, value: ast.expr, site: Site | None) -> tuple[str, str]:
    """The constructor for an address, and the arguments that give it."""
    match value:
        case ast.Constant(value=str(text)):
            return "from_url", _url(file, value, text)
        case ast.Tuple(elts=[host, port]) | ast.List(elts=[host, port]):
            return "Redis", f"host={file.code(host)}, port={file.code(port)}"
    kind = site.endpoint.kind if site and site.endpoint.known else ""
    code = file.code(value)
    if kind == "host" and isinstance(value, ast.Name):
        return "Redis", f"host={code}[0], port={code}[1]"
    if kind == "url" or _is_url(value) or any(word in code.lower() for word in URL_WORDS):
        return "from_url", code
    raise ByHand("nothing tells whether the address is a URL or a pair: call from_url(url) or Redis(host=, port=)")


def _is_url(value: ast.expr) -> bool:
    """Whether text is put together that begins with the scheme of a URL."""
    match value:
        case ast.Constant(value=str(text)):
            return "://" in text
        case ast.BinOp(left=first) | ast.JoinedStr(values=[first, *_]):
            return _is_url(first)
        case ast.Call(func=ast.Attribute(value=first, attr="format")):
            return _is_url(first)
    return False


def _url(file: File, value: ast.expr, text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator:
        return literal(f"unix://{text}")
    _, query, options = rest.partition("?")
    user = rest.rpartition("@")[0].partition(":")[0]
    if (query and any(word in options for word in FOREIGN)) or user or scheme not in ("redis", "rediss", "unix"):
        raise ByHand("aioredis read this URL its own way: give user, encoding, ssl and timeout as arguments")
    return file.code(value)
