"""Lists of servers: `a:26379,b:26379`, as Sentinel and Cluster are named by."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["CLUSTER_PORT", "SENTINEL_PORT", "Node", "read_nodes", "write_nodes"]

Node = tuple[str, int]

SENTINEL_PORT = 26379
CLUSTER_PORT = 6379


def read_nodes(text: str, default_port: int) -> tuple[Node, ...]:
    """Read hosts separated by commas, each with a port or the default one; `[...]` keeps an IPv6 address together.

    Raises `ValueError`, which repeats nothing, when one of them is none.
    """
    return tuple(_read_node(part.strip(), default_port) for part in text.split(","))


def write_nodes(nodes: Iterable[Node]) -> str:
    """Write servers as `read_nodes` reads them."""
    return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in nodes)


def _read_node(text: str, default_port: int) -> Node:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        sound = bool(closed) and colon in {"", ":"}
    else:
        host, colon, port = text.partition(":")
        sound = True
    digits = port if colon else str(default_port)
    sound = sound and bool(host) and not any(mark in host for mark in " /@?#") and digits.isascii() and digits.isdigit()
    if not sound or not 1 <= int(digits) <= 65535:
        raise ValueError("not host:port")
    return host, int(digits)
