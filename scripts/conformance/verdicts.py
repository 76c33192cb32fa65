"""What a run of the suite means: passed, failed, in need of a fixture, or outside of what the servers offer. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from scripts.conformance.suite import WIRE, Check, Outcome, Scenario

__all__ = ["OUTSIDE", "Verdict", "of_fixtures", "of_server"]

_STREAM = "the server answers with one JSON document: what it would tell or ask on the way needs a stream"
_SESSION = "the server keeps no session between requests, so that any replica can take any of them"
_NO_LOGS = "logging to the client is not offered (deprecated since 2026-07-28)"
OUTSIDE = {
    "logging-set-level": _NO_LOGS,
    "tools-call-with-logging": _NO_LOGS,
    "tools-call-with-progress": _STREAM,
    "tools-call-sampling": _STREAM,
    "tools-call-elicitation": _STREAM,
    "elicitation-sep1034-defaults": _STREAM,
    "elicitation-sep1330-enums": _STREAM,
    "resources-subscribe": _SESSION,
    "resources-unsubscribe": _SESSION,
    "server-sse-polling": _SESSION,
    "server-sse-multiple-streams": _SESSION,
}
"""Scenarios about what the servers leave out on purpose, and why. One that passes is taken as any other."""
_STATELESS = "2026-07-28"
_OUTSIDE_SINCE = {"tools-call-with-progress"}
"""Those of them that are about more than the sessions and streams of older protocols."""

_TOOL_LACKING = re.compile(r"Tool '(\w+)' not found")


@dataclass(frozen=True)
class Verdict:
    """`needs` a fixture: what of the scenario can be judged without it is right. `told` says why it did not pass."""

    mark: Literal["passed", "needs", "outside", "failed"]
    good: int
    all: int
    told: str = ""


def of_fixtures(scenario: Scenario, outcome: Outcome | None) -> Verdict:
    """Judge a scenario on the server that has the fixtures: nothing is lacking, so nothing is excused but `OUTSIDE`."""
    if outcome is None:
        return _NOT_RUN
    bad = [check for check in outcome.checks if check.bad]
    if aside := _aside(scenario, outcome, bad):
        return aside
    return _verdict("failed", outcome, _told(bad)) if bad else _verdict("passed", outcome)


def of_server(scenario: Scenario, outcome: Outcome | None, reference: Outcome | None) -> Verdict:
    """Judge a scenario on a server without fixtures, beside the same on the server that has them.

    A bad check is due to a lacking fixture only if it is not bad there, and names a fixture that the scenario asked
    for, or if without its fixture nothing of the scenario could be looked at.
    """
    if outcome is None or reference is None:
        return _NOT_RUN
    bad = [check for check in outcome.checks if check.bad]
    if aside := _aside(scenario, outcome, bad):
        return aside
    lacking = reference.asked | {name for check in outcome.checks for name in _TOOL_LACKING.findall(check.told)}
    nothing_seen = not any(check.good and check.id != WIRE for check in outcome.checks)
    bad_there = {WIRE} | {check.id for check in reference.checks if check.bad}
    faults = [
        check
        for check in bad
        if check.id in bad_there or not lacking or not (nothing_seen or any(name in check.told for name in lacking))
    ]
    if faults:
        return _verdict("failed", outcome, _told(faults))
    return _verdict("needs", outcome, ", ".join(sorted(lacking))) if lacking else _verdict("passed", outcome)


_NOT_RUN = Verdict("failed", 0, 0, "the suite lists the scenario, and did not run it")


def _aside(scenario: Scenario, outcome: Outcome, bad: list[Check]) -> Verdict | None:
    """Return the verdict on what is not judged: what is left out on purpose, and what the suite says does not apply."""
    if not bad and not any(check.good for check in outcome.checks):
        return _verdict("outside", outcome, f"the suite says: {'; '.join(check.told for check in outcome.checks)}")
    left_out = scenario.name in (OUTSIDE if scenario.version < _STATELESS else _OUTSIDE_SINCE)
    if bad and left_out and WIRE not in {check.id for check in bad}:
        return _verdict("outside", outcome, OUTSIDE[scenario.name])
    return None


def _verdict(mark: Literal["passed", "needs", "outside", "failed"], outcome: Outcome, told: str = "") -> Verdict:
    good = sum(check.good for check in outcome.checks)
    return Verdict(mark, good, good + sum(check.bad for check in outcome.checks), told)


def _told(checks: list[Check]) -> str:
    return "; ".join(f"{check.id}: {check.told[:300]}" for check in checks)
