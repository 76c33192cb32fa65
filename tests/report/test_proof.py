"""The terminal's table of a proof: what connects, what was measured, what was not and why."""

from __future__ import annotations

import re

import pytest

from mooring.prove import Proof, State
from mooring.report.cells import number
from mooring.report.proof import render

from .proofs import make_proof


@pytest.fixture(scope="module")
def proof() -> Proof:
    return make_proof()


@pytest.fixture(scope="module")
def shown(proof: Proof) -> str:
    return render(proof)


def line_of(shown: str, *starts: str) -> str:
    pattern = r"\s+".join(map(re.escape, starts))
    found = re.search(rf"^{pattern}\b.*$", shown, re.MULTILINE)
    assert found is not None
    return found.group()


def test_the_first_line_is_the_result(shown: str) -> None:
    first = shown.splitlines()[0]
    assert first == "3 of 5 servers could not use their Redis before the fix; 4 of 5 can after it."


def test_each_service_has_a_line_for_each_side(shown: str) -> None:
    assert line_of(shown, "steady", "before", "yes").split()[3:] == [
        "2.55/3.05", "7.21/8.63", "49.2/66.0", "173/207", "0", "of", "248", "20", "1,114",
    ]  # fmt: skip
    assert line_of(shown, "mended", "before", "no").split()[3:] == ["-", "-", "-", "-", "8", "of", "8", "0", "-"]
    assert line_of(shown, "revived", "before", "no start").split()[4:] == ["-", "-", "-", "-", "-", "0", "-"]


def test_columns_are_aligned(shown: str) -> None:
    table = [line for line in shown.splitlines() if re.match(r"^(\S+)?\s+(before|after)\s", line)]
    assert len(table) == 10
    assert len({line.index("before") if "before" in line else line.index("after") for line in table}) == 1


def test_what_differs_has_its_verdict_and_interval(shown: str) -> None:
    assert re.search(r"faster: p50 hit, one at a time, better: -5\d % \(-\d+ to -\d+\)", shown)
    assert not re.search(r"steady: p", shown)
    assert "2 services connect on both sides: of the figures compared, " in shown


def test_reasons_are_told(shown: str) -> None:
    assert "revived, before: does not start: TypeError: duplicate base class TimeoutError" in shown
    assert "mended, before: 8 of 8 calls: <script>" in shown


def test_method_and_caveats_are_told(shown: str) -> None:
    told = " ".join(shown.split())
    assert "Measured in 61 s on 2 cores (Some CPU), CPython 3.11.7, a private Redis 7.0.15 with a password" in told
    assert "Note: Something listens on localhost:6379 of this machine." in told


def test_colour_is_only_where_it_is_asked_for(proof: Proof, shown: str) -> None:
    assert "\033[" not in shown
    colored = render(proof, color=True)
    assert "\033[31m" in colored
    assert re.sub(r"\033\[\d+m", "", colored) == shown


def test_prose_keeps_to_the_width(proof: Proof) -> None:
    prose = render(proof, width=60).split("\n\n")[2:]
    assert max(len(line) for part in prose for line in part.splitlines()) <= 60


def test_no_service_on_both_sides_means_no_comparison() -> None:
    shown = render(make_proof({"mended": (State.FAILS, State.CONNECTS, 1.0)}))
    assert shown.startswith("1 of 1 server could not use its Redis before the fix; 1 of 1 can after it.")
    assert "No service connects on both sides, so there are no times to compare." in shown


def test_a_server_that_cannot_be_driven_does_not_count() -> None:
    fared = {"steady": (State.CONNECTS, State.CONNECTS, 1.0), "mute": (State.MUTE, State.MUTE, 1.0)}
    shown = render(make_proof(fared))
    assert shown.startswith("All of 1 server could use its Redis before the fix; 1 of 1 can after it.")
    assert "mute, after: cannot be driven: offers no tool lookup(key)" in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.00"),
        (3, "3.00"),
        (1.234, "1.23"),
        (9.999, "10.0"),
        (12.34, "12.3"),
        (99.99, "100"),
        (12345.6, "12,346"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert number(value) == text
