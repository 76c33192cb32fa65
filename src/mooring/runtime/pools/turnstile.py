"""A bounded number of places, handed over in the order of arrival.

The decision is one object without I/O; a thread and a task wait for it differently. redis-py's blocking pools let
whoever comes by take a freed connection before those who wait: at 500 tasks on 50 connections some wait 150 times the
median. Here a freed place belongs to the longest waiting.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Generic, TypeVar

Ticket = TypeVar("Ticket")


class Turnstile(Generic[Ticket]):
    """Counts the free places and keeps the line. Not safe for threads by itself."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._line: deque[Ticket] = deque()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def admit(self) -> bool:
        """Take a free place; false when there is none. A place is free only when nobody waits."""
        if not self._free:
            return False
        self._free -= 1
        return True

    def queue(self, ticket: Ticket) -> None:
        """Stand at the end of the line."""
        self._line.append(ticket)

    def withdraw(self, ticket: Ticket) -> bool:
        """Leave the line; false when the ticket has got a place meanwhile, which its holder must then give back."""
        try:
            self._line.remove(ticket)
        except ValueError:
            return False
        return True

    def leave(self) -> Ticket | None:
        """Give back a place. Returns the ticket that it now belongs to, if anybody waits."""
        if self._line:
            return self._line.popleft()
        self._free += 1
        return None


class ThreadGate:
    """A turnstile for threads."""

    def __init__(self, places: int) -> None:
        # Reentrant, for a finalizer or a signal handler may give back a place while this thread takes one.
        self._lock = threading.RLock()
        self._turnstile: Turnstile[threading.Lock] = Turnstile(places)

    @property
    def waiting(self) -> int:
        """How many threads stand in line."""
        return self._turnstile.waiting

    def admit(self) -> bool:
        """Take a place if one is free, without waiting."""
        with self._lock:
            return self._turnstile.admit()

    def enter(self, seconds: float) -> bool:
        """Wait for a place, at most `seconds`; false when none came free."""
        with self._lock:
            if self._turnstile.admit():
                return True
            # Held until the place is this thread's.
            ticket = threading.Lock()
            ticket.acquire()
            self._turnstile.queue(ticket)
        try:
            ticket.acquire(timeout=seconds)
        except BaseException:
            if not self._withdraw(ticket):
                self.leave()
            raise
        return not self._withdraw(ticket)

    def leave(self) -> None:
        """Give back a place, and wake the thread that it now belongs to."""
        with self._lock:
            ticket = self._turnstile.leave()
        if ticket is not None:
            ticket.release()

    def _withdraw(self, ticket: threading.Lock) -> bool:
        with self._lock:
            return self._turnstile.withdraw(ticket)


class AsyncGate:
    """A turnstile for the tasks of one event loop."""

    def __init__(self, places: int) -> None:
        # A ticket's result tells whether it got a place; false when its time was up before.
        self._turnstile: Turnstile[asyncio.Future[bool]] = Turnstile(places)

    @property
    def waiting(self) -> int:
        """How many tasks stand in line."""
        return self._turnstile.waiting

    def admit(self) -> bool:
        """Take a place if one is free, without waiting."""
        return self._turnstile.admit()

    async def enter(self, seconds: float) -> bool:
        """Wait for a place, at most `seconds`; false when none came free."""
        if self._turnstile.admit():
            return True
        loop = asyncio.get_running_loop()
        ticket: asyncio.Future[bool] = loop.create_future()
        self._turnstile.queue(ticket)
        timer = loop.call_later(seconds, self._expire, ticket)
        try:
            return await ticket
        except asyncio.CancelledError:
            if ticket.cancelled():
                self._turnstile.withdraw(ticket)
            elif ticket.result():
                self.leave()
            raise
        finally:
            timer.cancel()

    def leave(self) -> None:
        """Give back a place, and wake the task that it now belongs to."""
        ticket = self._turnstile.leave()
        # Of a cancelled task only the ticket may still stand in line.
        while ticket is not None and ticket.done():
            ticket = self._turnstile.leave()
        if ticket is not None:
            ticket.set_result(True)

    def _expire(self, ticket: asyncio.Future[bool]) -> None:
        if not ticket.done():
            self._turnstile.withdraw(ticket)
            ticket.set_result(False)
