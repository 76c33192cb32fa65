"""How many connections may be opened to an endpoint at once, and how fast they follow each other when none succeeds.

A server that comes back is not to be met by all who wait for it at the same moment, and one that stays away is not to
be called by each of them: 100 tasks on redis-py's own client dial a dead server 1,100 times. Here at most four dial at
once, and after a failure one after the other, after a pause that all share.

The decision is one object without I/O; threads and tasks wait for it differently.
"""

from __future__ import annotations

import asyncio
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from mooring.runtime.recovery.backoff import CAP, jittered

__all__ = ["AT_ONCE", "AsyncDials", "Dials", "Pace"]

AT_ONCE: Final = 4
"""How many dials may be under way at once."""

# After how many seconds a dial that gets no answer no longer keeps the next from its turn.
_STUCK = 0.5
_FIRST_PAUSE = 0.02
_DOUBLINGS = 8


class Pace:
    """Counts dials and decides when the next may begin. Not safe for threads by itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._dialing = 0
        self._failures = 0
        self._not_before = -math.inf
        self._begun = -math.inf

    def wait(self) -> float:
        """Tell in how many seconds the next dial may begin: 0 for now, infinity for when another has ended."""
        if self._dialing >= AT_ONCE:
            return math.inf
        stuck = self._begun + _STUCK if self._failures and self._dialing else -math.inf
        return max(0.0, self._not_before - self._clock(), stuck - self._clock())

    def begin(self) -> None:
        """Note that a dial begins."""
        self._dialing += 1
        self._begun = self._clock()

    def end(self, reached: bool | None) -> None:
        """Note that a dial has ended: it reached the server, or not, or (None) was given up, which tells nothing."""
        self._dialing -= 1
        if reached:
            self._failures = 0
        elif reached is not None:
            # Those that were under way together count as one failure.
            if self._clock() >= self._not_before:
                self._failures += 1
            pause = min(CAP, _FIRST_PAUSE * 2.0 ** min(self._failures - 1, _DOUBLINGS))
            self._not_before = self._clock() + jittered(pause)


class Dials:
    """The pace of the threads of one process."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, as in a forked process, where the threads that were dialing are not."""
        self._turn = threading.Condition()
        self._pace = Pace()

    def enter(self, until: float) -> bool:
        """Wait until this thread may dial; false when that was not before `until`, by `time.monotonic`."""
        with self._turn:
            while (wait := self._pace.wait()) > 0:
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._turn.wait(min(wait, left, threading.TIMEOUT_MAX))
            self._pace.begin()
            return True

    def leave(self, reached: bool | None) -> None:
        """Note how this thread's dial ended, as `Pace.end` takes it."""
        with self._turn:
            self._pace.end(reached)
            self._turn.notify_all()


class AsyncDials:
    """The pace of the tasks of each event loop; loops of other threads dial by themselves."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, as in a forked process."""
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()

    def here(self) -> _Queue:
        """Return the queue of the running loop."""
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None or queue.pid != os.getpid():
            queue = self._queues[loop] = _Queue()
        return queue


class _Queue:
    """The tasks of one event loop that want to dial, in the order of their arrival."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._pace = Pace()
        self._line: deque[asyncio.Future[bool]] = deque()
        self._hasty: set[asyncio.Future[bool]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, until: float, hasty: bool = False) -> bool:
        """Wait until this task may dial; false when that was not before `until`, by `time.monotonic`.

        One that is `hasty` has another server to turn to: it stands in line only until somebody's dial fails.
        """
        if not self._line and self._pace.wait() <= 0:
            self._pace.begin()
            return True
        left = until - time.monotonic()
        if left <= 0:
            return False
        loop = asyncio.get_running_loop()
        ticket: asyncio.Future[bool] = loop.create_future()
        self._line.append(ticket)
        if hasty:
            self._hasty.add(ticket)
        expiry = None if left == math.inf else loop.call_later(left, _expire, ticket)
        self._admit()
        try:
            return await ticket
        except asyncio.CancelledError:
            if not ticket.cancelled() and ticket.result():
                self.leave(None)
            raise
        finally:
            self._hasty.discard(ticket)
            if expiry is not None:
                expiry.cancel()

    def leave(self, reached: bool | None) -> None:
        """Note how this task's dial ended, as `Pace.end` takes it."""
        self._pace.end(reached)
        if reached is False:
            for ticket in self._hasty:
                _expire(ticket)
        self._admit()

    def _admit(self) -> None:
        """Let those in line dial as far as the pace allows, and come back when it allows more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._line:
            if self._line[0].done():
                self._line.popleft()
                continue
            wait = self._pace.wait()
            if wait == math.inf:
                return
            if wait > 0:
                self._timer = asyncio.get_running_loop().call_later(wait, self._admit)
                return
            self._pace.begin()
            self._line.popleft().set_result(True)


def _expire(ticket: asyncio.Future[bool]) -> None:
    if not ticket.done():
        ticket.set_result(False)
