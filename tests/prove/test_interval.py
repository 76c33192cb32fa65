"""Intervals: known values, and how often they mislead."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.prove.interval import Change, Rounds, difference, of_shares, percentile, rank, ratio


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.1, 1), (0.11, 2), (0.5, 5), (0.9, 9), (0.91, 10), (0.99, 10), (1.0, 10)]
)
def test_a_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile(list(range(1, 11)), share) == expected


@given(st.lists(st.floats(0, 1e6), min_size=1).map(sorted), st.floats(0, 1))
def test_a_percentile_is_one_of_the_values(ranked: list[float], share: float) -> None:
    assert percentile(ranked, share) in ranked


def test_a_figure_is_the_median_over_rounds() -> None:
    assert rank({1: [1, 2, 3], 2: [10, 20, 30], 3: [4, 5, 6]}, 0.5) == 5
    assert rank({}, 0.5) is None


def test_a_ratio_is_the_geometric_mean_of_its_rounds() -> None:
    before: Rounds = {1: [1.0], 2: [1.0], 3: [1.0]}
    change = ratio(before, {1: [2.0], 2: [4.0], 3: [8.0]}, 0.5)
    assert change is not None
    assert change.value == pytest.approx(4.0)
    assert change.low * change.high == pytest.approx(16.0)
    # Three logarithms one ln 2 apart, spread for their being three: the highest drawn three times.
    assert change.high == pytest.approx(4 * 2 ** (9.925 * 1.5**0.5 / 2.576))


def test_only_rounds_with_both_sides_count() -> None:
    change = difference({1: 1.0, 2: 1.0, 3: 1.0, 9: 100.0}, {1: 2.0, 2: 2.0, 3: 2.0, 8: 50.0})
    assert change is not None
    assert (change.value, change.low, change.high) == (1.0, 1.0, 1.0)


def test_two_rounds_show_nothing_even_if_they_agree() -> None:
    assert ratio({1: [1.0], 2: [1.0]}, {1: [9.0], 2: [9.0]}, 0.5) is None
    assert difference({1: 1.0, 2: 1.0}, {1: 9.0, 2: 9.0}) is None


def test_shares_that_are_known_have_the_published_interval() -> None:
    # Newcombe (1998), method 10: 56 of 70 against 48 of 80, at 95 %.
    change = of_shares((48, 80), (56, 70), 1.959964)
    assert change.value == pytest.approx(0.2)
    assert (round(change.low, 4), round(change.high, 4)) == (0.0524, 0.3339)
    wider = of_shares((48, 80), (56, 70))
    assert wider.low < change.low < change.high < wider.high


def test_all_against_none_is_beyond_doubt() -> None:
    change = of_shares((50, 50), (0, 500))
    assert change.value == -1
    assert -1 <= change.low <= change.high < -0.8


def test_rounds_that_agree_are_as_sure_as_their_calls() -> None:
    calls = same_program(random.Random(3), 1, 30, 0)[0]
    change = ratio(dict.fromkeys(range(3), calls), dict.fromkeys(range(3), calls), 0.5)
    assert change is not None
    assert change.low < 0.95 < 1 < 1.05 < change.high
    even: Rounds = dict.fromkeys(range(3), [2.0] * 30)
    assert ratio(even, dict.fromkeys(range(3), [1.0] * 30), 0.5) == Change(0.5, 0.5, 0.5)


def test_the_same_samples_have_the_same_interval() -> None:
    before, after = (same_program(random.Random(seed), 3, 30, 0.1) for seed in (5, 6))
    shuffled = dict(reversed(before.items()))
    assert ratio(before, after, 0.5) == ratio(shuffled, after, 0.5)


def test_ten_thousand_calls_take_no_time() -> None:
    draw = random.Random(9)
    before, after = (same_program(draw, 5, 1000, 0.1) for _ in "ab")
    began = time.process_time()
    assert ratio(before, after, 0.99) is not None
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("rounds", "calls", "share"), [(3, 30, 0.5), (3, 30, 0.99), (3, 1, 0.5), (5, 30, 0.5), (5, 1, 0.5)]
)
def test_two_runs_of_the_same_program_seldom_differ(rounds: int, calls: int, share: float) -> None:
    draw = random.Random(7)
    misled = 0
    for _ in range(100):
        before, after = (same_program(draw, rounds, calls, 0.1) for _ in "ab")
        change = ratio(before, after, share)
        assert change is not None
        misled += not change.low <= 1 <= change.high
    assert misled <= 5


def test_a_program_twice_as_fast_is_shown_by_five_rounds() -> None:
    draw = random.Random(11)
    shown = 0
    for _ in range(50):
        before, after = (same_program(draw, 5, 30, 0.05) for _ in "ab")
        change = ratio(before, {n: [value / 2 for value in values] for n, values in after.items()}, 0.5)
        shown += change is not None and change.high < 1
    assert shown >= 45


def same_program(draw: random.Random, rounds: int, calls: int, apart: float) -> dict[int, list[float]]:
    """The times of rounds that differ by a factor of about 1 +- `apart`."""
    pace = [draw.gauss(0, apart) for _ in range(rounds)]
    return {n: sorted(draw.lognormvariate(mean, 0.3) for _ in range(calls)) for n, mean in enumerate(pace)}
