"""One operation of a vendor's API as data: how it is sent, what it costs, and which entities it is about.

A read names the tags of the entities that its answer depends on, a write those that it changes: a write makes every
cached read stale that shares a tag with it, on every replica and on every server of the vendor. Paths and tags are
templates over the arguments; tags are compared without regard to case, because GitHub's names are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from mooring.cache import Policy
from mooring.servers.failures import Refused

__all__ = ["Operation", "Read", "Write"]

# As in RFC 6570: {name} is one segment of the path, {+name} may hold several.
_VARIABLE = re.compile(r"\{(\+?)(\w+)\}")
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What reads and writes have in common.

    `name` is the vendor's own (an operationId, a method), `path` a template below the API's base URL; the arguments
    that the path does not name travel as `encoding` says. `budget` names the rate limit that the operation counts
    against, `token` the kind of token that it needs. A `repeatable` one may be sent twice where its answer was lost.
    """

    name: str
    path: str
    method: Literal["GET", "POST", "PATCH"]
    encoding: Literal["query", "json", "form"]
    repeatable: bool
    budget: str = "core"
    token: str = "default"  # noqa: S105  # a kind of token

    def located(self, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the path with its arguments in place, and the other arguments that are given (not None).

        Raises `Refused` for an argument that would lead to another operation.
        """
        left = {key: value for key, value in arguments.items() if value is not None}

        def placed(match: re.Match[str]) -> str:
            text = str(left.pop(match[2]))
            if match[1]:
                text = text.strip("/")
            segments = text.split("/") if match[1] else [text]
            if any(segment in {".", ".."} or (not segment and not match[1]) for segment in segments):
                raise Refused(f"{match[2]}={text!r} cannot stand in a path: give its plain name")
            return quote(text, safe="/" if match[1] else "")

        return _VARIABLE.sub(placed, self.path), left


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Operation):
    """An operation that changes nothing. `policy` tells how long its answer stays fresh, `tags` what makes it stale."""

    policy: Policy
    tags: tuple[str, ...]
    method: Literal["GET", "POST", "PATCH"] = "GET"
    encoding: Literal["query", "json", "form"] = "query"
    repeatable: bool = True

    def tagged(self, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the tags of the entities that the answer depends on."""
        return _filled(self.tags, arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Operation):
    """An operation that changes something.

    `touches` are the tags of what it changes; they may name fields of the answer too, such as the number of what was
    made.
    """

    touches: tuple[str, ...]
    method: Literal["GET", "POST", "PATCH"] = "POST"
    encoding: Literal["query", "json", "form"] = "json"
    repeatable: bool = False

    def touched(self, arguments: Mapping[str, Any], answer: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Return the tags of the entities that it changes; without an answer, those that can be told without one."""
        if answer is not None:
            return _filled(self.touches, {**answer, **arguments})
        known = (tag for tag in self.touches if all(name in arguments for name in _FIELD.findall(tag)))
        return _filled(tuple(known), arguments)


def _filled(templates: tuple[str, ...], arguments: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(template.format_map(arguments).lower() for template in templates)
