"""Single flight within a process: who wants what another is already getting shares it. For tasks and for threads."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
import time
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["AsyncFlights", "Flights"]

T = TypeVar("T")


@dataclass(slots=True)
class _AsyncFlight(Generic[T]):
    task: asyncio.Task[T]
    begun: float = field(default_factory=time.monotonic)
    waiting: int = 0


class AsyncFlights(Generic[T]):
    """For the tasks of one event loop. A flight is a task of its own: whoever is cancelled leaves it to the others."""

    def __init__(self) -> None:
        self._flying: dict[Hashable, _AsyncFlight[T]] = {}

    async def join(
        self, key: Hashable, begin: Callable[[], Coroutine[None, None, T]], max_age: float | None = None
    ) -> tuple[T, bool]:
        """Get what the flight brings, and whether it was another's; begin one if none flies, or none so young.

        The last to be cancelled cancels it.
        """
        flight = self._flying.get(key)
        joined = flight is not None and (max_age is None or time.monotonic() - flight.begun <= max_age)
        if flight is None or not joined:
            flight = self._flying[key] = _AsyncFlight(asyncio.create_task(begin()))
            flight.task.add_done_callback(functools.partial(self._landed, key, flight))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), joined
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    def _landed(self, key: Hashable, flight: _AsyncFlight[T], task: asyncio.Task[T]) -> None:
        self._forget(key, flight)
        if not task.cancelled():
            # Nobody may be left to be told of an error.
            task.exception()

    def _forget(self, key: Hashable, flight: _AsyncFlight[T]) -> None:
        # Another may fly under the key by now.
        if self._flying.get(key) is flight:
            del self._flying[key]


class Flights(Generic[T]):
    """For threads. A flight is flown by the thread that began it, and a fork begins without any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[Hashable, tuple[Future[T], float]] = {}
        self._pid = os.getpid()

    def join(self, key: Hashable, begin: Callable[[], T], max_age: float | None, patience: float) -> tuple[T, bool]:
        """Get what the flight brings, and whether it was another's; begin one if none flies, or none so young.

        After `patience` seconds in another's, or if that was interrupted, the caller flies by itself.
        """
        mine: Future[T] = Future()
        flight = self._enter(key, mine, max_age)
        if flight is not mine:
            try:
                return flight.result(patience), True
            except (TimeoutError, _Interrupted) as error:
                # The loader's own TimeoutError is the answer; mine means that the flight still flies.
                if isinstance(error, TimeoutError) and flight.done():
                    raise
            return begin(), False
        try:
            result = begin()
        except Exception as error:
            mine.set_exception(error)
            raise
        except BaseException:
            mine.set_exception(_Interrupted())
            raise
        else:
            mine.set_result(result)
            return result, False
        finally:
            with self._lock:
                if self._flying.get(key, (None, 0.0))[0] is mine:
                    del self._flying[key]

    def _enter(self, key: Hashable, mine: Future[T], max_age: float | None) -> Future[T]:
        if self._pid != os.getpid():
            # The threads that flew them, and whoever held the lock, are in the parent.
            self._lock, self._flying, self._pid = threading.Lock(), {}, os.getpid()
        with self._lock:
            flight, begun = self._flying.get(key, (mine, 0.0))
            if flight is mine or (max_age is not None and time.monotonic() - begun > max_age):
                self._flying[key] = mine, time.monotonic()
                return mine
            return flight


class _Interrupted(Exception):
    """The thread that flew was interrupted, which concerns nobody else."""
