"""One fault on one side of a service: a fresh server on a fresh Redis, asked without a pause while it strikes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from mooring.prove.drive import serve
from mooring.prove.driver import Record
from mooring.prove.environment import Address
from mooring.prove.reasons import Redactor
from mooring.prove.samples import Outcome, Sample, Tally
from mooring.prove.scenarios import Block, Launch, Load, Scenario
from mooring.prove.session import CannotStart, Session
from mooring.prove.strikes import Berth

__all__ = ["Berthing", "trouble"]

Berthing = Callable[[Launch, Address, Path | None], Launch]
"""Moves a launch to the Redis at an address, whose password stands in a file if one is given."""

_QUIET = 0.6
"""Seconds of calls before the fault strikes."""
_PAUSE = 0.02
"""Seconds between two calls of one caller: enough for a timeline, too little to wear the machine out."""
_EXHAUSTING = 40
"""Callers at once that would open more connections than a Redis has left."""


async def trouble(
    launch: Launch, fault: Scenario, number: int, load: Load, redact: Redactor, record: Record, berthing: Berthing
) -> None:
    """Let `fault` strike once, in round `number`, and record every call before and after it."""
    with TemporaryDirectory(prefix="mooring-") as folder, ExitStack() as stack:
        file = Path(folder) / "password"
        berth = await anyio.to_thread.run_sync(stack.enter_context, Berth(fault, file))
        try:
            hidden = redact.hiding(berth.passwords)
            moved = berthing(launch, berth.address, file if fault is Scenario.ROTATION else None)
            async with AsyncExitStack() as served:
                try:
                    session = await served.enter_async_context(serve(moved, load.start_seconds, hidden))
                except CannotStart as error:
                    record.tallies.append(_unstarted(launch, fault, number, load, str(error)))
                    return
                await _Trial(moved, session, fault, number, load, record).run(berth)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(stack.close)


def _unstarted(launch: Launch, fault: Scenario, number: int, load: Load, reason: str) -> Tally:
    head = (launch.service, launch.side, fault, load.fault_callers, number)
    return Tally(*head, 0.0, 0, 0, 0, f"did not start: {reason}")


class _Trial:
    """One strike under way."""

    def __init__(
        self, launch: Launch, session: Session, fault: Scenario, number: int, load: Load, record: Record
    ) -> None:
        self._launch = launch
        self._session = session
        self._load = load
        self._record = record
        self._callers = _EXHAUSTING if fault is Scenario.EXHAUSTION else load.fault_callers
        self._block = Block(launch.side, fault, self._callers, number)
        self._struck = anyio.Event()
        self._over = False
        self._made = 0

    async def run(self, berth: Berth) -> None:
        """Ask, strike, ask on, and tally."""
        began = self._record.clock()
        async with anyio.create_task_group() as callers:
            for caller in range(self._callers):
                callers.start_soon(self._ask_on, caller)
            await anyio.sleep(_QUIET)
            struck = self._record.clock()
            self._struck.set()
            await anyio.to_thread.run_sync(berth.strike)
            back = self._record.clock()
            await anyio.sleep(max(0.0, struck + self._load.fault_seconds - back))
            self._over = True
        seconds = self._record.clock() - began
        block = self._block
        head = (self._launch.service, block.side, block.scenario, self._load.fault_callers, block.round)
        self._record.tallies.append(Tally(*head, seconds, self._made, self._made, 0, None, struck, back))

    async def _ask_on(self, caller: int) -> None:
        # Where it is about connections, one caller alone asks until the fault strikes: few are open then.
        if caller and self._block.scenario is Scenario.EXHAUSTION:
            await self._struck.wait()
        index = 0
        while not self._over:
            # New keys and known ones in turn: a miss writes to the Redis, a hit only reads.
            key = f"fault-{self._block.round}-{caller}-{index // 2}"
            start = self._record.clock()
            outcome, reason = await self._session.lookup(key, None, self._load.call_seconds)
            seconds = self._record.clock() - start
            told = None if outcome is Outcome.OK else self._session.explain(reason or outcome)
            block = Block(self._block.side, self._block.scenario, self._load.fault_callers, self._block.round)
            self._record.samples.append(Sample(self._launch.service, block, start, seconds, outcome, told))
            self._made += 1
            index += 1
            await anyio.sleep(_PAUSE)
