"""Single flight in a process outlives its first caller, but not its last."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.cache.conftest import becomes
from tests.cache.upstreams import Upstream

from mooring.cache import Policy, Priority, ResponseCache, SyncResponseCache
from mooring.cache.flights import AsyncFlights, Flights
from mooring.cache.flow import fill, refresh
from mooring.cache.scripts import CLAIM, DROP, PUT
from mooring.cache.steps import Flow, Load, Request, Run, View
from mooring.embedded import EmbeddedRedis


async def test_a_flight_goes_on_without_the_caller_that_began_it(cache: ResponseCache) -> None:
    upstream = Upstream(seconds=0.1)
    first, second = (asyncio.create_task(cache.get_or_load("k", upstream.load, account="7")) for _ in range(2))
    await becomes(lambda: upstream.calls == 1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).value == {"version": 1}
    assert upstream.calls == 1


async def test_the_last_caller_to_leave_ends_the_flight_and_gives_back_the_lease(
    cache: ResponseCache, redis_server: EmbeddedRedis
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def load(_: object) -> int:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return 1

    # Its lease would not run out while the test lasts.
    policy = Policy(lease=600)
    callers = [asyncio.create_task(cache.get_or_load("k", load, account="7", policy=policy)) for _ in range(2)]
    with redis_server.client() as client:
        await asyncio.wait_for(begun.wait(), 5)
        assert list(client.scan_iter("*:lease"))
        for caller in callers:
            caller.cancel()
        await asyncio.wait_for(ended.wait(), 5)
        await becomes(lambda: not list(client.scan_iter("*:lease")))
    assert (await cache.get_or_load("k", Upstream().load, account="7")).value == {"version": 1}


@pytest.mark.parametrize("begin", [fill, refresh])
def test_who_is_cancelled_while_he_claims_gives_back_the_lease_that_he_may_have(begin: Callable[..., Flow]) -> None:
    request = Request("github", b"entry", (b"tag",), Policy(), None, Priority.INTERACTIVE)
    flow = begin(request, View(None, b"stamp", 0.0))
    claim = next(flow)
    assert isinstance(claim, Run) and claim.script is CLAIM
    back = flow.throw(asyncio.CancelledError())
    assert isinstance(back, Run) and back.script is DROP
    assert back.names == [claim.names[0]]  # the lease
    assert back.arguments == [claim.arguments[2]]  # the token
    with pytest.raises(asyncio.CancelledError):
        flow.send(1)


def test_who_is_cancelled_while_he_stores_gives_back_the_lease() -> None:
    request = Request("github", b"entry", (b"tag",), Policy(), None, Priority.INTERACTIVE)
    flow = fill(request, View(None, b"s" * 16, 0.0))
    next(flow)
    assert isinstance(flow.send([1, 1, 0]), Load)  # the lease is his
    put = flow.send("answer")
    assert isinstance(put, Run) and put.script is PUT
    back = flow.throw(asyncio.CancelledError())
    assert isinstance(back, Run) and back.script is DROP and back.arguments == [put.arguments[0]]


async def test_all_who_share_a_flight_get_its_error_and_the_next_begins_anew() -> None:
    flights: AsyncFlights[int] = AsyncFlights()
    begun = 0

    async def fail() -> int:
        nonlocal begun
        begun += 1
        await asyncio.sleep(0.01)
        raise LookupError

    for _ in range(2):
        results = await asyncio.gather(*(flights.join("k", fail) for _ in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [LookupError] * 3
    assert begun == 2


async def test_who_wants_it_younger_than_the_flight_begins_another() -> None:
    flights: AsyncFlights[int] = AsyncFlights()
    begun = 0

    async def fly() -> int:
        nonlocal begun
        begun += 1
        mine = begun
        await asyncio.sleep(0.1)
        return mine

    first = asyncio.create_task(flights.join("k", fly))
    await asyncio.sleep(0.02)
    assert await flights.join("k", fly, max_age=0.01) == (2, False)
    assert await first == (1, False)


def test_threads_share_a_flight() -> None:
    flights: Flights[int] = Flights()
    begun = []

    def fly() -> int:
        begun.append(threading.get_ident())
        time.sleep(0.2)
        return 42

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: flights.join("k", fly, None, 10), range(8)))
    assert [value for value, _ in results] == [42] * 8
    assert sum(joined for _, joined in results) == 7
    assert len(begun) == 1


def test_a_thread_that_was_interrupted_fails_alone() -> None:
    flights: Flights[int] = Flights()
    flying, waiting = threading.Event(), threading.Event()

    def interrupted() -> int:
        flying.set()
        waiting.wait(10)
        time.sleep(0.05)
        raise KeyboardInterrupt

    def join_late() -> tuple[int, bool]:
        flying.wait(10)
        waiting.set()
        return flights.join("k", lambda: 42, None, 10)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(flights.join, "k", interrupted, None, 10.0)
        second = threads.submit(join_late)
        assert second.result() == (42, False)
        with pytest.raises(KeyboardInterrupt):
            first.result()


def test_a_thread_waits_for_another_no_longer_than_its_patience() -> None:
    flights: Flights[int] = Flights()
    release, flying = threading.Event(), threading.Event()

    def slow() -> int:
        flying.set()
        release.wait(10)
        return 1

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(flights.join, "k", slow, None, 10.0)
        flying.wait(10)
        assert flights.join("k", lambda: 2, None, 0.02) == (2, False)
        release.set()
        assert first.result() == (1, False)


def test_many_threads_ask_the_upstream_once(sync_cache: SyncResponseCache) -> None:
    calls = []

    def load(_: object) -> str:
        calls.append(1)
        time.sleep(0.1)
        return "answer"

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: sync_cache.get_or_load("k", load, account="7").value, range(20)))
    assert answers == ["answer"] * 20
    assert len(calls) == 1
