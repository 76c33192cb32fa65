"""`redis.asyncio.Redis` whose ordinary commands share a few sockets.

Drop-in: the whole command API, its results and its errors are redis-py's. Commands that concern their connection or
wait at the server, transactions, pub/sub, and what is large or slow take a connection of their own from the pool, as
all do in redis-py.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable
from time import monotonic
from typing import Any, cast

import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from mooring.runtime import hooks
from mooring.runtime.clients.async_pooled import AsyncPooledRedis
from mooring.runtime.deadline import UNTIL
from mooring.runtime.lanes.heaviness import HEAVY_BYTES, is_heavy, weight
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.lanes.lane_set import LANES, LaneSet, close_lanes, lanes_of
from mooring.runtime.lanes.packing import make_packer
from mooring.runtime.lanes.pipelines import LanePipeline, SharedLanePipeline
from mooring.runtime.lanes.ride import Failure, ride
from mooring.runtime.lanes.routing import Route
from mooring.runtime.recovery.endpoints import endpoint
from mooring.runtime.recovery.recovery import Policy, Recovery

__all__ = ["AsyncRedis", "SharedAsyncRedis"]


# Long enough for the ten retries that redis-py's constructor sets from version 8 on: they take 3 to 5 s in all.
_DEADLINE = 10.0


class AsyncRedis(redis.asyncio.Redis):
    """An asyncio client on lanes; made as redis-py's is, with `AsyncRedis(host=...)`, `from_url` or `from_pool`.

    `lanes`, 1 to 4 (default 1), is how many sockets all clients of its pool share in an event loop. `deadline` is the
    longest that a command on a lane may take, retries included, in seconds (default 10); None for no bound. redis-py's
    `socket_timeout` and `retry` are kept within it, but a command that may have run is sent again only if it reads or
    was declared idempotent. What travels on pooled connections behaves as in redis-py. Raises redis-py's errors,
    `DeadlineExceeded` and `CircuitOpen`.

    Lanes are opened when they are needed, and closed by `aclose()` of the client that owns its pool, with the pool, or
    with the event loop. A pool of another kind than redis-py's has none: there all commands travel as in redis-py.
    """

    response_callbacks: Any
    _lanes: LaneSet | None = None
    _recovery: Recovery

    def __init__(self, *, lanes: int = LANES, deadline: float | None = _DEADLINE, **options: Any) -> None:
        super().__init__(**options)
        if isinstance(self.connection_pool, redis.asyncio.ConnectionPool):
            self._recovery = _recovery_of(self.connection_pool.connection_kwargs, deadline)
            self._use_lanes(lanes, None)

    @classmethod
    def from_url(
        cls, url: str, *args: Any, lanes: int = LANES, deadline: float | None = _DEADLINE, **options: Any
    ) -> AsyncRedis:
        """Make a client as redis-py's `from_url` does. Raises `ValueError` for a malformed URL."""
        # redis-py gives what it does not know to the pool, so that these two must go another way.
        made: Any = functools.partial(cls, lanes=lanes, deadline=deadline)
        client: AsyncRedis = cast(Any, super().from_url).__func__(made, url, *args, **options)
        return client

    def _use_lanes(self, count: int, max_age: float | None) -> None:
        self._pack = make_packer(self.get_encoder())  # type: ignore[no-untyped-call]
        if not self.single_connection_client:
            self._lanes = lanes_of(self.connection_pool, self._recovery, count, max_age)
            self._routes = self._lanes.routes
            self._breaker = self._recovery.endpoint.breaker

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, as redis-py parses it."""
        lanes = self._lanes
        if lanes is None or self.connection is not None:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        route = self._routes.get(args[0]) or self._routes.find(args)
        route.calls += 1
        if route.alone or NEVER_DECODE in options or (len(args) > 2 and is_heavy(args)):
            return await self._travel_alone(route, args, options)
        packed = self._pack(args if route.words is None else (*route.words, *args[1:]))
        if len(packed) > HEAVY_BYTES:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        here = lanes.current
        if here is None or not here.here():
            here = lanes.here()
        lane = here.pick()
        began = monotonic()
        try:
            if lane is None or lane.full or self._breaker.troubled or UNTIL.get() is not None:
                reply = await self._ride(lanes, route, packed, began, None)
            else:
                try:
                    reply = await lane.send(packed, route, route.command.read_only)
                except Exception as error:  # noqa: BLE001 - what it means is decided there
                    reply = await self._ride(lanes, route, packed, began, Failure(error, lane))
        except BaseException as error:
            if hooks.active is not None:
                hooks.active.command(self._recovery.name, route.command.name, monotonic() - began, error)
            if EMPTY_RESPONSE in options and isinstance(error, ResponseError):
                return options[EMPTY_RESPONSE]
            raise
        if hooks.active is not None:
            hooks.active.command(self._recovery.name, route.command.name, monotonic() - began, None)
        callback = dict.get(self.response_callbacks, route.key)
        if callback is None:
            return reply
        options.pop("keys", None)
        options.pop(EMPTY_RESPONSE, None)
        answer: Any = callback(reply, **options)
        return await answer if hasattr(answer, "__await__") else answer

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline. Without a transaction it travels on a lane, if all its commands may."""
        if self._lanes is None:
            return super().pipeline(transaction, shard_hint)
        return LanePipeline(
            self._lanes, self._recovery, self.connection_pool, self.response_callbacks, transaction, shard_hint
        )

    def set_retry(self, retry: Any) -> None:
        """Set the policy of the connections, which also bounds retries on lanes."""
        super().set_retry(retry)
        self._recovery = self._recovery.with_policy(Policy.from_retry(retry))

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the client, and if it owns the pool the lanes and the pool."""
        if close_connection_pool or (close_connection_pool is None and self.auto_close_connection_pool):
            await close_lanes(self.connection_pool)
        await super().aclose(close_connection_pool)

    async def _ride(self, lanes: LaneSet, route: Route, packed: bytes, began: float, failure: Failure | None) -> Any:
        def send(lane: Lane) -> Awaitable[Any]:
            return lane.send(packed, route, route.command.read_only)

        return await ride(lanes, self._recovery, route.command, began, send, failure)

    async def _travel_alone(self, route: Route, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if route.fixed:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        reply = await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        # It may return to the lanes when it has become light again.
        if route.alone:
            route.travelled_alone(heavy=weight(reply) > HEAVY_BYTES)
        return reply


# redis-py's classes of commands disagree with each other.
class SharedAsyncRedis(AsyncRedis, AsyncPooledRedis):  # type: ignore[misc]
    """The same on a shared pool, with its recovery also for what travels alone. Made by `RedisConnectionManager`."""

    def __init__(self, *, recovery: Recovery, lanes: int = LANES, max_age: float | None = None, **options: Any) -> None:
        AsyncPooledRedis.__init__(self, recovery=recovery, **options)
        self._use_lanes(lanes, max_age)

    set_retry = AsyncPooledRedis.set_retry

    def pipeline(  # type: ignore[override]
        self, transaction: bool = True, shard_hint: str | None = None
    ) -> Pipeline:
        """Return a pipeline, which is one call. Without a transaction it travels on a lane, if all its commands may."""
        if self._lanes is None:
            return AsyncPooledRedis.pipeline(self, transaction, shard_hint)
        return SharedLanePipeline(
            self._lanes, self._recovery, self.connection_pool, self.response_callbacks, transaction, shard_hint
        )


def _recovery_of(arguments: dict[str, Any], deadline: float | None) -> Recovery:
    """Read how a client made as redis-py's is to try."""
    address = arguments.get("path") or f"{arguments.get('host', 'localhost')}:{arguments.get('port', 6379)}"
    if "connection_pool" in arguments:  # redis-py's own for Sentinels
        address = arguments["connection_pool"].service_name
    return Recovery(
        f"{address}/{arguments.get('db') or 0}",
        endpoint(str(address)),
        deadline=math.inf if deadline is None else deadline,
        read_timeout=arguments.get("socket_timeout") or math.inf,
        # However the client is made: redis-py's constructor has a policy by default, its other ways have none.
        policy=Policy.of({key: value for key, value in arguments.items() if key != "retry" or value is not None}),
    )
