"""Handles: short names for results that were too long, under which the whole can be read in slices."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from mooring.servers.shelf import SILENT, Shelf

__all__ = ["Handle", "Handles"]

_LIFETIME = 1_800
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Handle:
    """What a handle stands for: a tool and its arguments. The data itself is in the cache, or is fetched again."""

    tool: str
    arguments: dict[str, Any]


class Handles:
    """Keeps handles for half an hour, for each account apart: in Redis, and the last 1,000 in memory too."""

    def __init__(self, server: str, shelf: Shelf) -> None:
        self._server = server
        self._shelf = shelf
        self._last: OrderedDict[str, str] = OrderedDict()

    async def give(self, partition: str, handle: Handle) -> str:
        """Return a handle's name; the same for the same call."""
        text = json.dumps([handle.tool, handle.arguments], sort_keys=True)
        name = "h" + hashlib.sha256(f"{partition}\0{text}".encode()).hexdigest()[:12]
        key = self._key(partition, name)
        self._last[key] = text
        self._last.move_to_end(key)
        while len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        await self._shelf.ask("set", key, text, ex=_LIFETIME)
        return name

    async def take(self, partition: str, name: str) -> Handle | None:
        """Return what a handle of this account stands for, or None for one that is unknown or too old."""
        key = self._key(partition, name)
        text = self._last.get(key) or await self._shelf.ask("get", key)
        if text is None or text is SILENT:
            return None
        tool, arguments = json.loads(text)
        return Handle(tool, arguments)

    def _key(self, partition: str, name: str) -> str:
        return f"mooring:handle:{self._server}:{hashlib.sha256(partition.encode()).hexdigest()[:16]}:{name}"
