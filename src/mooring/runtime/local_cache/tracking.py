"""The lane on which a local cache fetches, and on which the server tells it what has changed.

One for each event loop, beside the lanes that commands ride on. A fetch is one transaction, so that an entry never
outlives the server's own: CLIENT CACHING YES, MULTI, PTTL, the command, EXEC. Replies and invalidations come on the
same socket in the order in which the server made them. What the lane cannot vouch for any more goes: all of it when the
lane ends, whatever the reason, and nothing is given out while the lane has not been heard for `CacheSize.staleness`.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import time
import weakref
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

import redis.asyncio
import redis.connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from mooring.config.cache_size import CacheSize
from mooring.runtime import hooks
from mooring.runtime.commands import Traits
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.lanes.lane_set import LaneSet, beside
from mooring.runtime.lanes.loop_lanes import LoopLanes
from mooring.runtime.lanes.ride import ride
from mooring.runtime.lanes.routing import read_route
from mooring.runtime.lanes.source import LaneSource, source_of
from mooring.runtime.local_cache.cache import Flight, LocalCache
from mooring.runtime.local_cache.replies import decoder
from mooring.runtime.local_cache.source import TrackingRefused, TrackingSource
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["LONGEST", "Tracking", "TrackingLanes", "tracking_of"]

_log = logging.getLogger("mooring")

# The protocol of connections for which none is said.
_USUAL = getattr(redis.connection, "DEFAULT_RESP_VERSION", 2)

# A server that refuses to track is asked again after so many seconds.
_PAUSE = 30.0
# The lane is asked for a sign of life so many times in the longest time that it need not be heard.
_BEATS = 3
LONGEST = 256
"""How many replies one transaction fetches at most."""

_CACHING = b"*3\r\n$6\r\nCLIENT\r\n$7\r\nCACHING\r\n$3\r\nYES\r\n"
_MULTI, _EXEC, _PING = (b"*1\r\n$%d\r\n%s\r\n" % (len(word), word) for word in (b"MULTI", b"EXEC", b"PING"))
_ROUTE = read_route(("GET", ""))
_INVALIDATE = b"invalidate"


class TrackingLanes(LoopLanes):
    """The tracking lane of the event loop that it is made in, with its cache."""

    def __init__(self, tracking: Tracking) -> None:
        super().__init__(tracking)
        self._tracking = tracking
        self.cache = tracking.make_cache(tracking.size)
        self.entries = self.cache.entries
        self.off_until = -math.inf
        """Until when nothing is cached, for the server has refused; by the clock of `time.monotonic`."""
        self._beat: asyncio.TimerHandle | None = None
        self._fetches: set[asyncio.Task[None]] = set()

    def fetch(self, flights: Sequence[Flight], command: Traits) -> None:
        """Set out for the replies of listed flights, which are 256 at most; each landing gets its reply or an error.

        The error is `TrackingRefused` or another `ResponseError` where the commands are to be sent without the cache.
        """
        # In a context of its own: one caller's deadline and trace are not those of all who wait.
        task = self.loop.create_task(self._fetch(flights, command), context=Context())
        self._fetches.add(task)
        # Not within it, for one that is cancelled before its first step does nothing at all.
        task.add_done_callback(functools.partial(self._fetched, flights))

    def take_away(self, keys: Sequence[Any]) -> None:
        """Take away what has come from keys, given in bytes, for they have changed."""
        count = self.cache.invalidate(keys)
        if count and hooks.active is not None:
            for _ in range(count):
                hooks.active.cache(self._tracking.endpoint, "invalidated")

    def drop(self) -> None:
        """Take away everything."""
        if self.cache.drop() and hooks.active is not None:
            hooks.active.cache(self._tracking.endpoint, "dropped")

    async def end(self) -> None:
        """Close the lane and forget everything. Whoever waits for a fetch is told."""
        for task in self._fetches:
            task.cancel()
        await asyncio.gather(*self._fetches, return_exceptions=True)
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None
        self.drop()
        await super().end()

    def pushed(self, lane: Lane, message: list[Any]) -> None:
        """Learn what has changed."""
        if message and message[0] == _INVALIDATE:
            if message[1] is None:
                self.drop()
            else:
                self.take_away(message[1])
        else:
            super().pushed(lane, message)

    def ended(self, lane: Lane, error: RedisError | None) -> None:
        """Forget what nobody vouches for any more."""
        self.drop()
        super().ended(lane, error)

    async def _open(self, place: int) -> Lane:
        lane = await super()._open(place)
        # What came over a lane that is being replaced is not vouched for by its successor.
        if self.entries:
            self.drop()
        return lane

    async def _fetch(self, flights: Sequence[Flight], command: Traits) -> None:
        tracking = self._tracking
        ask = functools.partial(self._ask, flights=flights)
        await ride(tracking, tracking.recovery, command, time.monotonic(), ask)

    def _fetched(self, flights: Sequence[Flight], task: asyncio.Task[None]) -> None:
        self._fetches.discard(task)
        if task.cancelled():
            self._fail(flights, RedisConnectionError("The client was closed."))
            return
        if (error := task.exception()) is not None:
            if isinstance(error, TrackingRefused):
                self._refused(error)
            self._fail(flights, error)

    async def _ask(self, lane: Lane, flights: Sequence[Flight]) -> None:
        sent = time.monotonic()
        row = [lane.send(each, _ROUTE) for each in self._tracking.transaction(flights)]
        try:
            await asyncio.wait(row[-1:])
        except asyncio.CancelledError:
            for future in row:
                future.cancel()
            raise
        # Replies come in order; of errors the first tells why, what follows from it does not.
        if error := next(filter(None, [future.exception() for future in row]), None):
            raise error
        if not lane.open:
            # It is about to close, and then nobody tells what changes: its replies are answers, but not to be kept.
            for flight in flights:
                self.cache.crash(flight)
        self._land(flights, row[-1].result(), sent)

    def _land(self, flights: Sequence[Flight], replies: Sequence[Any], sent: float) -> None:
        cache, max_age = self.cache, self._tracking.size.max_age
        self._heard(sent)
        for flight, left, reply in zip(flights, replies[::2], replies[1::2], strict=True):
            try:
                reply = self._tracking.decoded(reply)  # noqa: PLW2901 - the same in the caller's form
            except UnicodeDecodeError as undecodable:
                reply = undecodable  # noqa: PLW2901
            if isinstance(reply, Exception):
                self._fail([flight], reply)
                continue
            cache.land(flight, reply, sent + (max_age if left < 0 else min(max_age, left / 1000)))
            if not flight.landing.done():
                flight.landing.set_result(reply)

    def _fail(self, flights: Sequence[Flight], error: BaseException) -> None:
        for flight in flights:
            self.cache.crash(flight)
            if not flight.landing.done():
                flight.landing.set_exception(error)
                # Perhaps nobody waits any more.
                flight.landing.exception()

    def _refused(self, error: TrackingRefused) -> None:
        if self.off_until == -math.inf:
            _log.warning("%s: the local cache is off, for the server refuses: %s", self._tracking.endpoint, error)
            if hooks.active is not None:
                hooks.active.cache(self._tracking.endpoint, "refused")
        self.off_until = time.monotonic() + _PAUSE

    def _heard(self, asked: float) -> None:
        """Learn that all that had changed by then has been told."""
        staleness = self._tracking.size.staleness
        self.cache.fresh_until = max(self.cache.fresh_until, asked + staleness)
        if self._beat is None:
            self._beat = self.loop.call_later(staleness / _BEATS, _beat, weakref.ref(self), context=Context())

    def _ask_for_sign(self) -> None:
        self._beat = None
        lane = self.pick()
        if lane is not None and self.entries:
            asked = time.monotonic()
            lane.send(_PING, _ROUTE).add_done_callback(functools.partial(self._sign, asked))

    def _sign(self, asked: float, pong: asyncio.Future[Any]) -> None:
        # A lane that has ended has dropped everything; a lane that gives no sign ends itself.
        if not pong.cancelled() and pong.exception() is None:
            self._heard(asked)


class Tracking(LaneSet):
    """The tracking lanes beside a pool, one for each event loop."""

    def __init__(
        self,
        source: LaneSource,
        recovery: Recovery,
        size: CacheSize,
        pool: redis.asyncio.ConnectionPool,
        max_age: float | None,
        make_cache: Callable[[CacheSize], LocalCache] = LocalCache,
    ) -> None:
        encoder = pool.get_encoder()
        patience = min(recovery.deadline, recovery.read_timeout, size.staleness)
        super().__init__(
            TrackingSource(source, size, encoder),
            endpoint=recovery.name,
            patience=None if patience == math.inf else patience,
            count=1,
            max_age=max_age,
        )
        self.recovery = recovery
        self.size = size
        self.make_cache = make_cache
        self.resp2 = str(pool.connection_kwargs.get("protocol") or _USUAL) == "2"
        """Whether replies have the form of RESP2."""
        self.decoded = decoder(encoder, self.resp2)
        self.prefixes = tuple(prefix.encode() for prefix in size.prefixes)

    def open_here(self) -> TrackingLanes:
        """Make the lane of the running event loop."""
        return TrackingLanes(self)

    def transaction(self, flights: Sequence[Flight]) -> list[bytes]:
        """Write what fetches replies with the TTLs of their keys."""
        row = [_MULTI] if self.prefixes else [_CACHING, _MULTI]
        for flight in flights:
            row += (b"*2\r\n$4\r\nPTTL\r\n$%d\r\n%b\r\n" % (len(flight.key), flight.key), flight.packed)
        row.append(_EXEC)
        return row


def tracking_of(
    pool: redis.asyncio.ConnectionPool,
    recovery: Recovery,
    size: CacheSize,
    max_age: float | None,
    make_cache: Callable[[CacheSize], LocalCache] = LocalCache,
) -> Tracking:
    """Return the tracking beside a pool, the same for all its clients.

    Its lane is replaced at the age of `max_age` seconds; None is no bound. Raises `ValueError` if the cache of those
    clients is of another size.
    """
    source = source_of(pool, recovery)
    found = beside(pool, Tracking, lambda: Tracking(source, recovery, size, pool, max_age, make_cache))
    if found.size != size:
        raise ValueError(f"The clients of this pool have a local cache of another size: {found.size}.")
    return found


def _beat(known: weakref.ref[TrackingLanes]) -> None:
    lanes = known()
    if lanes is not None:
        lanes._ask_for_sign()
