"""A target is met, missed, or not measured, and each says why."""

from __future__ import annotations

import pytest

from mooring.errors import UsageError
from mooring.prove import Aim, Answer, Answered, Measurement, Outcome, Sample, Scenario, Side, Target, read_target
from mooring.prove.compare import compare
from mooring.prove.scenarios import Block
from mooring.prove.targets import answer

from .proofs import make_proof


def answered(text: str, measurement: Measurement | None = None) -> Answered:
    measured = measurement or make_proof().measurement
    (found,) = answer([read_target(text)], measured, compare(measured))
    return found


def calls(failed: int, of: int) -> Measurement:
    block = Block(Side.AFTER, Scenario.HIT, 1, 1)
    fates = [Outcome.ERROR if index < failed else Outcome.OK for index in range(of)]
    return Measurement((), tuple(Sample("a", block, 0.0, 0.001, fate) for fate in fates), ())


@pytest.mark.parametrize(("limit", "verdict"), [("4", Answer.MET), ("2", Answer.MISSED)])
def test_a_time_is_that_of_the_slowest_service(limit: str, verdict: Answer) -> None:
    found = answered(f"hit={limit}")
    assert found.answer is verdict
    assert found.value == pytest.approx(2.55, abs=0.3)


@pytest.mark.parametrize(
    ("failed", "of", "verdict"),
    [(0, 100, Answer.UNMEASURED), (0, 10_000, Answer.MET), (1, 500, Answer.MISSED), (8, 10_000, Answer.UNMEASURED)],
)
def test_few_failures_are_believed_only_of_many_calls(failed: int, of: int, verdict: Answer) -> None:
    assert answered("failures=0.1", calls(failed, of)).answer is verdict


def test_failures_during_a_fault_are_not_those_of_the_load() -> None:
    block = Block(Side.AFTER, Scenario.RESTART, 4, 1)
    struck = tuple(Sample("a", block, 0.0, 0.1, Outcome.ERROR) for _ in range(100))
    measured = calls(0, 10_000)
    found = answered("failures=0.1", Measurement((), measured.samples + struck, ()))
    assert found.value == 0


def test_a_change_is_over_the_services_that_have_both_sides() -> None:
    # Of five services, two have: one as fast as before, one in half the time.
    assert answered("response=-20").answer is Answer.MET
    found = answered("response=-40")
    assert found.answer is Answer.MISSED
    assert found.value == pytest.approx(100 * (0.5**0.5 - 1), abs=0.5)
    assert "2 services" in found.why


def test_what_nothing_was_measured_of_is_not_measured() -> None:
    nothing = Measurement((), (), ())
    assert {answered(f"{aim}=1", nothing).answer for aim in Aim} == {Answer.UNMEASURED}


@pytest.mark.parametrize("text", ["", "hit", "speed=3", "hit=fast", "hit=nan", "hit=inf"])
def test_a_target_that_is_none_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(UsageError, match="--target"):
        read_target(text)


def test_a_target_is_an_aim_and_a_bound() -> None:
    assert read_target("connections=-60") == Target(Aim.CONNECTIONS, -60.0)
