"""The cache of clients for threads: kept by an event loop in a thread of its own, by the same tracking as for tasks.

What a caller finds in the cache it reads by itself, without a word to that thread. A read that finds nothing, and only
that, is fetched there, all those of other threads beside it. The thread is a daemon, begins with the first read, and
ends with `close`; in a child process it begins anew, with nothing in the cache.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError

from mooring.config.cache_size import CacheSize
from mooring.runtime.lanes.lane_set import close_lanes, lane_numbers
from mooring.runtime.local_cache.cache import SharedLocalCache
from mooring.runtime.local_cache.tracking import TrackingLanes, tracking_of
from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.pools.async_pool import AsyncSharedPool
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["ThreadTracking"]

# How long closing waits for the thread, in seconds: a lane has a second for its farewell.
_FAREWELL = 5.0


class _Life:
    """From one beginning of the thread to its end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lanes: TrackingLanes, over: asyncio.Event) -> None:
        self.loop = loop
        self.lanes = lanes
        self.over = over
        self.thread = threading.current_thread()


class ThreadTracking:
    """The tracking for the clients of one pool for threads. Safe for threads, and after a fork.

    `pool` holds the arguments of the connection that the server tells of changes on, as of an `AsyncSharedPool`.
    """

    def __init__(self, pool: Mapping[str, Any], recovery: Recovery, size: CacheSize) -> None:
        # Only for how its connections are made: there is none but the lane beside it.
        self._pool = AsyncSharedPool(**pool)
        self.tracking = tracking_of(self._pool, recovery, size, pool["max_age"], SharedLocalCache)
        self.current: TrackingLanes | None = None
        """The lane and the cache, once anything was read; None before, after `close` and in a child process."""
        self._life: _Life | None = None
        # Taken again by a manager that is collected while it is held.
        self._lock = threading.RLock()
        _known.add(self)

    def run(self, read: Callable[[TrackingLanes], Coroutine[Any, Any, Any]]) -> Any:
        """Return what a coroutine returns in the thread of the cache, where it has the caller's context.

        Raises what it raises, and redis-py's `ConnectionError` when the cache is closed meanwhile.
        """
        # Whoever closes the cache sees this one, for both are under the lock.
        with self._lock:
            life = self._living()
            future = asyncio.run_coroutine_threadsafe(read(life.lanes), life.loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError as closed:
            raise RedisConnectionError("The client was closed.") from closed
        finally:
            # After a signal, perhaps.
            future.cancel()

    def numbers(self) -> PoolNumbers:
        """Count its connection, if it has one; from any thread."""
        return lane_numbers(self._pool)

    def here(self) -> TrackingLanes:
        """Return the lane and the cache, begun if they are not."""
        with self._lock:
            return self._living().lanes

    def shut(self) -> threading.Thread | None:
        """Have the thread end soon, and forget everything. Returns it, if there is one."""
        with self._lock:
            life, self._life, self.current = self._life, None, None
        if life is None:
            return None
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            life.loop.call_soon_threadsafe(life.over.set)
        return life.thread

    def close(self) -> None:
        """End the thread, and forget everything. It begins anew for the next read."""
        thread = self.shut()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_FAREWELL)

    def begin_anew(self) -> None:
        """Leave the parent's thread to the parent."""
        if self._life is not None:
            # Its sockets and its selector are the parent's too: not to be closed, not even by the collector.
            _of_parents.append(self._life)
        self._life = self.current = None
        self._lock = threading.RLock()

    def _living(self) -> _Life:
        if self._life is None:
            begun: concurrent.futures.Future[_Life] = concurrent.futures.Future()
            name = f"local cache of {self.tracking.endpoint}"
            threading.Thread(target=self._serve, args=(begun,), name=name, daemon=True).start()
            self._life = begun.result()
            self.current = self._life.lanes
        return self._life

    def _serve(self, begun: concurrent.futures.Future[_Life]) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._live(begun))
        except BaseException as error:
            if begun.done():
                raise
            # As when there are no more file descriptors: for whoever waits for the beginning.
            begun.set_exception(error)

    async def _live(self, begun: concurrent.futures.Future[_Life]) -> None:
        lanes: Any = self.tracking.here()
        life = _Life(asyncio.get_running_loop(), lanes, asyncio.Event())
        begun.set_result(life)
        await life.over.wait()
        await close_lanes(self._pool)


_known: weakref.WeakSet[ThreadTracking] = weakref.WeakSet()
_of_parents: list[_Life] = []


def _begin_anew() -> None:
    for known in list(_known):
        known.begin_anew()


os.register_at_fork(after_in_child=_begin_anew)
