"""The servers' own small things in Redis: each command is bounded, and a Redis that is gone stops nobody."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import redis.asyncio
from redis.exceptions import RedisError

from mooring.cache.reachability import Reachability

__all__ = ["SILENT", "Shelf"]

_log = logging.getLogger("mooring.servers")

_SECONDS = 0.5


class _Silence:
    """The type of `SILENT`."""


SILENT: Final = _Silence()
"""What is returned where Redis does not answer."""


class Shelf:
    """Runs single commands. Without a client, and for a moment after one that failed, it answers `SILENT` at once."""

    def __init__(self, client: redis.asyncio.Redis | None) -> None:
        self._client = client
        self._reachability = Reachability()
        self._silent = False

    async def ask(self, command: str, *arguments: Any, **options: Any) -> Any:
        """Run a method of redis-py, such as `get`."""
        if self._client is None or not self._reachability.ask():
            return SILENT
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await getattr(self._client, command)(*arguments, **options)
        except (RedisError, OSError) as error:
            self._reachability.failed()
            self._told(silent=True, reason=type(error).__name__)
            return SILENT
        self._reachability.answered()
        self._told(silent=False, reason="")
        return answer

    def _told(self, *, silent: bool, reason: str) -> None:
        """Log when Redis goes and when it comes back, not each command in between."""
        if silent and not self._silent:
            _log.warning("redis is out of reach: full service, uncached", extra={"reason": reason})
        elif self._silent and not silent:
            _log.info("redis is back")
        self._silent = silent
