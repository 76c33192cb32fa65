"""redis-py's pipelines of a Cluster for asyncio, within their deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from redis.asyncio.cluster import ClusterPipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.runtime.clients.persistence import call
from mooring.runtime.cluster.cluster import PIPELINE
from mooring.runtime.cluster.nodes import in_time, told
from mooring.runtime.recovery.recovery import Recovery

if TYPE_CHECKING:
    from mooring.runtime.cluster.loop_cluster import LoopCluster

__all__ = ["BoundPipeline"]


class BoundPipeline(ClusterPipeline):
    """A pipeline that keeps its deadline. It is not sent again as a whole."""

    def __init__(self, client: LoopCluster, recovery: Recovery, *arguments: Any) -> None:
        self._loop_client = client
        self._recovery = recovery
        super().__init__(client, *arguments)

    async def execute(self, *args: Any, **options: Any) -> list[Any]:
        """Send all commands and return their replies, in time."""
        with call(self._recovery, PIPELINE) as attempts:
            try:
                async with in_time():
                    with told():
                        await self._loop_client.get_ready()
                        replies: list[Any] = await super().execute(*args, **options)
                        return replies
            except (RedisTimeoutError, RedisConnectionError) as error:
                attempts.failed(error, sent=True, now=time.monotonic())
                raise
