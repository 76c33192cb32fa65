"""A mixed load from threads or tasks, each call written into a ledger."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import redis
import redis.asyncio
from redis.exceptions import RedisError

from .canary import Canary
from .ledger import Call, Held, Kind, Ledger

__all__ = ["COUNTER", "LIST", "STREAM", "Worker", "held", "tasks_under_load", "threads_under_load"]

LIST, STREAM, COUNTER, KEY = "ledger:list", "ledger:stream", "ledger:counter", "ledger:key:{}"
# Reads weigh most, as they do in services.
_MIX = (Kind.READ, Kind.PUSH, Kind.READ, Kind.SET, Kind.READ, Kind.COUNT, Kind.READ, Kind.ADD)
# A caller whose call failed at once takes a breath, as services do; else a refused client spins.
_PAUSE = 0.01
# How long WAIT waits for a replica, in milliseconds. Mooring gives a call this time besides its deadline.
_CONFIRMATION = 500


class _Unconfirmed(RedisError):
    """A write of which no replica has told that it has it."""


class Worker:
    """One caller: asks for one thing after the other, and knows which answers are its own."""

    def __init__(self, offset: int, next_number: Callable[[], int], allowed: float, confirmed: bool = False) -> None:
        self._turn = offset
        self._next_number = next_number
        self._allowed = allowed
        self._confirmed = confirmed
        self._last_set: int | None = None

    def call(self, client: Any) -> Call:
        """Ask for the next thing and wait for the answer."""
        number, kind, confirmed = self._next()
        began = time.monotonic()
        try:
            asked = self._ask(client.pipeline(transaction=False) if confirmed else client, kind, number, confirmed)
            reply = asked.execute() if confirmed else asked
        except Exception as error:  # noqa: BLE001 - whatever a client under test makes of it
            return self._failed(number, kind, began, error)
        return self._answered(number, kind, began, reply)

    async def acall(self, client: Any) -> Call:
        """Do the same in a task."""
        number, kind, confirmed = self._next()
        began = time.monotonic()
        try:
            asked = self._ask(client.pipeline(transaction=False) if confirmed else client, kind, number, confirmed)
            reply = await (asked.execute() if confirmed else asked)
        except Exception as error:  # noqa: BLE001
            return self._failed(number, kind, began, error)
        return self._answered(number, kind, began, reply)

    def _next(self) -> tuple[int, Kind, bool]:
        kind = _MIX[self._turn % len(_MIX)]
        self._turn += 1
        return self._next_number(), kind, self._confirmed and kind is not Kind.READ

    def _ask(self, client: Any, kind: Kind, number: int, confirmed: bool) -> Any:
        key = COUNTER if self._last_set is None else KEY.format(self._last_set)
        commands: dict[Kind, Callable[[], Any]] = {
            Kind.PUSH: lambda: client.rpush(LIST, number),
            Kind.ADD: lambda: client.xadd(STREAM, {"id": number}),
            Kind.SET: lambda: client.set(KEY.format(number), number),
            Kind.COUNT: lambda: client.incr(COUNTER),
            Kind.READ: lambda: client.get(key),
        }
        asked = commands[kind]()
        return client.wait(1, _CONFIRMATION) if confirmed else asked

    def _answered(self, number: int, kind: Kind, began: float, reply: Any) -> Call:
        if self._confirmed and kind is not Kind.READ:
            reply, copies = reply
            if copies < 1:
                return self._failed(number, kind, began, _Unconfirmed())
        wrong = not self._is_own(kind, reply)
        if kind is Kind.SET:
            self._last_set = number
        return Call(number, kind, began, time.monotonic(), self._time(kind), wrong=wrong)

    def _failed(self, number: int, kind: Kind, began: float, error: Exception) -> Call:
        wrong = not isinstance(error, RedisError)
        return Call(number, kind, began, time.monotonic(), self._time(kind), type(error).__name__, wrong=wrong)

    def _time(self, kind: Kind) -> float:
        return self._allowed + (_CONFIRMATION / 1000 if self._confirmed and kind is not Kind.READ else 0.0)

    def _is_own(self, kind: Kind, reply: Any) -> bool:
        """Tell whether a reply is what this caller asked for, as far as it can know."""
        if kind is Kind.READ:
            return self._last_set is None or reply == str(self._last_set).encode()
        if kind is Kind.SET:
            return reply is True
        if kind is Kind.ADD:
            return isinstance(reply, bytes) and b"-" in reply
        return isinstance(reply, int) and reply > 0


@contextmanager
def threads_under_load(
    client: redis.Redis, ledger: Ledger, *, threads: int = 8, allowed: float = 5.0, confirmed: bool = False
) -> Iterator[None]:
    """Let `threads` call the client until the block ends; every call is allowed so many seconds."""
    over = threading.Event()

    def work(worker: Worker) -> None:
        while not over.is_set():
            call = worker.call(client)
            ledger.note(call)
            if call.error is not None:
                time.sleep(_PAUSE)

    with Canary() as canary:
        callers = [Worker(offset, ledger.number, allowed, confirmed) for offset in range(threads)]
        running = [threading.Thread(target=work, args=(caller,)) for caller in callers]
        for thread in running:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in running:
                thread.join()
    _excuse(ledger, canary)


@asynccontextmanager
async def tasks_under_load(
    client: redis.asyncio.Redis, ledger: Ledger, *, tasks: int = 50, allowed: float = 5.0, confirmed: bool = False
) -> AsyncIterator[None]:
    """Let `tasks` call the client until the block ends; every call is allowed so many seconds."""
    over = False

    async def work(worker: Worker) -> None:
        while not over:
            call = await worker.acall(client)
            ledger.note(call)
            if call.error is not None:
                await asyncio.sleep(_PAUSE)

    with Canary() as canary:
        callers = [Worker(offset, ledger.number, allowed, confirmed) for offset in range(tasks)]
        running = [asyncio.create_task(work(caller)) for caller in callers]
        try:
            yield
        finally:
            over = True
            await asyncio.gather(*running)
    _excuse(ledger, canary)


def held(server: redis.Redis) -> Held:
    """Read what the server holds of a ledger, over a plain client with `decode_responses`."""
    # A scan, for it is what goes to all nodes of a Cluster.
    keys: Any = server.scan_iter(KEY.format("*"), count=1000)
    entries: Any = server.xrange(STREAM)
    pushed: Any = server.lrange(LIST, 0, -1)
    count: Any = server.get(COUNTER)
    return Held(
        pushed=tuple(int(text) for text in pushed),
        added=tuple(int(fields["id"]) for _, fields in entries),
        set=frozenset(int(key.rsplit(":", 1)[1]) for key in keys),
        count=int(count or 0),
    )


def _excuse(ledger: Ledger, canary: Canary) -> None:
    """Note with each call that ended late how late the machine was meanwhile."""
    for index, call in enumerate(ledger.calls):
        if call.overrun > 0:
            ledger.calls[index] = replace(call, late=canary.lateness(call.began + call.allowed, call.ended))
