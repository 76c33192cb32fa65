"""Blocks of equal calls on one started server, each call recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial

import anyio

from mooring.prove.meter import Meter
from mooring.prove.request import Request
from mooring.prove.samples import Outcome, Sample, Tally
from mooring.prove.scenarios import WARM_KEYS, Block, Launch, Load, Scenario, hit_key, miss_key
from mooring.prove.session import CannotStart, Session

__all__ = ["Driver", "Record", "Starting"]

Starting = Callable[[], AbstractAsyncContextManager[Session]]
"""Starts a process of a service, and ends it with its block."""


class Record:
    """The samples and tallies of a measurement under way, on one clock."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.tallies: list[Tally] = []
        self._began = time.perf_counter()

    def clock(self) -> float:
        """Seconds since the measurement began."""
        return time.perf_counter() - self._began


class Driver:
    """Drives one started server and records what comes back."""

    def __init__(self, launch: Launch, session: Session, meter: Meter, load: Load, record: Record) -> None:
        self._launch = launch
        self._session = session
        self._meter = meter
        self._load = load
        self._record = record
        self._used = 0.0

    @property
    def request(self) -> Request:
        """What is asked."""
        return self._launch.request

    async def ask(self, scenario: Scenario, key: str) -> Sample:
        """Make one call of first contact."""
        block = Block(self._launch.side, scenario, 1, 0)
        sample = await self._call(block, key, self._load.call_seconds)
        self._record.samples.append(sample)
        return sample

    async def wave(self, concurrency: int, seconds: float) -> int:
        """Let `concurrency` callers ask for a warm key once each, all at the same time, within `seconds`.

        Returns the calls made.
        """
        return await self._run(Block(self._launch.side, Scenario.HIT, concurrency, 0), concurrency, hit_key, seconds)

    async def warm(self, opened: int, started: float) -> None:
        """Fill the cache with the keys of the hits, let every caller in once, and tally it with the start.

        `opened` connections had been counted when the start began, at `started` on the record's clock.
        """
        fill = Block(self._launch.side, Scenario.MISS, WARM_KEYS, 0)
        made = await self._run(fill, WARM_KEYS, hit_key, self._load.call_seconds)
        for concurrency in self._load.concurrency:
            made += await self.wave(concurrency, self._load.call_seconds)
        seconds = self._record.clock() - started
        connections = await self._meter.connections() - opened
        side = self._launch.side
        self._record.tallies.append(Tally(self._launch.service, side, None, 0, 0, seconds, made, made, connections))

    async def measure(self, block: Block, restarted: Starting) -> None:
        """Carry out one block of the schedule, as far as the time of this side allows.

        `restarted` starts another process of the same service, for the block that measures that.
        """
        planned = self._load.calls_in(block.scenario, block.concurrency)
        opened = await self._meter.connections()
        began = self._record.clock()
        made = 0
        cut: str | None = f"not begun: the {self._load.side_seconds:g} s of this side were used up"
        if self._used < self._load.side_seconds:
            if block.scenario is Scenario.START:
                made = await self._start(block, restarted)
            else:
                key = hit_key if block.scenario is Scenario.HIT else partial(miss_key, block)
                made = await self._run(block, planned, key, self._load.call_seconds)
            cut = None if made == planned else f"stopped after {self._load.block_seconds:g} s"
        seconds = self._record.clock() - began
        self._used += seconds
        connections = await self._meter.connections() - opened
        head = (self._launch.service, block.side, block.scenario, block.concurrency, block.round)
        self._record.tallies.append(Tally(*head, seconds, planned, made, connections, cut))

    async def _start(self, block: Block, restarted: Starting) -> int:
        """Start another process, and make its first call: it connects to its Redis and logs in."""
        start = self._record.clock()
        try:
            async with restarted() as session:
                self._record.samples.append(self._ready(block, start, None))
                connect = replace(block, scenario=Scenario.CONNECT)
                self._record.samples.append(await self._call(connect, hit_key(0), self._load.call_seconds, session))
        except CannotStart as error:
            self._record.samples.append(self._ready(block, start, str(error)))
        return 1

    def _ready(self, block: Block, start: float, reason: str | None) -> Sample:
        outcome = Outcome.ERROR if reason else Outcome.OK
        return Sample(self._launch.service, block, start, self._record.clock() - start, outcome, reason)

    async def _run(self, block: Block, calls: int, key: Callable[[int], str], seconds: float) -> int:
        indices = iter(range(calls))
        deadline = self._record.clock() + self._load.block_seconds
        made: list[Sample] = []

        async def caller() -> None:
            for index in indices:
                made.append(await self._call(block, key(index), seconds))
                if self._record.clock() >= deadline:
                    return

        async with anyio.create_task_group() as callers:
            for _ in range(block.concurrency):
                callers.start_soon(caller)
        self._record.samples.extend(made)
        return len(made)

    async def _call(self, block: Block, key: str, seconds: float, session: Session | None = None) -> Sample:
        session = session or self._session
        start = self._record.clock()
        outcome, reason = await session.lookup(key, block.scenario.source, seconds)
        taken = self._record.clock() - start
        told = None if outcome is Outcome.OK else session.explain(reason or outcome)
        return Sample(self._launch.service, block, start, taken, outcome, told)
