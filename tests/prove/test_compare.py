"""Comparisons: which figures there are, and what may be said of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mooring.prove import Contact, Figure, Measurement, Outcome, Sample, Scenario, Side, State, Tally, Verdict
from mooring.prove.compare import Comparison, compare
from mooring.prove.scenarios import Block

Times = Mapping[Side, Sequence[float]]


def samples(times: Times, outcome: Outcome = Outcome.OK, rounds: int = 5) -> Iterator[Sample]:
    for side, own in times.items():
        for number in range(1, rounds + 1):
            block = Block(side, Scenario.HIT, 1, number)
            # Rounds differ by a little, as they do.
            yield from (Sample("s", block, 0.0, seconds * (1 + number / 100), outcome) for seconds in own)


def tallies(times: Times, connections: Mapping[Side, int], rounds: int = 5) -> Iterator[Tally]:
    for side, own in times.items():
        yield Tally("s", side, None, 0, 0, 1.0, 10, 10, 2)
        for number in range(1, rounds + 1):
            yield Tally("s", side, Scenario.HIT, 1, number, sum(own), len(own), len(own), connections[side])


def measurement(times: Times, connections: Mapping[Side, int] | None = None, rounds: int = 5) -> Measurement:
    opened = connections or dict.fromkeys(Side, 0)
    contacts = tuple(Contact("s", side, State.CONNECTS if side in times else State.FAILS, 1.0, 1) for side in Side)
    return Measurement(contacts, tuple(samples(times, rounds=rounds)), tuple(tallies(times, opened, rounds)))


def by_figure(measured: Measurement) -> dict[Figure, Comparison]:
    return {comparison.figure: comparison for comparison in compare(measured)}


# Enough calls that a few others would have the same percentiles.
SLOW = [0.010] * 5 + [0.011] * 20 + [0.030] * 5
FAST = [0.005] * 5 + [0.006] * 20 + [0.015] * 5


def test_half_the_time_is_better_and_half_the_rate_worse() -> None:
    faster = by_figure(measurement({Side.BEFORE: SLOW, Side.AFTER: FAST}))
    slower = by_figure(measurement({Side.BEFORE: FAST, Side.AFTER: SLOW}))
    for figure in (Figure.P50, Figure.P99, Figure.THROUGHPUT):
        assert faster[figure].verdict is Verdict.BETTER
        assert slower[figure].verdict is Verdict.WORSE
    change = faster[Figure.P50].change
    assert change is not None
    assert 0.5 < change.value < 0.6


def test_a_difference_below_5_percent_is_none() -> None:
    found = by_figure(measurement({Side.BEFORE: SLOW, Side.AFTER: [t * 0.97 for t in SLOW]}))
    change = found[Figure.P50].change
    assert change is not None
    assert change.high < 1
    assert found[Figure.P50].verdict is Verdict.SAME


def test_two_rounds_allow_no_verdict() -> None:
    found = by_figure(measurement({Side.BEFORE: SLOW, Side.AFTER: FAST}, rounds=2))
    assert found[Figure.P50].verdict is Verdict.UNMEASURED
    assert (found[Figure.P50].before, found[Figure.P50].after) != (None, None)


def test_a_side_that_never_connected_has_no_times_and_nothing_is_compared() -> None:
    found = by_figure(measurement({Side.AFTER: FAST}))
    assert found[Figure.P50].before is None
    assert found[Figure.P50].after == 0.006 * 1.03
    assert found[Figure.P50].calls == (0, 150)
    assert {c.verdict for c in found.values()} == {Verdict.UNMEASURED}


def test_first_contact_and_failed_calls_are_no_part_of_a_time() -> None:
    whole = measurement(dict.fromkeys(Side, FAST))
    extra = (
        Sample("s", Block(Side.AFTER, Scenario.HIT, 1, 0), 0.0, 9.0, Outcome.OK),
        Sample("s", Block(Side.AFTER, Scenario.HIT, 1, 1), 0.0, 9.0, Outcome.TIMEOUT, "no answer"),
    )
    found = by_figure(Measurement(whole.contacts, whole.samples + extra, whole.tallies))
    assert found[Figure.P99].after == 0.015 * 1.03
    assert (found[Figure.FAILURES].before, found[Figure.FAILURES].after) == (0, 1)
    assert found[Figure.FAILURES].calls == (150, 152)


def test_failures_that_end_are_better() -> None:
    contacts = tuple(Contact("s", side, State.CONNECTS, 1.0, 1) for side in Side)
    failed = tuple(samples({Side.BEFORE: SLOW}, Outcome.ERROR))
    good = tuple(samples({Side.AFTER: SLOW}))
    found = by_figure(Measurement(contacts, failed + good, ()))
    assert (found[Figure.FAILURES].before, found[Figure.FAILURES].after) == (150, 0)
    assert found[Figure.FAILURES].verdict is Verdict.BETTER


def test_connections_are_shown_in_all_and_judged_by_their_rounds() -> None:
    both = dict.fromkeys(Side, FAST)
    found = by_figure(measurement(both, {Side.BEFORE: 3, Side.AFTER: 0}))
    assert (found[Figure.CONNECTIONS].before, found[Figure.CONNECTIONS].after) == (17, 2)
    assert found[Figure.CONNECTIONS].verdict is Verdict.BETTER
    same = by_figure(measurement(both))
    assert same[Figure.CONNECTIONS].verdict is Verdict.SAME
