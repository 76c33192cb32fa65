"""One fault under load: the client, the load, the fault, the judgement."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .clients import async_client, sync_client
from .ground import Ground
from .ledger import Call, Kind, Ledger, Verdict, judge, recovery
from .load import held, tasks_under_load, threads_under_load
from .promise import OURS, Flavour, Scenario

__all__ = ["Outcome", "broken_promises", "run"]

_LATE = 0.1
_GLANCE = 0.02
_BEFORE = 0.1
_AFTERWARDS = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fault did to one client. Shares are from 0 to 1, `left` counts sockets that stayed open."""

    scenario: Scenario[Any]
    flavour: Flavour
    verdict: Verdict
    failed_reads: float
    failed_writes: float
    left: int


def run(scenario: Scenario[Any], flavour: Flavour, seconds: float) -> Outcome:
    """Run a scenario whose fault lasts about `seconds`."""
    with scenario.ground() as ground:
        before = _sockets()
        if flavour.endswith("tasks"):
            healed = asyncio.run(_asyncio(scenario, ground, seconds, flavour))
        else:
            healed = _threads(scenario, ground, seconds, flavour)
        ground.client = None
        left = _left(before)
        with ground.look() as server:
            verdict = judge(ground.ledger.calls, held(server), healed)
        calls = ground.ledger.calls
        return Outcome(scenario, flavour, verdict, _failed(calls, reads=True), _failed(calls, reads=False), left)


def broken_promises(outcome: Outcome) -> list[str]:
    """Tell what was promised and not kept, in words."""
    verdict, promise = outcome.verdict, outcome.scenario.promise
    said = [
        (verdict.lost > 0, f"{verdict.lost} acknowledged writes lost"),
        (verdict.doubled > 0, f"{verdict.doubled} writes done twice"),
        (verdict.wrong > 0, f"{verdict.wrong} calls got what is not theirs"),
        (verdict.overrun > _LATE, f"a call was {verdict.overrun:.3f} s past its deadline"),
        (_over(outcome.failed_reads, promise.failed_reads), f"{outcome.failed_reads:.2%} of the reads failed"),
        (_over(outcome.failed_writes, promise.failed_writes), f"{outcome.failed_writes:.2%} of the writes failed"),
        (verdict.recovery is None, "not all kinds of calls succeeded after the fault"),
        ((verdict.recovery or 0) > promise.recovery, f"recovered {verdict.recovery or 0:.2f} s after the fault"),
        (outcome.left > 0, f"{outcome.left} sockets left open"),
    ]
    return [words for broken, words in said if broken]


def _threads(scenario: Scenario[Any], ground: Ground, seconds: float, flavour: Flavour) -> float:
    with sync_client(ground, scenario.deadline, flavour) as client:
        ground.client = client
        with threads_under_load(
            client,
            ground.ledger,
            threads=min(scenario.callers or 8, 100),
            allowed=scenario.deadline,
            confirmed=ground.confirmed,
        ):
            time.sleep(_BEFORE)
            scenario.strike(ground, seconds)
            healed = time.monotonic()
            _look_on(ground.ledger, scenario, healed)
        return healed


async def _asyncio(scenario: Scenario[Any], ground: Ground, seconds: float, flavour: Flavour) -> float:
    before = asyncio.all_tasks()
    async with async_client(ground, scenario.deadline, flavour) as client:
        ground.client = client
        async with tasks_under_load(
            client,
            ground.ledger,
            tasks=scenario.callers or 50,
            allowed=scenario.deadline,
            confirmed=ground.confirmed,
        ):
            await asyncio.sleep(_BEFORE)
            await asyncio.to_thread(scenario.strike, ground, seconds)
            healed = time.monotonic()
            await asyncio.to_thread(_look_on, ground.ledger, scenario, healed)
    left = [task for task in asyncio.all_tasks() - before if not task.done()]
    if left and flavour in OURS:
        raise AssertionError(f"tasks left behind: {left}")
    return healed


def _look_on(ledger: Ledger, scenario: Scenario[Any], healed: float) -> None:
    """Wait until calls succeed again and went on doing so for a moment, or the time for that is over."""
    last_moment = healed + scenario.promise.recovery + _AFTERWARDS
    while (now := time.monotonic()) < last_moment:
        if now > healed + _AFTERWARDS and recovery(list(ledger.calls), healed) is not None:
            return
        time.sleep(_GLANCE)


def _failed(calls: list[Call], *, reads: bool) -> float:
    asked = [call for call in calls if (call.kind is Kind.READ) == reads]
    return sum(call.error is not None for call in asked) / max(1, len(asked))


def _sockets() -> int:
    """Count the sockets of this process."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        # The one that reads this folder is gone when it is looked at.
        with suppress(FileNotFoundError):
            found += str(link.readlink()).startswith("socket:")
    return found


def _left(before: int) -> int:
    gc.collect()
    until = time.monotonic() + 2.0
    while _sockets() > before and time.monotonic() < until:
        time.sleep(0.01)
    return max(0, _sockets() - before)


def _over(share: float, bound: float | None) -> bool:
    return bound is not None and share > bound
