"""Background monitors: they look at a Redis every few seconds, so that whoever asks how it is waits for nothing.

`Monitor` looks from a daemon thread, `AsyncMonitor` from a task. Both look through a connection of their own, so that
a pool whose connections are all in use is seen as busy, not as down. While Redis is down they look more often, so that
its return is known within about a second. A manager stops those that it started when it closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Protocol, Self

from mooring.config.settings import RedisSettings
from mooring.config.variables import DEFAULT_NAME
from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.observing.health import Health, Look, State, begin, judge
from mooring.runtime.observing.probe import Client, alook, look, missed
from mooring.runtime.pools.pool import guard

__all__ = ["INTERVAL", "TIMEOUT", "AsyncMonitor", "Monitor", "pause"]

INTERVAL: Final = 5.0
"""Seconds between two looks while all is well."""
TIMEOUT: Final = 1.0
"""Seconds that a look may take."""
_URGENT = 0.8
_JITTER = 0.1


class Clients(Protocol):
    """Who makes the clients that are looked through: `RedisConnectionManager`."""

    def client(self, name: str, **overrides: Any) -> Client:
        """Return a client."""

    def async_client(self, name: str, **overrides: Any) -> Client:
        """Return an asyncio client."""

    def numbers(self) -> Mapping[str, PoolNumbers]:
        """Return the numbers of the pools, by endpoint."""


def pause(interval: float, state: State, chance: float) -> float:
    """Return the seconds until the next look; `chance` between 0 and 1 jitters them, so that a fleet does not march."""
    usual = interval if state is not State.DOWN else min(interval, _URGENT)
    return usual * (1 + _JITTER * (2 * chance - 1))


class _Watch:
    """What the twins share: what was seen last."""

    def __init__(
        self,
        manager: Clients,
        name: str = DEFAULT_NAME,
        *,
        interval: float = INTERVAL,
        timeout: float = TIMEOUT,
        **overrides: Any,
    ) -> None:
        self.interval = interval
        self.timeout = timeout
        self._manager = manager
        self._name = name
        self._overrides = overrides
        # A connection apart from those that the service uses, which never waits for one of them. A few, for those who
        # ask without a monitor that runs.
        self._apart = {**overrides, "max_connections": 4, "multiplex": False, "deadline": timeout}
        self._health = begin(name, time.time())

    @property
    def health(self) -> Health:
        """What was seen last; `checked` tells when. No I/O."""
        return self._health

    def _note(self, seen: Look, endpoint: str) -> Health:
        self._health = judge(replace(self._health, endpoint=endpoint), seen, self._manager.numbers().get(endpoint))
        return self._health

    def _fresh(self) -> bool:
        # A thread or a loop that is held up looks late.
        checked = self._health.checked
        return checked is not None and time.time() - checked < 3 * self.interval + self.timeout

    def _pause(self) -> float:
        return pause(self.interval, self._health.state, random.random())  # noqa: S311 - no secret


class Monitor(_Watch):
    """Looks from a daemon thread. `interval` and `timeout` are in seconds; overrides are those of the client.

    Safe for threads. A forked child has no thread until it asks for `health` or calls `start` itself.
    """

    _thread: threading.Thread | None = None
    _pid: int | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether a thread of this process looks."""
        return self._pid == os.getpid() and self._thread is not None and self._thread.is_alive()

    def start(self) -> Self:
        """Begin to look, unless that has begun. The first answer is there a moment later."""
        with guard:
            if not self.running:
                self._ended, self._looked = threading.Event(), threading.Event()
                self._pid = os.getpid()
                self._thread = threading.Thread(
                    target=self._go, args=(self._ended, self._looked), name=f"mooring-monitor-{self._name}", daemon=True
                )
                self._thread.start()
        return self

    def stop(self) -> None:
        """End it, at most `timeout` and a little later; what was seen last stays."""
        with guard:
            thread, self._thread = (self._thread if self.running else None), None
            if thread is not None:
                self._ended.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(2 * self.timeout)

    def look(self) -> Health:
        """Look now, and return what is seen."""
        endpoint = self._health.endpoint
        try:
            endpoint = RedisSettings.load(self._name, overrides=self._overrides).endpoint
            seen = look(self._manager.client(self._name, **self._apart))
        except Exception as error:  # noqa: BLE001 - whatever it is, it keeps the service from its Redis
            seen = missed(error)
        return self._note(seen, endpoint)

    def current(self) -> Health:
        """Return what was seen last while somebody looks, without I/O; otherwise look now."""
        if self.running:
            self._looked.wait(self.timeout)
            if self._fresh():
                return self._health
        return self.look()

    def _go(self, ended: threading.Event, looked: threading.Event) -> None:
        while not ended.is_set():
            self.look()
            looked.set()
            ended.wait(self._pause())


class AsyncMonitor(_Watch):
    """Looks from a task of the event loop that `start` is called in; for the rest as `Monitor`.

    Used in one loop after the other, it looks from that which called `start` last.
    """

    _task: asyncio.Task[None] | None = None
    _pid: int | None = None

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.astop()

    @property
    def running(self) -> bool:
        """Whether a task looks, in a loop that runs."""
        task = self._task
        return self._pid == os.getpid() and task is not None and not task.done() and task.get_loop().is_running()

    def start(self) -> Self:
        """Begin to look in the running loop, unless that has begun in a loop that still runs."""
        if not self.running:
            self._pid = os.getpid()
            self._looked = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._go(), name=f"mooring-monitor-{self._name}")
        return self

    def stop(self) -> None:
        """End it soon, from whatever thread."""
        if self.running and self._task is not None:
            # The loop may close before the call reaches it.
            with contextlib.suppress(RuntimeError):
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    async def astop(self) -> None:
        """End it, and wait for that where its loop is this one."""
        task = self._task
        self.stop()
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait([task])

    async def look(self) -> Health:
        """Look now, and return what is seen."""
        endpoint = self._health.endpoint
        try:
            endpoint = (await RedisSettings.aload(self._name, self._overrides)).endpoint
            seen = await alook(self._manager.async_client(self._name, **self._apart), self.timeout)
        except Exception as error:  # noqa: BLE001 - whatever it is, it keeps the service from its Redis
            seen = missed(error)
        return self._note(seen, endpoint)

    async def current(self) -> Health:
        """Return what was seen last while somebody looks, without I/O; otherwise look now."""
        if self._looks_here():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._looked.wait(), self.timeout)
        return self._health if self.running and self._fresh() else await self.look()

    def _looks_here(self) -> bool:
        return self.running and self._task is not None and self._task.get_loop() is asyncio.get_running_loop()

    async def _go(self) -> None:
        while True:
            await self.look()
            self._looked.set()
            await asyncio.sleep(self._pause())
