"""No two accounts ever share an entry."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.cache import Cached, ResponseCache, SyncResponseCache, Validators
from mooring.cache.names import check_service, entry_name

ACCOUNT = st.text(min_size=1, max_size=6) | st.sampled_from(["1", "12", "1:2", "a}b", "{a}", "1\x00", "1 "])
KEY: st.SearchStrategy[Any] = st.recursive(
    st.text(max_size=4) | st.integers(0, 99) | st.booleans() | st.none() | st.sampled_from(["2:x", ":lease", "}{"]),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)


@given(st.tuples(ACCOUNT, KEY), st.tuples(ACCOUNT, KEY))
def test_entries_are_the_same_only_if_account_and_key_are(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    # True == 1 in Python, but they are not the same argument.
    same = repr(one) == repr(other)
    assert (entry_name("github", *one) == entry_name("github", *other)) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1:2", "x"), ("1", "2:x")),
        (("1", "2"), ("12", "")),
        (("a", ("b", "c")), ("a", (("b", "c"),))),
        (("1", 1), ("1", True)),
        (("1", 1), ("1", "1")),
        (("1", None), ("1", "None")),
        (("a", {"b": 1, "c": 2}), ("a", {"b": "1", "c": 2})),
    ],
)
def test_neither_account_nor_key_reaches_into_the_other(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    assert entry_name("github", *one) != entry_name("github", *other)
    assert entry_name("git", *one) != entry_name("github", *one)


def test_a_number_beyond_64_bits_names_nothing() -> None:
    assert entry_name("github", "7", 2**63 - 1)
    with pytest.raises(TypeError, match="64 bits"):
        entry_name("github", "7", {"number": 2**64})


def test_arguments_by_name_have_no_order() -> None:
    assert entry_name("github", "7", {"a": 1, "b": 2}) == entry_name("github", "7", {"b": 2, "a": 1})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ACCOUNT, KEY), min_size=2, max_size=8))
def test_every_account_is_given_what_is_its_own(sync_cache: SyncResponseCache, calls: list[tuple[str, Any]]) -> None:
    for account, key in calls * 2:
        mine = [account, repr(key)]
        got: Cached[list[str]] = sync_cache.get_or_load(key, lambda _, mine=mine: mine, account=account)  # type: ignore[misc]
        assert got.value == mine


async def test_accounts_that_ask_at_once_share_no_flight(cache: ResponseCache) -> None:
    async def load_for(account: str) -> Cached[str]:
        async def load(_: Validators) -> str:
            await asyncio.sleep(0.01)
            return account

        return await cache.get_or_load("me", load, account=account)

    accounts = [f"user {n % 10}" for n in range(50)]
    answers = await asyncio.gather(*map(load_for, accounts))
    assert [answer.value for answer in answers] == accounts


async def test_an_unknown_account_is_neither_kept_nor_shared(cache: ResponseCache) -> None:
    calls = 0

    async def load(_: Validators) -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        return calls

    answers = await asyncio.gather(*(cache.get_or_load("me", load, account=None) for _ in range(5)))
    assert [answer.value for answer in answers] == [5] * 5
    assert calls == 5
    with pytest.raises(ValueError, match="account"):
        await cache.get_or_load("me", load, account="")


@pytest.mark.parametrize("name", ["", "git hub", "a:b", "{x}", "x" * 65])
def test_a_service_whose_name_could_reach_into_others_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="service"):
        check_service(name)
