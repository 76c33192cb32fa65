"""The scalars of a document with the names that they are given under: what they say of Redis, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mooring.audit.facts import Address, Password, Place, Span
from mooring.audit.manifests import addresses, tree
from mooring.audit.manifests.tree import Node

__all__ = ["Said", "addresses_in", "passwords_in", "said"]

ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<text>.*)", re.DOTALL)
# Arguments that are followed by a password.
FLAGS = frozenset({"--requirepass", "--masterauth", "--pass"})


class Said(NamedTuple):
    """A scalar: the name that it is given under, its text and where it stands.

    `about` says that what is around it speaks of Redis, `variable` that it is the `value` beside a `name`.
    """

    name: str
    text: str
    span: Span
    about: bool
    variable: bool = False


def said(node: Node | None, name: str = "", *, about: bool = False) -> Iterator[Said]:
    """Every scalar at or below `node`, each once."""
    yield from _said(node, name, about, set())


def addresses_in(path: str, found: Said, namespace: str | None = None) -> Iterator[Address]:
    """The addresses of Redis that a scalar names."""
    for host in addresses.hosts(found.name, found.text):
        yield Address(host, Place(path, found.span), found.name, namespace)


def passwords_in(path: str, found: Said, *, mild: bool = False, style: str = "") -> Iterator[Password]:
    """The password of Redis that a scalar gives away, if it does."""
    given = addresses.passwords(found.name, found.text, about=found.about)
    if given is not None:
        how = "env" if found.variable and not style else style
        yield Password(found.name, given.secret, Place(path, found.span), mild or given.mild, how)


def _said(node: Node | None, name: str, about: bool, seen: set[int]) -> Iterator[Said]:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    text = tree.scalar(node)
    if text is not None:
        yield Said(name, text, tree.span(node), about)
        return
    yield from _listed(tree.items(node), name, about, seen)
    pairs = list(tree.entries(node))
    variable = _variable(pairs)
    for key, _, value in pairs:
        if variable is not None and value is variable[1]:
            yield Said(variable[0], tree.scalar(value) or "", tree.span(value), about, variable=True)
        else:
            yield from _said(value, key, about or addresses.is_redis_name(key), seen)


def _variable(pairs: list[tuple[str, Node, Node]]) -> tuple[str, Node] | None:
    """The name and the value of `{name: REDIS_URL, value: …}`, or of render.yaml's `{key: …, value: …}`."""
    fields = {key: value for key, _, value in pairs}
    named = tree.scalar(fields.get("name") or fields.get("key"))
    value = fields.get("value")
    return (named, value) if named and value is not None and tree.scalar(value) is not None else None


def _listed(items: list[Node], name: str, about: bool, seen: set[int]) -> Iterator[Said]:
    """Items of a list: assignments, arguments after a flag that announces a password, anything else."""
    before = ""
    client = False
    for item in items:
        text = tree.scalar(item)
        if text is None:
            yield from _said(item, name, about, seen)
            continue
        assigned = ASSIGNMENT.fullmatch(text)
        if assigned:
            yield Said(assigned["name"], assigned["text"], tree.span(item), about)
        elif before in FLAGS or (before == "-a" and client):
            yield Said("--requirepass", text, tree.span(item), about=True)
        else:
            yield Said(name, text, tree.span(item), about)
        before = text
        client = client or text.endswith(("redis-cli", "valkey-cli"))
