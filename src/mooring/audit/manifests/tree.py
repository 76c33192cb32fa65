"""YAML text → nodes that know where they stand. Nothing is ever constructed from a tag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import yaml

from mooring.audit.facts import Span

__all__ = ["Broken", "Node", "documents", "entries", "get", "items", "key_span", "scalar", "span"]

Node: TypeAlias = yaml.Node

_Loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The C composer calls itself once a level, and overruns the stack at some tens of thousands. No manifest comes near.
_DEEPEST = 500
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Broken(ValueError):
    """The text is not YAML; `line` counts from 1 and is None where the parser names none."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def documents(text: str) -> list[Node]:
    """The root node of each document in `text` that has one.

    Raises `Broken` where the text is not YAML, or is nested deeper than any manifest.
    """
    try:
        if _may_be_deep(text):
            _check_depth(text)
        return [node for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Broken(mark.line + 1 if mark else None, f"not YAML: {error.problem or error.context}") from error
    except yaml.reader.ReaderError as error:
        raise Broken(None, f"not YAML: {error.reason}") from error
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise Broken(None, f"not YAML: {type(error).__name__}") from error


def entries(node: Node | None) -> Iterator[tuple[str, Node, Node]]:
    """The entries of a mapping as (key, key's node, value's node), with those that it merges in by `<<`."""
    yield from _entries(node, set())


def get(node: Node | None, *path: str) -> Node | None:
    """The node that `path` leads to through mappings, or None."""
    for name in path:
        node = next((value for key, _, value in entries(node) if key == name), None)
    return node


def items(node: Node | None) -> list[Node]:
    """The items of a sequence; none of anything else."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def scalar(node: Node | None) -> str | None:
    """The text of a scalar as it is written, None for anything else and for null."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    # Only a plain scalar can mean null: a quoted "null" is text.
    return None if not node.style and node.value in _NULLS else str(node.value)


def span(node: Node) -> Span:
    """Where a node stands."""
    return key_span(node, node)


def key_span(first: Node, last: Node) -> Span:
    """From the start of one node to the end of another."""
    start, end = first.start_mark, last.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _entries(node: Node | None, seen: set[int]) -> Iterator[tuple[str, Node, Node]]:
    # What is merged in a second time, or merges itself, brings nothing new.
    if not isinstance(node, yaml.MappingNode) or id(node) in seen:
        return
    seen.add(id(node))
    own: set[str] = set()
    merged: list[Node] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.value == "<<" and not key.style:
            merged.extend(items(value) or [value])
        else:
            own.add(key.value)
            yield key.value, key, value
    for source in merged:
        for name, key, value in _entries(source, seen):
            if name not in own:
                own.add(name)
                yield name, key, value


def _may_be_deep(text: str) -> bool:
    """A bound that costs nothing: flow collections open with a bracket, and block ones can share a line."""
    if text.count("[") + text.count("{") > _DEEPEST:
        return True
    return any(line.count("- ") + line.count("? ") > _DEEPEST for line in text.splitlines())


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                mark = event.start_mark
                raise Broken(mark.line + 1 if mark else None, f"nested deeper than {_DEEPEST} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
