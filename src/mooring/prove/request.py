"""How a service is asked for a key: by an MCP tool, an HTTP request or a call of a function. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["LOOKUP", "Door", "Request", "source_in"]


class Door(StrEnum):
    """By which way a service is asked."""

    MCP = "mcp"
    HTTP = "http"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Request:
    """One kind of call. `{key}` in it becomes the key, `{number}` a whole number that stands for the key.

    `target` is the tool, the path with its query, or `module:function`. `arguments` are those of the tool or function,
    or the JSON body. `source` names the field of the answer, with points between levels, that says "cache" or
    "upstream"; without it, an answer is taken for what it should be. `ready` is the path that a web service answers
    once it takes calls.
    """

    door: Door
    target: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ready: str = "/"

    @property
    def label(self) -> str:
        """For people: `lookup(key)`, `GET /items/{key}`, `shop.prices:price`."""
        if self.door is Door.MCP:
            return f"{self.target}({', '.join(self.arguments)})"
        return f"{self.method} {self.target}" if self.door is Door.HTTP else self.target

    def path(self, key: str) -> str:
        """The target for a key."""
        return _filled(self.target, key)

    def given(self, key: str) -> Any:
        """The arguments for a key."""
        return _replaced(self.arguments, key)


LOOKUP = Request(Door.MCP, "lookup", {"key": "{key}"}, "source")
"""What is asked of a server that nothing else is said of."""


def source_in(answer: Any, field_: str | None) -> str | None:
    """What an answer says of where it comes from; None where it does not say."""
    if field_ is None:
        return None
    for step in field_.split("."):
        if not isinstance(answer, Mapping):
            return None
        answer = answer.get(step)
    return None if answer is None else str(answer)


def _filled(text: str, key: str) -> str:
    return text.replace("{key}", key).replace("{number}", str(_number(key)))


def _replaced(value: Any, key: str) -> Any:
    if isinstance(value, str):
        return _number(key) if value == "{number}" else _filled(value, key)
    if isinstance(value, Mapping):
        return {name: _replaced(inner, key) for name, inner in value.items()}
    return [_replaced(inner, key) for inner in value] if isinstance(value, list) else value


def _number(key: str) -> int:
    """The same for the same key, and below 10 million: identifiers are often of so many digits."""
    return 1 + zlib.crc32(key.encode()) % 9_999_999
