"""What a Redis says of itself: the connections it saw opened."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import redis.asyncio
from redis.exceptions import RedisError

from mooring.errors import ProofError

__all__ = ["Meter"]


class Meter:
    """Reads one Redis over one connection of its own, which it opens at once, so that it never counts itself."""

    def __init__(self, url: str) -> None:
        self._client = redis.asyncio.Redis.from_url(url, single_connection_client=True, protocol=2)

    async def __aenter__(self) -> Self:
        await self.connections()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def connections(self) -> int:
        """Connections that the server has accepted since it started.

        Raises `ProofError` if it does not answer.
        """
        try:
            return int((await self._client.info("stats"))["total_connections_received"])
        except RedisError as error:
            raise ProofError(f"the private Redis stopped answering: {error}") from error

    async def clear(self) -> None:
        """Forget every key.

        Raises `ProofError` if it does not answer.
        """
        try:
            await self._client.flushall()
        except RedisError as error:
            raise ProofError(f"the private Redis stopped answering: {error}") from error
