"""A lane: many callers on one socket, whose replies come in the order of their commands.

It writes at once while nothing is under way, and otherwise once per turn of the event loop, so that commands that come
together travel together. It knows nothing of Redis but that each command has one reply; `lane_set` opens lanes and
chooses among them, and `ride` tells what becomes of a command that did not arrive.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any, cast

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.runtime.lanes.departures import Departures
from mooring.runtime.lanes.events import LaneEvents, LaneLost
from mooring.runtime.lanes.heaviness import HEAVY_BYTES, Waits, weight
from mooring.runtime.lanes.packing import fitting
from mooring.runtime.lanes.replies import MISSING, PUSH, Reader
from mooring.runtime.lanes.waiting_line import WaitingLine

__all__ = ["QUEUE_BYTES", "ROOM", "Lane"]

ROOM = 4096
"""How many commands may be under way on a lane; others wait in line."""

QUEUE_BYTES = 1 << 22
"""How many bytes may wait to be written to a lane; beyond them others wait in line.

Enough for 50 tasks with values of 64 KB: with 1 MB they set a quarter less, as those in line come one by one.
"""

# What one turn of the event loop writes to a lane and reads from it, so that others get their turn.
_WRITE_BYTES = 1 << 20
_SLICE = 512


class Lane(asyncio.Protocol):
    """One connected socket, used in its event loop only. It takes commands once `attach` has given it a transport."""

    def __init__(
        self, reader: Reader, events: LaneEvents, patience: float | None = None, doubt: float | None = None
    ) -> None:
        """Make a lane that ends when its oldest reply is overdue by `patience` seconds; None waits for ever.

        After `doubt` seconds without that reply it takes no more commands and gives up those that may be sent again
        elsewhere, for the server may have gone without a word; the others still have a chance.
        """
        self.open = False
        """Whether it takes commands."""
        self.full = False
        """Whether newcomers must stand in line, with `admit`."""
        self._waits = Waits()
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._reader = reader
        self._events = events
        self._departures = Departures(
            doubt=math.inf if doubt is None else doubt,
            doubted=self._give_up_repeatable,
            patience=math.inf if patience is None else patience,
            overdue=lambda: self.end(RedisTimeoutError("No reply came in time.")),
        )
        # Commands are told by whatever `send` was given; those in flight may have run, those in the queue have not.
        self._in_flight: deque[tuple[asyncio.Future[Any], Any, bool]] = deque()
        self._queue: list[bytes] = []
        self._queued: list[tuple[asyncio.Future[Any], Any, bool]] = []
        self._queued_bytes = 0
        self._line = WaitingLine()
        self._paused = self._flushing = self._parsing = False
        self._in_company = False
        self.heard = 0.0
        """When the server was last heard, by the event loop's clock."""
        self._unread = 0
        self._error: RedisError | None = None

    def attach(self, writer: asyncio.StreamWriter, arrived: bytes = b"") -> None:
        """Take over a connection from asyncio's streams, with what has arrived on it unasked."""
        # Kept, for it closes its transport when it is collected.
        self._writer = writer
        self._transport = cast("asyncio.Transport", writer.transport)
        self._transport.set_protocol(self)
        self.open = True
        if not self._transport.is_reading():
            self._transport.resume_reading()
        if arrived:
            self.data_received(arrived)

    @property
    def load(self) -> int:
        """How many commands are under way or about to be."""
        return len(self._in_flight) + len(self._queue)

    def send(self, packed: bytes, command: Any, repeatable: bool = False) -> asyncio.Future[Any]:
        """Send one packed command; the future gets its reply, an error reply as an exception, or `LaneLost`.

        `repeatable` tells whether it may be sent elsewhere, should its reply be late. Cancelling the future costs
        nothing: the reply is dropped when it comes.
        """
        future: asyncio.Future[Any] = asyncio.Future(loop=self._loop)
        if not self._in_flight and not self._in_company and not self._queue and not self._paused:
            self._in_flight.append((future, command, repeatable))
            self._depart(packed, 1)
            return future
        self._queue.append(packed)
        self._queued.append((future, command, repeatable))
        self._queued_bytes += len(packed)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)
        if len(self._in_flight) + len(self._queue) >= ROOM or self._queued_bytes > QUEUE_BYTES:
            self.full = True
        return future

    async def admit(self) -> None:
        """Wait for room, in the order of arrival; whoever has waited must send at once. Raises `LaneLost`."""
        try:
            await self._line.stand()
        except asyncio.CancelledError:
            self._admit()
            raise

    def retire(self) -> None:
        """Take no more commands, and close once those under way are answered."""
        self.open = False
        self._line.end(lambda: LaneLost(RedisConnectionError("The connection is being replaced."), sent=False))
        if not self.load:
            self._writer.close()

    def end(self, error: RedisError) -> None:
        """Close at once: those under way fail with this error."""
        self.open = False
        self._error = self._error or error
        self._fail(self._error)
        self._transport.abort()

    # What follows is called by the event loop.

    def data_received(self, data: bytes) -> None:
        """Read replies; a long row of them in slices."""
        self._reader.feed(data)
        self._unread += len(data)
        if not self._parsing:
            now = self._loop.time()
            oldest = self._departures.oldest()
            if oldest is not None and self._waits.note(now - max(oldest, self.heard)):
                self._events.burdened(self._in_flight[0][1])
            self.heard = now
            self._parse()

    def pause_writing(self) -> None:
        """Keep what is queued: the server reads more slowly than is written."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on writing."""
        self._paused = False
        if not self._flushing:
            self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell those under way that no reply will come."""
        while self._parsing:  # what has arrived is answered still
            self._parse()
        meant = self._error is None and error is None and not self.open and not self.load
        lost = self._error or RedisConnectionError(
            "Connection closed by server." if error is None else f"Connection lost: {error}"
        )
        self.open = False
        self._fail(lost)
        if not self.closed.done():
            self.closed.set_result(None)
        self._events.ended(self, None if meant else lost)

    def _flush(self) -> None:
        self._flushing = False
        if self._paused or not self._queue:
            return
        packed, moved = self._queue, self._queued
        if self._queued_bytes > _WRITE_BYTES and (count := fitting(packed, _WRITE_BYTES)) < len(packed):
            self._queue, self._queued = packed[count:], moved[count:]
            packed, moved = packed[:count], moved[:count]
            self._queued_bytes -= sum(map(len, packed))
            self._flushing = True
            self._loop.call_soon(self._flush)
        else:
            self._queue, self._queued, self._queued_bytes = [], [], 0
        # Where several came in one turn, several will again: then the first one waits for the others.
        self._in_company = len(packed) > 1
        self._in_flight += moved
        self._depart(packed[0] if len(packed) == 1 else b"".join(packed), len(packed))

    def _depart(self, packed: bytes, count: int) -> None:
        self._departures.note(count)
        self._transport.write(packed)

    def _give_up_repeatable(self) -> None:
        # Before anything is told: who hears of it looks for another lane.
        self.open = False
        error = RedisTimeoutError("No reply came in the time of a first attempt.")
        for future, _, repeatable in self._in_flight:
            if repeatable and not future.done():
                future.set_exception(LaneLost(error, sent=True))
        self._line.end(lambda: LaneLost(error, sent=False))

    def _parse(self) -> None:
        self._parsing = False
        gets, in_flight = self._reader.gets, self._in_flight
        heavy = self._unread > HEAVY_BYTES
        answered = 0
        try:
            for _ in range(_SLICE):
                try:
                    reply = gets()
                except UnicodeDecodeError as undecodable:
                    reply = undecodable
                if reply is MISSING:
                    break
                if reply.__class__ is PUSH:
                    self._events.pushed(self, reply)
                    continue
                future, command, _ = in_flight.popleft()
                answered += 1
                if heavy and weight(reply) > HEAVY_BYTES:
                    self._events.burdened(command)
                if future.done():
                    continue
                if isinstance(reply, Exception):
                    future.set_exception(reply)
                else:
                    future.set_result(reply)
            else:
                self._parsing = True
                self._loop.call_soon(self._parse)
        except Exception as error:  # noqa: BLE001 - whatever a parser raises, and a reply that nobody has asked for
            self.end(RedisConnectionError(f"The server's reply cannot be read: {error!r}"))
        if answered:
            self._unread = 0
            self._settle(answered)

    def _settle(self, answered: int) -> None:
        self._departures.settle(answered)
        if self.full:
            self._admit()
        if not self.open and not self.load:
            self._writer.close()

    def _admit(self) -> None:
        if self._queued_bytes <= QUEUE_BYTES:
            self.full = self._line.admit(ROOM - self.load - self._line.granted) <= 0

    def _fail(self, error: RedisError) -> None:
        ends = [(each[0], True) for each in self._in_flight] + [(each[0], False) for each in self._queued]
        self._in_flight.clear()
        self._departures.clear()
        self._queue, self._queued, self._queued_bytes = [], [], 0
        for future, sent in ends:
            if not future.done():
                future.set_exception(LaneLost(error, sent))
        self._line.end(lambda: LaneLost(error, sent=False))
