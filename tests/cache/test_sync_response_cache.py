"""The twin for threads serves as the other does."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable

import pytest

from mooring.cache import Loaded, NotModified, Policy, State, SyncResponseCache, Tally, Validators, events

BRIEF = Policy(ttl=0.05, jitter=0, stale_if_error=60)


def test_an_answer_is_kept_then_confirmed_then_stood_in_for(sync_cache: SyncResponseCache) -> None:
    def load(validators: Validators) -> Loaded[str] | NotModified:
        return NotModified() if validators else Loaded("answer", {"etag": "1"})

    def fail(_: Validators) -> Loaded[str]:
        raise ConnectionError

    states: list[State] = []
    loaders: list[Callable[[Validators], Loaded[str] | NotModified]] = [load, load, load, fail]
    for loader in loaders:
        if len(states) > 1:
            time.sleep(0.06)
        answer = sync_cache.get_or_load("k", loader, account="7", policy=BRIEF)
        assert answer.value == "answer"
        states.append(answer.state)
    assert states == [State.MISS, State.HIT, State.REVALIDATED, State.STALE]
    assert sync_cache.get_or_load("k", load, account=None).state is State.MISS


def test_stale_is_refreshed_by_another_thread(sync_cache: SyncResponseCache) -> None:
    policy = Policy(ttl=0.05, jitter=0, stale_while_revalidate=60)
    sync_cache.get_or_load("k", lambda _: 1, account="7", policy=policy)
    time.sleep(0.06)
    states = []
    for _ in range(1000):
        answer = sync_cache.get_or_load("k", lambda _: 2, account="7", policy=policy)
        states.append((answer.value, answer.state))
        if answer.value == 2:
            break
        time.sleep(0.002)
    assert states[0] == (1, State.STALE)
    assert states[-1][0] == 2


def test_a_decorated_function_is_asked_once(sync_cache: SyncResponseCache) -> None:
    calls = []

    @sync_cache.cached(account="7", tags=lambda repo: [repo.lower()], key=lambda repo: repo.lower())
    def stars(repo: str) -> int:
        calls.append(repo)
        return len(calls)

    assert [stars("O/R"), stars("o/r"), stars("o/s")] == [1, 1, 2]
    sync_cache.invalidate("o/r")
    assert stars("O/R") == 3


def test_everything_can_be_made_stale(sync_cache: SyncResponseCache, tally: Tally) -> None:
    sync_cache.get_or_load("k", lambda _: 1, account="7")
    assert sync_cache.invalidate_all()
    assert sync_cache.get_or_load("k", lambda _: 2, account="7").value == 2
    assert tally.hit_ratio("github") == 0.0


def test_a_fork_begins_without_its_parents_flights(sync_cache: SyncResponseCache) -> None:
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()

    def child() -> None:
        policy = Policy(lease=0.2, patience=600)
        results.put(sync_cache.get_or_load("k", lambda _: "child", account="7", policy=policy).value)

    def load(_: Validators) -> str:
        process = context.Process(target=child)
        process.start()
        process.join(8)
        process.kill()
        process.join()
        assert process.exitcode == 0
        return "parent"

    # The parent forks while it flies: without care, the child would wait for a thread that it has not got.
    assert sync_cache.get_or_load("k", load, account="7", policy=Policy(lease=0.2)).value == "parent"
    assert results.get() == "child"


@pytest.mark.parametrize("times", [1, 3])
def test_listeners_that_raise_disturb_nobody(
    sync_cache: SyncResponseCache, caplog: pytest.LogCaptureFixture, times: int
) -> None:
    def broken(_: events.Event) -> None:
        raise LookupError

    listener: Callable[[events.Event], None] = broken
    for _ in range(times):
        events.install(listener)
    try:
        assert sync_cache.get_or_load("k", lambda _: 1, account="7").value == 1
    finally:
        events.uninstall(listener)
    assert events.active == ()
    assert "listener to cache events failed" in caplog.text
