"""Whether Redis answers, for all parts of a service that use one client: what one of them learns, none has to learn.

For tasks nobody waits for a Redis that is known to be gone: whether it is back is asked behind the callers' backs.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from typing import Any, TypeAlias

import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.cache.reachability import Reachability

__all__ = ["AsyncClient", "SyncWatch", "Watch"]

AsyncClient: TypeAlias = redis.asyncio.Redis | redis.asyncio.RedisCluster

_log = logging.getLogger("mooring")

_GONE = (RedisConnectionError, RedisTimeoutError, OSError)
"""What tells that Redis cannot be reached (TimeoutError is an OSError); other errors are of one command only."""
_PATIENCE = 2.0
"""Seconds that a probe takes at most: enough to connect anew over TLS to a server that is far away."""


class SyncWatch:
    """For threads: of those who use a Redis that failed, one after each pause tries it again."""

    def __init__(self) -> None:
        self._reachability = Reachability()

    @property
    def answering(self) -> bool:
        """Whether Redis answered when it was last asked, or never was."""
        return self._reachability.answering

    def ask(self, name: bytes | str) -> bool:
        """Tell whether to ask Redis for what lies under a name."""
        del name
        return self._reachability.ask()

    def failed(self, error: Exception) -> None:
        """Remember an error, if it tells that Redis is gone."""
        if not isinstance(error, _GONE):
            return
        if self._reachability.answering:
            _log.warning("Redis is out of reach: full service, uncached (%s)", type(error).__name__)
        self._reachability.failed()

    def answered(self) -> None:
        """Remember that Redis answered."""
        if not self._reachability.answering:
            _log.info("Redis is back")
            self._reachability.answered()


class Watch(SyncWatch):
    """For the tasks of one event loop that use `client`: share one between a cache and a governor.

    A Redis that failed is used no more until a probe was answered, which a task of its own sends: each half second at
    most, and only while somebody would use it. Whoever makes a watch closes it, before the client.
    """

    def __init__(self, client: AsyncClient) -> None:
        super().__init__()
        self._client: Any = client
        self._probe: asyncio.Task[None] | None = None

    def ask(self, name: bytes | str) -> bool:
        """Tell whether to ask Redis for what lies under a name; in doubt, have it probed by that name."""
        if self._reachability.answering:
            return True
        if self._reachability.ask():
            self.look(name)
        return False

    def look(self, name: bytes | str) -> asyncio.Task[None]:
        """Begin to find out whether Redis answers, unless that is being found out; returns the task, if one would wait.

        It takes 2 s at most, and raises nothing.
        """
        if self._probe is None or self._probe.done():
            # In a context of its own: nobody's deadline, nobody's trace.
            self._probe = asyncio.create_task(self._look(name), context=Context())
        return self._probe

    async def aclose(self) -> None:
        """End a probe that is under way."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)

    async def _look(self, name: bytes | str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._client.get(name)
        except _GONE as error:
            self.failed(error)
            return
        except RedisError:
            pass  # an answer, though of what was not asked for
        self.answered()
