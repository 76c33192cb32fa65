"""Asks Sentinels about once a second which server is the master, so that nobody is given a connection to the last.

One connection to one Sentinel stays open for it. Without this a connection to a master that went away without a word
is found out by whoever takes it next, and only after his timeout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import redis
import redis.asyncio
from redis.exceptions import RedisError

from mooring.config.nodes import Node
from mooring.runtime.recovery.sentinel import AsyncSentinelConnection, Search, SentinelConnection

__all__ = ["AsyncMasterWatch", "MasterWatch"]


class _Answers:
    """What was answered last; does no I/O."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.search = Search(arguments["sentinels"], arguments["sentinel_master"], arguments["sentinel_arguments"])
        self._last: Node | None = None

    def moved(self, found: Node) -> bool:
        """Tell whether that is another master than was told before."""
        before, self._last = self._last, found
        return before not in {None, found}


class MasterWatch:
    """Asks for threads."""

    def __init__(self, ask_with: type[redis.Connection], arguments: Mapping[str, Any]) -> None:
        self._ask_with = ask_with
        self._answers = _Answers(arguments)
        self._kept: tuple[Mapping[str, Any], redis.Connection] | None = None

    @classmethod
    def of(cls, connection_class: type, arguments: Mapping[str, Any]) -> Self | None:
        """Make a watch for a pool's connections, if these ask Sentinels at all."""
        if not issubclass(connection_class, SentinelConnection):
            return None
        return cls(connection_class.ask_with, arguments)

    def moved(self) -> Node | None:
        """Return the master, if it is another one than when last asked; none too when no Sentinel answers."""
        found = self._ask_kept() or self._ask_all()
        return found if found is not None and self._answers.moved(found) else None

    def close(self) -> None:
        """Close the connection to the Sentinel; asking again opens one."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[1].disconnect()

    def _ask_kept(self) -> Node | None:
        if self._kept is None:
            return None
        asked, connection = self._kept
        try:
            found = self._ask(asked, connection)
        except (RedisError, OSError):
            found = None
        if found is None:
            self.close()
        return found

    def _ask_all(self) -> Node | None:
        for asked in self._answers.search.begin():
            connection = self._ask_with(**asked)
            self._kept = asked, connection
            if (found := self._ask_kept()) is not None:
                return found
        return None

    def _ask(self, asked: Mapping[str, Any], connection: Any) -> Node | None:
        connection.send_command(*self._answers.search.question)
        return self._answers.search.answer(asked, connection.read_response())


class AsyncMasterWatch:
    """Asks for the tasks of one event loop."""

    def __init__(self, ask_with: type[redis.asyncio.Connection], arguments: Mapping[str, Any]) -> None:
        self._ask_with = ask_with
        self._answers = _Answers(arguments)
        self._kept: tuple[Mapping[str, Any], redis.asyncio.Connection] | None = None

    @classmethod
    def of(cls, connection_class: type, arguments: Mapping[str, Any]) -> Self | None:
        """Make a watch for a pool's connections, if these ask Sentinels at all."""
        if not issubclass(connection_class, AsyncSentinelConnection):
            return None
        return cls(connection_class.ask_with, arguments)

    async def moved(self) -> Node | None:
        """Return the master, if it is another one than when last asked; none too when no Sentinel answers."""
        found = await self._ask_kept() or await self._ask_all()
        return found if found is not None and self._answers.moved(found) else None

    async def close(self) -> None:
        """Close the connection to the Sentinel; asking again opens one."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept[1].disconnect(nowait=True)

    async def _ask_kept(self) -> Node | None:
        if self._kept is None:
            return None
        asked, connection = self._kept
        try:
            found = await self._ask(asked, connection)
        except (RedisError, OSError):
            found = None
        if found is None:
            await self.close()
        return found

    async def _ask_all(self) -> Node | None:
        for asked in self._answers.search.begin():
            connection = self._ask_with(**asked)
            self._kept = asked, connection
            if (found := await self._ask_kept()) is not None:
                return found
        return None

    async def _ask(self, asked: Mapping[str, Any], connection: Any) -> Node | None:
        await connection.send_command(*self._answers.search.question)
        return self._answers.search.answer(asked, await connection.read_response())
