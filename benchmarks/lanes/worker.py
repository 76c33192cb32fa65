"""A process of one client, which takes a sample whenever it is told to.

    python -m benchmarks.lanes.worker CLIENT LOOP

It reads lines of JSON: an `Order` opens the client, a number takes a sample of so many seconds, null closes the client.
Each is answered by a line: null when the client is open or closed, or what went wrong; a sample.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from benchmarks.lanes.clients import CLIENTS
from benchmarks.lanes.record import Sample
from benchmarks.lanes.threads import THREADED, Get

__all__ = ["Order"]

Tell: TypeAlias = Callable[[object], object]

_KEYS = 50
_WRITES_OF_MIXED = 4


@dataclass(frozen=True, slots=True)
class Order:
    """Open the client at an address, given as redis-py's arguments, for so many calls of a kind at once."""

    address: dict[str, Any]
    calls: str
    size: int
    concurrent: int


def main() -> None:
    """Do as the lines say, until there are no more."""
    client, loop = sys.argv[1:]
    # What clients print goes elsewhere.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        _serve(client, loop, lambda answer: print(json.dumps(answer), file=answers, flush=True))


def _serve(client: str, loop: str, tell: Tell) -> None:
    while line := sys.stdin.readline():
        order = Order(**json.loads(line))
        try:
            if loop == "threads":
                _serve_threads(client, order, tell)
            else:
                factory = None if loop == "asyncio" else importlib.import_module(loop).new_event_loop
                with asyncio.Runner(loop_factory=factory) as runner:
                    runner.run(_serve_tasks(client, order, tell))
        except Exception as refusal:  # noqa: BLE001 - whatever a client makes of an address is an answer
            tell(f"{type(refusal).__name__}: {refusal}")
        else:
            tell(None)


async def _serve_tasks(name: str, order: Order, tell: Tell) -> None:
    value = b"x" * order.size
    async with CLIENTS[name](order.address, order.concurrent) as (get, put):
        await _check(get, put, value)
        call = _mix(get, put, order.calls)
        # Opens all connections, which over TLS takes longer than a sample.
        await asyncio.gather(*(call(_key(number), value) for number in range(order.concurrent)))
        tell(None)
        # In a thread, so that what a client does in the background goes on.
        while seconds := json.loads(await asyncio.to_thread(sys.stdin.readline)):
            tell(asdict(await _sample(call, value, order.concurrent, seconds)))


async def _check(
    get: Callable[[str], Awaitable[object]], put: Callable[[str, bytes], Awaitable[object]], value: bytes
) -> None:
    for number in range(_KEYS):
        await put(_key(number), value)
        if await get(_key(number)) != value:
            raise ValueError("the value that was set is not the one that came back")


def _key(number: int) -> str:
    return f"key:{number % _KEYS}"


def _mix(
    get: Callable[[str], Awaitable[object]], put: Callable[[str, bytes], Awaitable[object]], calls: str
) -> Callable[[str, bytes], Awaitable[object]]:
    if calls == "set":
        return put
    turn = 0

    def read(key: str, _: bytes) -> Awaitable[object]:
        return get(key)

    def mixed(key: str, value: bytes) -> Awaitable[object]:
        nonlocal turn
        turn += 1
        return get(key) if turn % _WRITES_OF_MIXED else put(key, value)

    return read if calls == "get" else mixed


async def _sample(
    call: Callable[[str, bytes], Awaitable[object]], value: bytes, concurrent: int, seconds: float
) -> Sample:
    waits: list[float] = []
    clock = time.perf_counter
    until = clock() + seconds

    async def caller(number: int) -> None:
        key = _key(number)
        before = clock()
        while before < until:
            await call(key, value)
            after = clock()
            waits.append(after - before)
            before = after

    cpu, began = time.process_time(), clock()
    await asyncio.gather(*(caller(number) for number in range(concurrent)))
    return _summed_up(waits, clock() - began, time.process_time() - cpu)


def _serve_threads(name: str, order: Order, tell: Tell) -> None:
    with THREADED[name](order.address, order.concurrent) as get:
        _sample_threads(get, order.concurrent, 0.05)
        tell(None)
        while seconds := json.loads(sys.stdin.readline()):
            tell(asdict(_sample_threads(get, order.concurrent, seconds)))


def _sample_threads(get: Get, concurrent: int, seconds: float) -> Sample:
    waits: list[list[float]] = [[] for _ in range(concurrent)]
    clock = time.perf_counter
    until = clock() + seconds

    def caller(number: int) -> None:
        key, own = _key(number), waits[number]
        before = clock()
        while before < until:
            get(key)
            after = clock()
            own.append(after - before)
            before = after

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(concurrent)]
    cpu, began = time.process_time(), clock()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _summed_up([wait for own in waits for wait in own], clock() - began, time.process_time() - cpu)


def _summed_up(waits: list[float], took: float, cpu: float) -> Sample:
    waits.sort()
    count = len(waits)
    return Sample(count / took, waits[count // 2] * 1e6, waits[count * 99 // 100] * 1e6, cpu / count * 1e6)


if __name__ == "__main__":
    main()
