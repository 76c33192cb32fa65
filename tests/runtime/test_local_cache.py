"""What a local cache keeps and what it lets go, without a server."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from redis._parsers import Encoder

from mooring.config.cache_size import CacheSize
from mooring.runtime.local_cache.cache import Flight, LocalCache, copied
from mooring.runtime.local_cache.commands import is_cached, keys_named, spelled

NOW, LATER = 100.0, 200.0


def cache_of(**size: Any) -> LocalCache:
    cache = LocalCache(CacheSize(**size))
    cache.fresh_until = LATER
    return cache


def depart(cache: LocalCache, ident: str, key: bytes = b"key") -> Flight:
    flight = Flight(ident, key, b"packed", None)
    cache.depart(flight)
    return flight


def test_a_flight_that_lands_is_found_until_its_time_is_over() -> None:
    cache = cache_of()
    assert cache.land(depart(cache, "get"), b"value", NOW + 1)
    assert cache.find("get", NOW) is not None
    assert cache.find("get", NOW + 1) is None


def test_nothing_is_found_when_the_server_is_not_heard() -> None:
    cache = cache_of()
    cache.land(depart(cache, "get"), b"value", LATER * 2)
    assert cache.find("get", LATER) is None


def test_an_invalidation_keeps_a_flight_of_the_key_from_landing() -> None:
    cache = cache_of()
    struck, other = depart(cache, "get"), depart(cache, "other", b"other")
    cache.invalidate([b"key"])
    assert cache.flight("get") is None
    again = depart(cache, "get")
    assert not cache.land(struck, b"old", LATER)
    assert cache.land(again, b"new", LATER)
    assert cache.land(other, b"value", LATER)
    assert cache.entries["get"].reply == b"new"


def test_a_crash_of_a_struck_flight_leaves_its_successor_alone() -> None:
    cache = cache_of()
    struck = depart(cache, "get")
    cache.drop()
    again = depart(cache, "get")
    cache.crash(struck)
    assert cache.land(again, b"value", LATER)


def test_an_invalidation_takes_every_reply_of_its_key() -> None:
    cache = cache_of()
    for ident in ("get", "strlen"):
        cache.land(depart(cache, ident), 1, LATER)
    cache.land(depart(cache, "other", b"other"), 1, LATER)
    assert cache.invalidate([b"key", b"unknown"]) == 2
    assert list(cache.entries) == ["other"]


def test_what_is_asked_for_stays_and_the_oldest_goes() -> None:
    cache = cache_of(entries=3)
    for number in range(10):
        cache.land(depart(cache, str(number), str(number).encode()), number, LATER)
        cache.entries["0"].used = True
    assert set(cache.entries) == {"0", "8", "9"}
    assert cache.numbers().evicted == 7


def test_bytes_are_bounded_and_counted_no_lower_than_they_are() -> None:
    tracemalloc.start()
    try:
        cache = cache_of(bytes=1 << 20, entries=10**9)
        before = tracemalloc.get_traced_memory()[0]
        for number in range(5000):
            ident = f"{number}"
            flight = Flight(ident, ident.encode(), b"*2 GET" + ident.encode(), None)
            cache.depart(flight)
            cache.land(flight, [b"%d" % number * 10, {"a": b"x" * 100}], LATER)
        del flight
        assert tracemalloc.get_traced_memory()[0] - before < 1.25 * (1 << 20)
    finally:
        tracemalloc.stop()
    assert cache.numbers().bytes <= 1 << 20
    assert cache.numbers().evicted


def test_no_reply_takes_most_of_the_room() -> None:
    cache = cache_of(bytes=80_000)
    cache.land(depart(cache, "small"), b"x", LATER)
    assert not cache.land(depart(cache, "large", b"large"), b"x" * 20_000, LATER)
    assert list(cache.entries) == ["small"]


def test_tables_are_empty_when_everything_is_gone() -> None:
    cache = cache_of()
    for number in range(10):
        cache.land(depart(cache, str(number), b"%d" % number), number, LATER)
    cache.crash(depart(cache, "crashed", b"crashed"))
    cache.invalidate([b"%d" % number for number in range(10)])
    assert (cache.entries, cache._flights, cache._of_key, cache.numbers().bytes) == ({}, {}, {}, 0)


def test_a_copy_shares_nothing_that_can_change() -> None:
    reply = [{b"a": [1]}, {b"x"}]
    copy = copied(reply)
    copy[0][b"a"].append(2)
    copy[1].clear()
    assert reply == [{b"a": [1]}, {b"x"}]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("GET", "key"), True),
        (("EXISTS", "one", "two"), False),
        (("SET", "key", "value"), False),
        (("TTL", "key"), False),
        (("SRANDMEMBER", "key"), False),
        (("GET",), False),
    ],
)
def test_reads_of_one_key_are_cached(arguments: tuple[str, ...], answer: bool) -> None:
    assert is_cached(arguments) is answer


def test_numbers_are_told_apart_as_the_server_sees_them() -> None:
    assert spelled(("GET", "1"), b"packed") == ("GET", "1")
    assert spelled(("GET", 1), b"packed") == b"packed"


def test_every_argument_may_be_a_key() -> None:
    encode = Encoder("utf-8", "strict", False).encode
    named = keys_named(("MSET", "a", b"b", 1, memoryview(b"m"), ("not", "sent")), encode)
    assert list(named) == [b"a", b"b", b"1", b"m"]
