"""Under every fault no acknowledged write is lost, none is done twice, and every call ends in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .promise import Flavour, Scenario
from .scenarios import SCENARIOS
from .trial import broken_promises, run

TRIALS = [
    pytest.param(scenario, flavour, id=f"{scenario.name.replace(' ', '-')}-{flavour}")
    for scenario in SCENARIOS
    for flavour in scenario.everyday
]


@pytest.fixture(scope="module", autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """The one that tends the pools ends at its next look once there are none."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + 10
    while (left := set(threading.enumerate()) - before) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left


@pytest.mark.parametrize(("scenario", "flavour"), TRIALS)
def test_promises_are_kept(scenario: Scenario[Any], flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOORING_ENVIRONMENT", "local")
    outcome = run(scenario, flavour, scenario.shortest)
    assert outcome.verdict.calls > 100
    assert broken_promises(outcome) == [], outcome.verdict.errors
