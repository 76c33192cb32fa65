"""The tools of a server: plain functions, collected with what a server must know before it offers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from mooring.errors import UsageError

__all__ = ["ToolSpec", "Toolset"]

_Tool = TypeVar("_Tool", bound=Callable[..., Awaitable[BaseModel]])


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool: its function, the group that `--toolsets` chooses it by, and whether it changes anything."""

    function: Callable[..., Awaitable[BaseModel]]
    group: str
    writes: bool

    @property
    def name(self) -> str:
        """The name that a client calls it by."""
        return self.function.__name__


class Toolset:
    """Collects the tools of a server, in order. A tool takes a `Call` first, then what the model gives."""

    def __init__(self) -> None:
        self._specs: list[ToolSpec] = []

    def __iter__(self) -> Iterator[ToolSpec]:
        return iter(self._specs)

    def read(self, group: str) -> Callable[[_Tool], _Tool]:
        """Add a tool that changes nothing."""
        return self._adding(group, writes=False)

    def write(self, group: str) -> Callable[[_Tool], _Tool]:
        """Add a tool that changes something; read-only servers leave it out."""
        return self._adding(group, writes=True)

    def chosen(self, groups: Collection[str], *, read_only: bool) -> list[ToolSpec]:
        """Return the tools of these groups (all, if none is named). Raises `UsageError` for an unknown group."""
        known = dict.fromkeys(spec.group for spec in self._specs)
        for group in groups:
            if group not in known:
                raise UsageError(f"toolset {group!r} is unknown: give some of {', '.join(known)} (MOORING_TOOLSETS)")
        wanted = groups or known
        return [spec for spec in self._specs if spec.group in wanted and not (read_only and spec.writes)]

    def _adding(self, group: str, *, writes: bool) -> Callable[[_Tool], _Tool]:
        def add(function: _Tool) -> _Tool:
            self._specs.append(ToolSpec(function, group, writes))
            return function

        return add
