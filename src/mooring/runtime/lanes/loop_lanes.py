"""The lanes of one event loop in one process, and their whole life from dial to farewell.

A task keeps to one lane, so that its commands run in the order in which it gives them. A lane that has ended is opened
again for the next command; one that grows old, or shows a login that has changed, is replaced, and closed when what is
under way on it is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import weakref
from asyncio import current_task
from collections.abc import AsyncGenerator
from contextvars import Context
from threading import get_ident
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from mooring.runtime import hooks
from mooring.runtime.credentials import watching
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.lanes.replies import make_reader
from mooring.runtime.lanes.routing import Route
from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.pools.aging import Life, Lifespan
from mooring.runtime.pools.ledger import ROTATED

if TYPE_CHECKING:
    from mooring.config.nodes import Node
    from mooring.runtime.lanes.lane_set import LaneSet

__all__ = ["FAILOVER", "LoopLanes"]

FAILOVER = "failover"
"""Why a lane was closed whose server is not the master any more."""

# How long a closing lane may wait for the replies that it still expects, in seconds.
_FAREWELL = 1.0


class LoopLanes:
    """The lanes of the event loop that it is made in."""

    def __init__(self, lane_set: LaneSet) -> None:
        self.loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._pid = os.getpid()
        self._set = lane_set
        self._lanes: list[Lane | None] = [None] * lane_set.count
        self._dials: list[asyncio.Task[Lane] | None] = [None] * lane_set.count
        self._lives: dict[Lane, Life] = {}
        self._masters = lane_set.source.master_watch()
        self._addresses: dict[Lane, Node] = {}
        self._keeper: AsyncGenerator[None, None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tending: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def foreign(self) -> bool:
        """Whether the lanes are those of the process that this one was forked from."""
        return self._pid != os.getpid()

    def numbers(self) -> PoolNumbers:
        """Count the open lanes; from any thread."""
        now, lives = time.monotonic(), list(self._lives.values())
        return PoolNumbers(lanes=len(lives), oldest_age=max((now - life.opened for life in lives), default=0.0))

    def here(self) -> bool:
        """Tell whether this is the running loop: quicker than asking which one is."""
        return get_ident() == self._thread and self.loop.is_running()

    def pick(self) -> Lane | None:
        """Return the running task's lane, if it is open."""
        lanes = self._lanes
        lane = lanes[0] if len(lanes) == 1 else lanes[self._place()]
        return lane if lane is not None and lane.open else None

    async def lane(self) -> Lane:
        """Return the running task's lane, opened if it is not. Raises redis-py's errors."""
        # Whoever is cancelled leaves the dial to the others.
        lane = self.pick()
        return lane if lane is not None else await asyncio.shield(self._dial(self._place()))

    async def refused(self, lane: Lane) -> bool:
        """Hear that the server does not let in a lane any more; true if its successor may fare better."""
        life = self._lives.get(lane)
        renewed = life is None or await self._set.source.refused(life.generation)
        if renewed:
            lane.retire()
        return renewed

    async def end(self) -> None:
        """Close every lane; what is under way has a moment to be answered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        begun = [task for task in (*self._dials, self._tending) if task is not None and not task.done()]
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        open_ = {lane.closed: lane for lane in self._lives}
        for lane in open_.values():
            lane.retire()
        if open_:
            _, late = await asyncio.wait(open_, timeout=_FAREWELL)
            for closed in late:
                open_[closed].end(RedisConnectionError("The client was closed."))
            if late:
                await asyncio.wait(late)
        if self._masters is not None:
            await self._masters.close()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.aclose()

    def end_from_outside(self) -> None:
        """Close every lane, from any thread, whether the loop runs or not."""
        # A loop of another thread may close before the call reaches it; in this one another may be running.
        with contextlib.suppress(RuntimeError):
            if self.loop.is_running():
                self.loop.call_soon_threadsafe(self._end_soon)
            else:
                ending = self.end()
                try:
                    self.loop.run_until_complete(ending)
                finally:
                    ending.close()

    # Told by the lanes.

    def burdened(self, command: Route) -> None:
        """Learn that a command's reply held up others."""
        command.held_up()

    def pushed(self, lane: Lane, message: list[Any]) -> None:
        """Leave a server that says it is about to go, before it does."""
        if message and message[0] in {b"MOVING", "MOVING"}:
            lane.retire()

    def ended(self, lane: Lane, error: RedisError | None) -> None:
        """Forget a lane whose socket is closed."""
        life = self._lives.pop(lane, None)
        self._addresses.pop(lane, None)
        self._lanes = [None if known is lane else known for known in self._lanes]
        if life is not None and hooks.active is not None:
            now = time.monotonic()
            reason = "error" if error is not None else life.over(now) or "shutdown"
            hooks.active.closed(self._set.endpoint, now - life.opened, reason)

    def _place(self) -> int:
        # Tasks lie at even distances in memory, so that the low bits of their addresses are much alike.
        address = hash(current_task(self.loop))
        return (address ^ address >> 5 ^ address >> 9) % len(self._lanes)

    def _dial(self, place: int) -> asyncio.Task[Lane]:
        dial = self._dials[place]
        if dial is None or dial.done():
            # In a context of its own: one caller's deadline and trace are not those of all who wait for the lane.
            dial = self._dials[place] = self.loop.create_task(self._open(place), context=Context())
            # Perhaps nobody waits for it any more.
            dial.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return dial

    async def _open(self, place: int) -> Lane:
        if self._keeper is None:
            self._keeper = self._keep()
            await anext(self._keeper)
        if self._masters is not None and not self._lives:
            # Whoever is master now is what another one will differ from.
            await self._masters.moved()
        began, generation = time.monotonic(), self._set.source.generation()
        connection = await self._set.source.open()
        lane = _take_over(connection, self, self._set.patience, self._set.doubt)
        life = self._lives[lane] = Life(Lifespan(max_age=self._set.max_age))
        life.begin(began, generation)
        if self._masters is not None:
            self._addresses[lane] = (connection.host, connection.port)
        former, self._lanes[place] = self._lanes[place], lane
        if former is not None:
            former.retire()
        if self._timer is None:
            self._wind_up()
        return lane

    def _wind_up(self) -> None:
        # Weakly, for a timer is no owner.
        self._timer = self.loop.call_later(watching.INTERVAL, _tick, weakref.ref(self), context=Context())

    def _tick(self) -> None:
        self._tending = self.loop.create_task(self._tend())

    async def _tend(self) -> None:
        """Replace the lanes whose time is over, each when its successor is open."""
        master = None if self._masters is None else await self._masters.moved()
        now, generation = time.monotonic(), self._set.source.generation()
        for place, lane in enumerate(self._lanes):
            life = None if lane is None else self._lives.get(lane)
            if lane is None or life is None:
                continue
            if life.generation != generation:
                life.end_by(now, ROTATED)
            if master is not None and self._addresses[lane] != master:
                life.end_by(now, FAILOVER)
            if life.over(now) is not None:
                self._dial(place)
        self._timer = None
        if self._lives:
            self._wind_up()

    async def _keep(self) -> AsyncGenerator[None, None]:
        """Close the lanes with their loop: one that shuts down ends the asynchronous generators begun in it."""
        try:
            yield
        finally:
            self._keeper = None
            await self.end()

    def _end_soon(self) -> None:
        self._ending = self.loop.create_task(self.end())


def _tick(known: weakref.ref[LoopLanes]) -> None:
    lanes = known()
    if lanes is not None:
        lanes._tick()


def _take_over(connection: Any, events: LoopLanes, patience: float | None, doubt: float | None) -> Lane:
    """Make a lane of a connection that has shaken hands; redis-py's object is left without its socket."""
    stream, writer = connection._reader, connection._writer
    connection._reader = connection._writer = None
    if stream.at_eof() or writer.transport.is_closing():
        writer.close()
        raise RedisConnectionError("The server closed the connection as soon as it was open.")
    encoder = connection.encoder
    encoding = encoder.encoding if encoder.decode_responses else None
    lane = Lane(make_reader(connection._parser.parse_error, encoding, encoder.encoding_errors), events, patience, doubt)
    lane.attach(writer, bytes(stream._buffer))
    return lane
