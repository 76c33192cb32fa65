"""An answer's life, told by numbers alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.cache.policy import Freshness, Policy, judge

LONG = Policy(ttl=10, stale_while_revalidate=20, stale_if_error=100, keep_validators=1000, jitter=0)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, Freshness.FRESH), (9.9, Freshness.FRESH), (10, Freshness.STALE), (29, Freshness.STALE),
     (30, Freshness.FALLBACK), (109, Freshness.FALLBACK), (110, Freshness.GONE)],
)  # fmt: skip
def test_an_entry_is_fresh_then_stale_then_a_fallback_then_gone(age: float, expected: Freshness) -> None:
    assert judge(age, 10, False, LONG) is expected


def test_what_does_not_exist_is_never_served_stale() -> None:
    assert judge(9, 10, True, LONG) is Freshness.FRESH
    assert judge(11, 10, True, LONG) is Freshness.GONE


def test_an_answer_older_than_wanted_is_a_fallback_at_best() -> None:
    assert judge(5, 10, False, LONG, max_age=5) is Freshness.FRESH
    assert judge(6, 10, False, LONG, max_age=5) is Freshness.FALLBACK
    assert judge(15, 10, False, LONG, max_age=5) is Freshness.FALLBACK


@given(st.floats(0, 1), st.floats(0.001, 1e6))
def test_jitter_only_shortens_and_by_no_more_than_its_share(jitter: float, ttl: float) -> None:
    policy = Policy(ttl=ttl, jitter=jitter)
    assert ttl * (1 - jitter) - 1e-9 <= policy.own_ttl(None, negative=False) <= ttl


def test_an_entry_is_kept_as_long_as_it_is_of_use() -> None:
    assert LONG.lifetime(10, negative=False, validators=False) == 110
    assert LONG.lifetime(10, negative=False, validators=True) == 1010
    assert LONG.lifetime(10, negative=True, validators=True) == 10
    assert Policy(ttl=0, negative_ttl=3, jitter=0).own_ttl(None, negative=True) == 3


@pytest.mark.parametrize("wrong", [{"ttl": -1}, {"jitter": 1.1}, {"lease": 0}, {"max_bytes": -1}, {"patience": -1}])
def test_a_policy_that_means_nothing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"policy|jitter"):
        Policy(**wrong)  # type: ignore[arg-type]
