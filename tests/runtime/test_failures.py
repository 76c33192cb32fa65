"""Failures are redis-py's and Mooring's own, say what happened and what to do, and travel between processes."""

from __future__ import annotations

import pickle

import pytest
import redis

from mooring.errors import MooringError
from mooring.runtime.failures import CircuitOpen, DeadlineExceeded, PoolExhausted

LATE = DeadlineExceeded("cache:6379", "GET", 0.5, 2, "ConnectionError: refused", True)
UNSENT = DeadlineExceeded("cache:6379", "GET", 5.0, 1, None, False)
OPEN = CircuitOpen("cache:6379", 12.0, "ConnectionError: refused")
FULL = PoolExhausted("cache:6379/0", 50, 5.0)


@pytest.mark.parametrize("failure", [LATE, UNSENT, OPEN, FULL])
def test_a_failure_survives_pickling(failure: Exception) -> None:
    again = pickle.loads(pickle.dumps(failure))
    assert type(again) is type(failure)
    assert str(again) == str(failure)
    assert vars(again) == vars(failure)


def test_who_catches_redis_pys_errors_catches_these() -> None:
    for failure in (LATE, OPEN, FULL):
        assert isinstance(failure, MooringError)
        assert isinstance(failure, redis.RedisError)
    assert isinstance(LATE, redis.TimeoutError)
    assert isinstance(OPEN, redis.ConnectionError)
    assert isinstance(FULL, redis.ConnectionError)


def test_the_words_say_what_happened_and_what_to_do() -> None:
    assert str(LATE) == (
        "GET got no reply from cache:6379 within 0.5 s and 2 attempts, but may have run."
        " Last: ConnectionError: refused. Raise the deadline (REDIS_DEADLINE, mooring.deadline), or see mooring doctor."
    )
    assert "within 5 s and 1 attempt; it has not run. Last: the server did not answer." in str(UNSENT)
    assert str(OPEN).startswith("cache:6379 has been out of reach for 12 s, so this call was not tried.")
    assert str(FULL).startswith("All 50 connections to cache:6379/0 stayed in use for 5 s. Raise max_connections")
