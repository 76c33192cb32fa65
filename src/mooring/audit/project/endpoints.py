"""Where a site connects: its endpoint and who decides it, from the constructor's arguments."""

from __future__ import annotations

from typing import Literal

from mooring.audit.facts import Endpoint, Provenance, Sequence
from mooring.audit.project.arguments import Arguments
from mooring.audit.project.constructors import Constructor, constructor
from mooring.audit.project.meanings import Known, Made, Meanings, Structure
from mooring.audit.project.nodes import nodes_origin
from mooring.audit.project.provenance import classify, described, origin, url_endpoint, url_origin

__all__ = ["endpoint_of", "over_pool", "url_meanings"]

# Where lists of nodes stand, by kind of constructor: keyword and position.
NODES = {"cluster": ("startup_nodes", 2), "sentinel": ("sentinels", 0), "nodes": ("config", 0)}
DEFAULT_HOST = (Known("localhost"),)
DEFAULT_PORT = (Known(6379),)

Located = tuple[Provenance, Endpoint]


def endpoint_of(made: Constructor, arguments: Arguments) -> Located:
    """The provenance and endpoint of a site."""
    if over_pool(arguments):
        return Provenance.POOL, Endpoint("its pool", "pool")
    return _written(made, arguments) or _unwritten(arguments)


def url_meanings(made: Constructor, arguments: Arguments) -> Meanings:
    """What the URL of a site means; nothing if it is given none."""
    if made.kind == "address":
        return tuple(m for m in arguments.meanings("address", 0) if not isinstance(m, Structure))
    return arguments.meanings("url", 0 if made.from_url else None)


def over_pool(arguments: Arguments) -> bool:
    """Whether the client is made over a pool, which speaks for itself."""
    if arguments.meanings("connection_pool"):
        return True
    made = [constructor(m.name) for m in arguments.meanings("", 0) if isinstance(m, Made)]
    return any(found is not None and found.kind in ("pool", "address") for found in made)


def _written(made: Constructor, arguments: Arguments) -> Located | None:
    """What an argument that names an endpoint says, if there is one."""
    pair = _pair(made, arguments)
    if pair is not None:
        return pair
    url = url_meanings(made, arguments)
    if url:
        return classify(url_origin(url)), url_endpoint(url)
    socket = arguments.meanings("unix_socket_path")
    if made.kind in ("socket", "pool"):  # a pool hands on the path to its class of connections
        socket = arguments.meanings("path", 0 if made.kind == "socket" else None)
    if socket:
        return classify(origin(socket)), Endpoint(f"unix://{described(socket)}", "socket")
    if made.kind in NODES and (nodes := arguments.get(*NODES[made.kind])):
        found = nodes_origin(arguments.evaluator, nodes.value, nodes.context)
        return classify(found), Endpoint("its nodes", "nodes")
    host = arguments.meanings("host", 0 if made.kind in ("client", "connection", "cluster") else None)
    return (classify(origin(host)), _host(host, "host", arguments)) if host else None


def _unwritten(arguments: Arguments) -> Located:
    """What applies when no argument names an endpoint: the default, unless something unpacked may name one."""
    if arguments.open:
        return Provenance.EXTERNAL, Endpoint("?", "unknown")
    return Provenance.DEFAULT, _host(DEFAULT_HOST, "default", arguments)


def _host(hosts: Meanings, kind: Literal["host", "default"], arguments: Arguments) -> Endpoint:
    ports = arguments.meanings("port", 1) or DEFAULT_PORT
    host, port, db = _only(hosts), _only(ports), _only(arguments.meanings("db", 2) or (Known(0),))
    return Endpoint(
        f"{described(hosts)}:{described(ports)}",
        kind,
        known=isinstance(host, str) and isinstance(port, int),
        scheme="rediss" if arguments.meanings("ssl") == (Known(True),) else "redis",
        host=host if isinstance(host, str) else None,
        port=port if isinstance(port, int) else None,
        db=db if isinstance(db, int) else None,
    )


def _pair(made: Constructor, arguments: Arguments) -> Located | None:
    """In aioredis 1.x an address may be a `(host, port)` pair."""
    if made.kind != "address":
        return None
    for meaning in arguments.meanings("address", 0):
        if isinstance(meaning, Structure) and isinstance(meaning.value, Sequence) and meaning.value.items:
            first, *rest = meaning.value.items
            hosts = arguments.evaluator.meanings(first, meaning.context)
            ports = arguments.evaluator.meanings(rest[0], meaning.context) if rest else DEFAULT_PORT
            host, port = _only(hosts), _only(ports)
            known = isinstance(host, str) and isinstance(port, int)
            text = f"{described(hosts)}:{described(ports)}"
            endpoint = Endpoint(
                text,
                "host",
                known=known,
                host=host if isinstance(host, str) else None,
                port=port if isinstance(port, int) else None,
            )
            return classify(origin(hosts)), endpoint
    return None


def _only(meanings: Meanings) -> object:
    """The value, if there is just one and it is known."""
    return meanings[0].value if len(meanings) == 1 and isinstance(meanings[0], Known) else None
