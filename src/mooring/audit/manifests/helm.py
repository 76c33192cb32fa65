"""Helm charts, read without rendering: templates with what they leave open masked, and values.

Each `{{ … }}` is replaced by as many characters of a private-use kind, so that everything stays where it is; a value of
the chart takes its place where the template plainly asks for one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from mooring.audit.facts import Address, HostName, Password, Place, Server, Text
from mooring.audit.manifests import addresses, tree
from mooring.audit.manifests.said import Said, addresses_in, passwords_in, said
from mooring.audit.manifests.servers import is_redis_image
from mooring.audit.manifests.tree import Node

__all__ = ["Values", "dependencies", "fill", "is_values", "masked", "template", "values"]

ACTION = re.compile(r"\{\{-?.*?-?\}\}", re.DOTALL)
# An action that writes nothing of its own, or whole lines of it, alone on its line.
ALONE = re.compile(r"^[ \t]*(?:\{\{[^\n]*?\}\}[ \t]*)+$", re.MULTILINE)
COMMENT = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
FIRST, LAST = 0xE100, 0xF8FF
MARK = re.compile(r"([\ue100-\uf8ff])\1*")
VALUE = re.compile(r"\{\{-?\s*\$?\.Values\.([\w.]+)\s*(?:\|\s*(?:quote|squote|toString|trim)\s*)*-?\}\}")
DEFAULT = re.compile(
    r"\.Values\.(?P<first>[\w.]+)\s*\|\s*default\s+\"?(?P<after>[\w./:-]+)|default\s+\"?(?P<before>[\w./:-]+)\"?\s+\.Values\.(?P<last>[\w.]+)"
)
VALUES = re.compile(r"(?:[\w.-]+[-_.])?values(?:[-_.][\w.-]+)?\.ya?ml")
# What closes a Redis in the values of the charts that are most used.
CLOSING = frozenset({"existingsecret", "existingsecretname", "passwordsecret", "aclfile"})


@dataclass(frozen=True, slots=True)
class Values:
    """What a file of values says: the scalars by their path, and what they give away."""

    path: str
    scalars: Mapping[str, Text]
    addresses: tuple[Address, ...]
    passwords: tuple[Password, ...]
    servers: tuple[Server, ...]


def is_values(path: str, document: Node) -> bool:
    """Whether a file holds values by its name: `values.yaml`, `values-prod.yaml`, `redis-values.yaml`."""
    return VALUES.fullmatch(posixpath.basename(path)) is not None and isinstance(document, yaml.MappingNode)


def dependencies(path: str, document: Node) -> Iterator[HostName]:
    """The names that the charts which a chart depends on will answer to: `RELEASE-redis`, `RELEASE-redis-master`."""
    for item in tree.items(tree.get(document, "dependencies")):
        name = tree.scalar(tree.get(item, "alias")) or tree.scalar(tree.get(item, "name"))
        if name:
            for pattern in (f"*-{name}", f"*-{name}-*"):
                yield HostName(pattern, None, Place(path, tree.span(item)), folder=posixpath.dirname(path))


def masked(text: str) -> tuple[str, list[str]]:
    """A template as YAML of the same shape, and its actions in the order of their marks."""
    found: list[str] = []

    def mark(match: re.Match[str]) -> str:
        if FIRST + len(found) > LAST:
            return _blank(match)
        found.append(match[0])
        return chr(FIRST + len(found) - 1) * len(match[0]) if "\n" not in match[0] else _blank(match)

    plain = ALONE.sub(_blank, COMMENT.sub(_blank, text))
    return ACTION.sub(mark, plain), found


def template(text: str, given: Mapping[str, Text]) -> list[Node]:
    """The documents of a template, with the values `given` where it plainly asks for them.

    Raises `Broken` where what is left after masking is not YAML.
    """
    plain, actions = masked(text)
    documents = tree.documents(plain)
    for document in documents:
        _filled(document, actions, given, set())
    return documents


def _filled(node: Node, actions: list[str], given: Mapping[str, Text], seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        node.value = fill(node.value, actions, given)
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        for part in child if isinstance(child, tuple) else (child,):
            _filled(part, actions, given, seen)


def fill(text: str, actions: list[str], given: Mapping[str, Text]) -> str:
    """`text` of a masked template with the chart's values; what they do not tell is `addresses.OPEN`."""

    def told(match: re.Match[str]) -> str:
        action = actions[ord(match[1]) - FIRST] if ord(match[1]) - FIRST < len(actions) else ""
        plain = VALUE.fullmatch(action)
        if plain and plain[1] in given:
            return given[plain[1]].value
        default = DEFAULT.search(action)
        if default:
            name = default["first"] or default["last"]
            held = given[name].value if name in given else ""
            return held or default["after"] or default["before"]
        return addresses.OPEN

    return MARK.sub(told, text)


def values(path: str, document: Node, namespace: str | None = None) -> Values:
    """What a file of values says."""
    spoken = list(said(document))
    return Values(
        path,
        dict(_scalars(path, document, "", set())),
        tuple(found for one in spoken for found in addresses_in(path, one, namespace)),
        tuple(found for one in spoken for found in passwords_in(path, one, style="values")),
        tuple(_servers(path, document, "", set(), closed=False)),
    )


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _scalars(path: str, node: Node, above: str, seen: set[int]) -> Iterator[tuple[str, Text]]:
    if id(node) in seen:
        return
    seen.add(id(node))
    for key, _, value in tree.entries(node):
        name = f"{above}.{key}" if above else key
        text = tree.scalar(value)
        if text is not None:
            yield name, Text(text, Place(path, tree.span(value)))
        else:
            yield from _scalars(path, value, name, seen)


def _servers(path: str, node: Node, name: str, seen: set[int], *, closed: bool) -> Iterator[Server]:
    """The Redis servers whose image a mapping names: `image: {repository: redis}`, `image: redis:7`."""
    if id(node) in seen:
        return
    seen.add(id(node))
    closed = closed or (addresses.is_redis_name(name) and _closes(node))
    for key, _, value in tree.entries(node):
        if key == "image":
            image = tree.get(value, "repository") or value
            text = tree.scalar(image)
            if text is not None and is_redis_image(text):
                yield Server(name or "redis", Text(text, Place(path, tree.span(image))), closed or _closes(node))
        elif isinstance(value, yaml.MappingNode):
            yield from _servers(path, value, key, seen, closed=closed)


def _closes(node: Node) -> bool:
    """Whether values below a mapping give its Redis a password: by itself, in a Secret, or among its arguments."""
    return any(map(_closing, said(node, about=True)))


def _closing(one: Said) -> bool:
    name = one.name.lower()
    if "requirepass" in one.text or "--aclfile" in one.text:
        return True
    given = name in CLOSING or addresses.is_password_name(one.name, about=True)
    return one.text == "true" if name == "usepassword" else given and one.text not in ("", "false")
