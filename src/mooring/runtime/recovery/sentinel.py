"""Connections to whichever server the Sentinels call the master when they connect.

redis-py's own need a pool that knows the Sentinels. These ask by themselves, each time that they connect, over a
connection that lives no longer than the question: so they fit every pool, event loop and process, and follow a
failover as soon as the old master has dropped them, or `recovery` has, for it may no longer write.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import redis
import redis.asyncio
from redis.exceptions import RedisError
from redis.sentinel import MasterNotFoundError

from mooring.config.nodes import Node
from mooring.runtime.credentials.tls import AsyncTLSConnection, TLSConnection
from mooring.runtime.deadline import seconds_left

__all__ = [
    "AsyncSentinelConnection",
    "AsyncSentinelTLSConnection",
    "Search",
    "SentinelConnection",
    "SentinelTLSConnection",
]

_QUESTION = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME")
_TIMEOUTS = ("socket_timeout", "socket_connect_timeout")
# With less time, in seconds, nobody is asked any more.
_SHORTEST = 0.005


class Search:
    """Who is asked for the master, in which order, and what came of it; does no I/O itself."""

    def __init__(self, sentinels: Sequence[Node], master: str, arguments: Mapping[str, Any]) -> None:
        self.question = (*_QUESTION, master)
        self._sentinels = list(sentinels)
        self._master = master
        self._arguments = arguments
        self._failures: list[str] = []

    def begin(self) -> Iterator[dict[str, Any]]:
        """Yield the arguments for a connection to each Sentinel, beginning with the one that answered last.

        It ends early when the running call has no time left.
        """
        self._failures = []
        for host, port in list(self._sentinels):
            timeouts = {key: min(self._arguments.get(key) or math.inf, seconds_left(math.inf)) for key in _TIMEOUTS}
            if min(timeouts.values()) < _SHORTEST:
                self._failures.append("no time was left for the others")
                return
            bounds = {key: None if seconds == math.inf else seconds for key, seconds in timeouts.items()}
            yield {"host": host, "port": port, "protocol": 2, "decode_responses": True, **self._arguments, **bounds}

    def answer(self, asked: Mapping[str, Any], reply: Any) -> Node | None:
        """Read one Sentinel's reply; none if it does not know the master."""
        sentinel = (asked["host"], asked["port"])
        if not reply:
            self._failures.append(f"{sentinel[0]}:{sentinel[1]} does not know it")
            return None
        self._sentinels.remove(sentinel)
        self._sentinels.insert(0, sentinel)
        return str(reply[0]), int(reply[1])

    def fail(self, asked: Mapping[str, Any], error: Exception) -> None:
        """Note that a Sentinel did not answer."""
        self._failures.append(f"{asked['host']}:{asked['port']}: {error}")

    def given_up(self) -> MasterNotFoundError:
        """Make the error of one who asked them all in vain."""
        return MasterNotFoundError(f"No Sentinel tells the master {self._master!r}: {'; '.join(self._failures)}.")


class SentinelConnection(redis.Connection):
    """A connection to the master of this moment."""

    ask_with: type[redis.Connection] = redis.Connection

    def __init__(
        self,
        *,
        sentinels: Sequence[Node],
        sentinel_master: str,
        sentinel_arguments: Mapping[str, Any],
        **arguments: Any,
    ) -> None:
        self._search = Search(sentinels, sentinel_master, sentinel_arguments)
        super().__init__(**arguments)  # type: ignore[no-untyped-call]

    def _connect(self) -> Any:
        self.host, self.port = self._find_master()
        return super()._connect()  # type: ignore[no-untyped-call]

    def _find_master(self) -> Node:
        for asked in self._search.begin():
            connection: Any = self.ask_with(**asked)
            try:
                connection.send_command(*self._search.question)
                found = self._search.answer(asked, connection.read_response())
            except RedisError as error:
                self._search.fail(asked, error)
            else:
                if found is not None:
                    return found
            finally:
                connection.disconnect()
        raise self._search.given_up()


class SentinelTLSConnection(SentinelConnection, TLSConnection):
    """The same over TLS, to the Sentinels too."""

    ask_with = TLSConnection


class AsyncSentinelConnection(redis.asyncio.Connection):
    """A connection to the master of this moment, for asyncio."""

    ask_with: type[redis.asyncio.Connection] = redis.asyncio.Connection

    def __init__(
        self,
        *,
        sentinels: Sequence[Node],
        sentinel_master: str,
        sentinel_arguments: Mapping[str, Any],
        **arguments: Any,
    ) -> None:
        self._search = Search(sentinels, sentinel_master, sentinel_arguments)
        super().__init__(**arguments)

    async def _connect(self) -> None:
        self.host, self.port = await self._find_master()
        await super()._connect()  # type: ignore[no-untyped-call]

    async def _find_master(self) -> Node:
        for asked in self._search.begin():
            connection = self.ask_with(**asked)
            try:
                await connection.send_command(*self._search.question)
                found = self._search.answer(asked, await connection.read_response())
            except RedisError as error:
                self._search.fail(asked, error)
            else:
                if found is not None:
                    return found
            finally:
                await connection.disconnect()
        raise self._search.given_up()


class AsyncSentinelTLSConnection(AsyncSentinelConnection, AsyncTLSConnection):
    """The same over TLS, to the Sentinels too."""

    ask_with = AsyncTLSConnection
