"""Intervals: known values, and how often they mislead."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.prove.interval import Rounds, difference, of_shares, percentile, rank, ratio


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
    # Three logarithms one ln 2 apart: ln 4 +- 9.925 ln 2 / sqrt(3).
    assert change.high == pytest.approx(4 * 2 ** (9.925 / 3**0.5), rel=1e-3)


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


def test_two_runs_of_the_same_program_seldom_differ() -> None:
    draw = random.Random(7)
    misled = 0
    for _ in range(500):
        before, after = (
            {n: sorted(draw.lognormvariate(draw.gauss(0, 0.1), 0.3) for _ in range(30)) for n in range(5)} for _ in "ab"
        )
        change = ratio(before, after, 0.5)
        assert change is not None
        misled += not change.low <= 1 <= change.high
    assert misled <= 500 * 0.03
