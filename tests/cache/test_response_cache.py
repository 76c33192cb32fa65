"""One replica: what is served, in which state, and for how long."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
import redis.asyncio
from tests.cache.conftest import becomes
from tests.cache.upstreams import Refused, Upstream

from mooring.cache import Loaded, NotModified, Policy, ResponseCache, State, SyncResponseCache, Tally, Validators
from mooring.cache.priority import Priority, current_priority
from mooring.embedded import EmbeddedRedis
from mooring.runtime.manager import RedisConnectionManager

KEY = ("issues", "o/r", {"state": "open"})
BRIEF = Policy(ttl=0.05, jitter=0)


async def test_what_was_asked_once_is_served_with_its_age(cache: ResponseCache) -> None:
    upstream = Upstream()
    first = await cache.get_or_load(KEY, upstream.load, account="7")
    await asyncio.sleep(0.05)
    second = await cache.get_or_load(KEY, upstream.load, account="7")
    assert (first.value, first.state) == ({"version": 1}, State.MISS)
    assert (second.value, second.state) == ({"version": 1}, State.HIT)
    assert 0.05 <= second.age < 5
    assert upstream.calls == 1


async def test_callers_who_share_an_answer_may_each_change_it(cache: ResponseCache) -> None:
    upstream = Upstream(seconds=0.02)
    one, other = await asyncio.gather(*(cache.get_or_load(KEY, upstream.load, account="7") for _ in range(2)))
    one.value["version"] = 99
    assert other.value == {"version": 1}
    assert (await cache.get_or_load(KEY, upstream.load, account="7")).value == {"version": 1}


async def test_after_its_ttl_an_answer_is_asked_for_anew(cache: ResponseCache) -> None:
    upstream = Upstream()
    await cache.get_or_load(KEY, upstream.load, account="7", policy=BRIEF)
    await asyncio.sleep(0.06)
    upstream.version = 2
    assert (await cache.get_or_load(KEY, upstream.load, account="7", policy=BRIEF)).value == {"version": 2}


async def test_a_caller_may_want_an_answer_younger_than_the_policy(cache: ResponseCache) -> None:
    upstream = Upstream()
    await cache.get_or_load(KEY, upstream.load, account="7")
    await asyncio.sleep(0.02)
    assert (await cache.get_or_load(KEY, upstream.load, account="7", max_age=60)).state is State.HIT
    assert (await cache.get_or_load(KEY, upstream.load, account="7", max_age=0.01)).state is State.MISS
    assert upstream.calls == 2


async def test_stale_is_served_at_once_and_refreshed_once_behind(cache: ResponseCache) -> None:
    policy = Policy(ttl=0.05, jitter=0, stale_while_revalidate=60)
    upstream = Upstream()
    await cache.get_or_load(KEY, upstream.load, account="7", policy=policy)
    await asyncio.sleep(0.06)
    upstream.version, upstream.seconds = 2, 0.05
    answers = [await cache.get_or_load(KEY, upstream.load, account="7", policy=policy) for _ in range(5)]
    assert {(answer.value["version"], answer.state) for answer in answers} == {(1, State.STALE)}
    await becomes(lambda: not cache._refreshing)
    assert (await cache.get_or_load(KEY, upstream.load, account="7", policy=policy)).value == {"version": 2}
    assert upstream.calls == 2


async def test_nobody_waits_for_a_refresh_and_so_it_goes_last(cache: ResponseCache) -> None:
    policy = Policy(ttl=0, stale_while_revalidate=60)
    priorities = []

    async def load(_: Validators) -> int:
        priorities.append(current_priority())
        return 1

    await cache.get_or_load(KEY, load, account="7", policy=policy)
    await cache.get_or_load(KEY, load, account="7", policy=policy)
    await becomes(lambda: len(priorities) == 2)
    assert priorities == [Priority.INTERACTIVE, Priority.BACKGROUND]


async def test_an_upstream_that_is_down_is_stood_in_for_and_that_is_marked(cache: ResponseCache) -> None:
    policy = Policy(ttl=0.05, jitter=0, stale_if_error=60)
    upstream = Upstream()
    await cache.get_or_load(KEY, upstream.load, account="7", policy=policy)
    await asyncio.sleep(0.06)
    upstream.down = True
    answer = await cache.get_or_load(KEY, upstream.load, account="7", policy=policy)
    assert (answer.value, answer.state) == ({"version": 1}, State.STALE)
    assert isinstance(answer.error, Refused)
    assert answer.age >= 0.06
    with pytest.raises(Refused):
        await cache.get_or_load("another", upstream.load, account="7", policy=policy)


async def test_only_the_errors_that_the_policy_names_are_stood_in_for(cache: ResponseCache) -> None:
    policy = Policy(ttl=0.05, jitter=0, stale_if_error=60, stale_on=(ConnectionError,))
    upstream = Upstream()
    await cache.get_or_load(KEY, upstream.load, account="7", policy=policy)
    await asyncio.sleep(0.06)
    upstream.down = True
    with pytest.raises(Refused):
        await cache.get_or_load(KEY, upstream.load, account="7", policy=policy)


async def test_an_error_is_never_kept(cache: ResponseCache) -> None:
    upstream = Upstream(down=True)
    with pytest.raises(Refused):
        await cache.get_or_load(KEY, upstream.load, account="7")
    upstream.down = False
    assert (await cache.get_or_load(KEY, upstream.load, account="7")).value == {"version": 1}


async def test_what_does_not_exist_is_known_for_a_time_of_its_own(cache: ResponseCache) -> None:
    calls = 0

    async def load(_: Validators) -> Loaded[None]:
        nonlocal calls
        calls += 1
        return Loaded(None, negative=True)

    policy = Policy(ttl=60, negative_ttl=0.05, jitter=0, stale_if_error=60, stale_while_revalidate=60)
    states = [await cache.get_or_load(KEY, load, account="7", policy=policy) for _ in range(2)]
    assert [(answer.negative, answer.state) for answer in states] == [(True, State.MISS), (True, State.HIT)]
    await asyncio.sleep(0.06)
    assert (await cache.get_or_load(KEY, load, account="7", policy=policy)).state is State.MISS
    assert calls == 2


async def test_what_has_not_changed_is_confirmed_and_not_transferred(cache: ResponseCache, tally: Tally) -> None:
    upstream = Upstream()
    states = []
    for _ in range(3):
        answer = await cache.get_or_load(KEY, upstream.load_tagged, account="7", policy=BRIEF)
        states.append((answer.value["version"], answer.state))
        await asyncio.sleep(0.06)
    upstream.version = 2
    answer = await cache.get_or_load(KEY, upstream.load_tagged, account="7", policy=BRIEF)
    assert states == [(1, State.MISS), (1, State.REVALIDATED), (1, State.REVALIDATED)]
    assert (answer.value, answer.state) == ({"version": 2}, State.MISS)
    assert upstream.seen == [{}, {"etag": '"1"'}, {"etag": '"1"'}, {"etag": '"1"'}]
    assert tally.counts["github", "loaded", "revalidated"] == 2


async def test_a_confirmed_answer_is_fresh_again(cache: ResponseCache) -> None:
    upstream = Upstream()
    await cache.get_or_load(KEY, upstream.load_tagged, account="7", policy=BRIEF)
    await asyncio.sleep(0.06)
    long = Policy(ttl=60)
    await cache.get_or_load(KEY, upstream.load_tagged, account="7", policy=long, max_age=0.01)
    assert (await cache.get_or_load(KEY, upstream.load_tagged, account="7", policy=long)).state is State.HIT


async def test_to_confirm_what_is_not_there_is_a_mistake_that_is_told(cache: ResponseCache) -> None:
    async def load(_: Validators) -> NotModified:
        return NotModified()

    for account in ("7", None):
        with pytest.raises(ValueError, match="NotModified"):
            await cache.get_or_load(KEY, load, account=account)


async def test_what_is_too_big_or_not_plain_or_not_wanted_is_given_but_not_kept(
    cache: ResponseCache, tally: Tally, caplog: pytest.LogCaptureFixture
) -> None:
    values: dict[str, Any] = {"size": os.urandom(2000), "value": (1, 2), "unkept": Loaded("x", keep=False)}
    policy = Policy(max_bytes=1000)
    for reason, value in values.items():

        async def load(_: Validators, value: Any = value) -> Any:
            return value

        for _ in range(2):
            answer = await cache.get_or_load(reason, load, account="7", policy=policy)
            assert answer.state is State.MISS
            assert answer.value == (value.value if isinstance(value, Loaded) else value)
        assert tally.counts["github", "refused", reason] == 2
    assert "tuple cannot be cached" in caplog.text


async def test_a_damaged_entry_is_a_miss_and_is_replaced(cache: ResponseCache, redis_server: EmbeddedRedis) -> None:
    upstream = Upstream()
    await cache.get_or_load(KEY, upstream.load, account="7")
    with redis_server.client() as client:
        (entry,) = [name for name in client.scan_iter("mooring:cache:*") if not name.endswith(b":lease")]
        data = client.get(entry)
        assert isinstance(data, bytes)
        client.set(entry, data[:-1] + b"?")
    states = [(await cache.get_or_load(KEY, upstream.load, account="7")).state for _ in range(2)]
    assert states == [State.MISS, State.HIT]


async def test_a_decorated_function_is_asked_once_for_equal_arguments(cache: ResponseCache) -> None:
    calls = []

    @cache.cached(Policy(ttl=60), account=lambda user, repo, page=1: user, tags=lambda user, repo, page=1: [repo])
    async def issues(user: str, repo: str, page: int = 1) -> list[str]:
        """List issues."""
        calls.append((user, repo, page))
        return [user, repo, str(page)]

    assert await issues("ann", "o/r") == await issues("ann", repo="o/r", page=1) == ["ann", "o/r", "1"]
    await issues("ben", "o/r")
    await issues("ann", "o/r", 2)
    assert calls == [("ann", "o/r", 1), ("ben", "o/r", 1), ("ann", "o/r", 2)]
    await cache.invalidate("o/r")
    await issues("ann", "o/r")
    assert len(calls) == 4
    assert issues.__doc__ == "List issues."


async def test_a_client_that_decodes_replies_is_refused_with_the_remedy(redis_server: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis.from_url(redis_server.url, decode_responses=True) as client:
        with pytest.raises(ValueError, match="without decode_responses"):
            ResponseCache(client, "github")


async def test_a_key_that_is_not_plain_and_tags_that_are_one_text_are_refused(cache: ResponseCache) -> None:
    upstream = Upstream()
    with pytest.raises(TypeError):
        await cache.get_or_load(object(), upstream.load, account="7")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="tags are several"):
        await cache.get_or_load(KEY, upstream.load, account="7", tags="repo:o/r")


async def test_names_and_logs_show_neither_account_nor_key_nor_tag(
    cache: ResponseCache, redis_server: EmbeddedRedis
) -> None:
    await cache.get_or_load("key-4711", Upstream().load, account="account-4711", tags=["tag-4711"])
    with redis_server.client() as client:
        names = b" ".join(client.scan_iter("*"))
    assert names.count(b"mooring:") == 3
    assert b"4711" not in names


async def test_the_clients_of_the_house_serve_both_twins(redis_server: EmbeddedRedis) -> None:
    upstream = Upstream()
    manager = RedisConnectionManager()
    try:
        client = manager.async_client("default", url=redis_server.url)
        async with ResponseCache(client, "github") as cache:
            states = [(await cache.get_or_load(KEY, upstream.load, account="7")).state for _ in range(2)]
            assert await cache.invalidate("any")
        assert states == [State.MISS, State.HIT]
        with SyncResponseCache(manager.client("default", url=redis_server.url), "slack") as threads:
            assert [threads.get_or_load(KEY, lambda _: 1, account="7").state for _ in range(2)] == states
    finally:
        await manager.aclose()
