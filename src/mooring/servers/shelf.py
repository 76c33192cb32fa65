"""The servers' own small things in Redis: each command is bounded, and a Redis that is gone stops nobody."""

from __future__ import annotations

from typing import Any, Final

import redis.asyncio
from redis.exceptions import RedisError

from mooring.cache import Watch
from mooring.cache.bound import Bound

__all__ = ["SILENT", "Shelf"]

_SECONDS = 0.5
_ANY_NAME = "mooring"


class _Silence:
    """The type of `SILENT`."""


SILENT: Final = _Silence()
"""What is returned where Redis does not answer."""


class Shelf:
    """Runs single commands, each for `seconds` at most (default 0.5); `SILENT` is the answer of a Redis that is gone.

    `watch` is what is known of the client's Redis, where others use it too (by default its own).
    """

    def __init__(self, client: redis.asyncio.Redis, watch: Watch | None = None, seconds: float = _SECONDS) -> None:
        self._client = client
        self._watch = watch or Watch(client)
        self._seconds = seconds

    async def ask(self, command: str, *arguments: Any, **options: Any) -> Any:
        """Run a method of redis-py, such as `get`; the first argument is a name."""
        if not self._watch.ask(arguments[0] if arguments else _ANY_NAME):
            return SILENT
        try:
            async with Bound(self._seconds):
                answer = await getattr(self._client, command)(*arguments, **options)
        except (RedisError, OSError) as error:
            self._watch.failed(error)
            return SILENT
        self._watch.answered()
        return answer
