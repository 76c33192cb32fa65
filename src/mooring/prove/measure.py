"""Launches → raw samples: first contact with every server, then equal load on those that connect."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Protocol

import anyio

from mooring.errors import MooringError
from mooring.prove.drive import serve
from mooring.prove.driver import Driver, Record
from mooring.prove.meter import Meter
from mooring.prove.reasons import Redactor
from mooring.prove.samples import Contact, Measurement, Outcome, State
from mooring.prove.scenarios import Launch, Load, Scenario, Side, schedule
from mooring.prove.session import CannotStart, Session
from mooring.prove.trouble import Berthing, trouble

__all__ = ["Watcher", "measure"]

_STRUCK_AT_ONCE = 2
"""Services whose Redis is struck at a time: each is asked by a few callers that pause."""


class Watcher(Protocol):
    """Is told what happens while it happens."""

    def contacted(self, contact: Contact) -> None:
        """One side of a service was started and asked for a key."""

    def loading(self, service: str) -> None:
        """The load on a service begins."""

    def striking(self, service: str, fault: Scenario) -> None:
        """A fault begins to strike the Redis of a service."""


async def measure(
    launches: Sequence[Launch], load: Load, redact: Redactor, watcher: Watcher, berthing: Berthing | None = None
) -> Measurement:
    """Measure every launch; faults strike only with `berthing`, which moves a launch to another Redis.

    First contact is made side by side, with one server at a time on each Redis, so that connections can be told apart;
    then those that connect carry the load, one service at a time and nothing else running; last come the faults, both
    sides of two services at once. Raises `ProofError` where a private Redis fails, and `MissingExtra` without the MCP
    SDK; whatever a server does is a result.
    """
    try:
        return await _measure(launches, load, redact, watcher, berthing)
    except BaseExceptionGroup as group:
        # Lanes and callers are task groups; the reader of the error cares for what went wrong, not for where it ran.
        ours, _ = group.split(MooringError)
        if ours is None:
            raise
        raise _first(ours) from group


async def _measure(
    launches: Sequence[Launch], load: Load, redact: Redactor, watcher: Watcher, berthing: Berthing | None
) -> Measurement:
    async with AsyncExitStack() as stack:
        urls = tuple(dict.fromkeys(launch.redis_url for launch in launches))
        meters = {url: await stack.enter_async_context(Meter(url)) for url in urls}
        run = _Run(load, redact, watcher, meters)
        await run.contact(urls, launches)
        for service in dict.fromkeys(launch.service for launch in launches):
            await run.load([launch for launch in launches if launch.service == service])
        if berthing is not None:
            await run.strike(launches, berthing)
        return Measurement(tuple(run.contacts), tuple(run.record.samples), tuple(run.record.tallies))


def _first(group: BaseExceptionGroup[MooringError]) -> MooringError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


class _Run:
    """A measurement under way."""

    def __init__(self, load: Load, redact: Redactor, watcher: Watcher, meters: Mapping[str, Meter]) -> None:
        self.contacts: list[Contact] = []
        self.record = Record()
        self._load = load
        self._redact = redact
        self._watcher = watcher
        self._meters = meters

    async def contact(self, urls: Sequence[str], launches: Sequence[Launch]) -> None:
        async def lane(queue: Sequence[Launch]) -> None:
            for launch in queue:
                contact = await self._first_contact(launch)
                self.contacts.append(contact)
                self._watcher.contacted(contact)

        async with anyio.create_task_group() as lanes:
            for url in urls:
                lanes.start_soon(lane, [launch for launch in launches if launch.redis_url == url])

    async def load(self, launches: Sequence[Launch]) -> None:
        """Load the sides of one service that connect: fresh processes, warmed alike, rounds interleaved."""
        able = [launch for launch in launches if self._connects(launch)]
        if not able:
            return
        self._watcher.loading(able[0].service)
        async with AsyncExitStack() as stack:
            drivers: dict[Side, Driver] = {}
            starting = {launch.side: partial(self._serve, launch) for launch in able}
            for launch in able:
                meter = self._meters[launch.redis_url]
                await meter.clear()
                opened, began = await meter.connections(), self.record.clock()
                try:
                    session = await stack.enter_async_context(self._serve(launch))
                except CannotStart as error:
                    self.contacts.append(self._dead(launch, self.record.clock() - began, str(error)))
                    continue
                driver = Driver(launch, session, meter, self._load, self.record)
                await driver.warm(opened, began)
                drivers[launch.side] = driver
            for block in schedule(self._load, [side for side in Side if side in drivers]):
                await drivers[block.side].measure(block, starting[block.side])

    async def strike(self, launches: Sequence[Launch], berthing: Berthing) -> None:
        """Let each fault strike the sides that connect, in every round; a few services at once, as calls are few."""
        able = [launch for launch in launches if self._connects(launch) and self._struck(launch.service)]
        services = list(dict.fromkeys(launch.service for launch in able))
        for first in range(0, len(services), _STRUCK_AT_ONCE):
            chosen = services[first : first + _STRUCK_AT_ONCE]
            for fault in self._load.faults:
                for service in chosen:
                    self._watcher.striking(service, fault)
                for number in range(1, self._load.rounds + 1):
                    async with anyio.create_task_group() as sides:
                        for launch in able:
                            if launch.service in chosen:
                                sides.start_soon(
                                    trouble, launch, fault, number, self._load, self._redact, self.record, berthing
                                )

    def _struck(self, service: str) -> bool:
        return not self._load.fault_on or service in self._load.fault_on

    async def _first_contact(self, launch: Launch) -> Contact:
        meter = self._meters[launch.redis_url]
        await meter.clear()
        opened, began = await meter.connections(), self.record.clock()
        try:
            async with self._serve(launch) as session:
                driver = Driver(launch, session, meter, self._load, self.record)
                seconds = self.record.clock() - began
                state, reason = await self._try(driver, session)
                connections = await meter.connections() - opened
        except CannotStart as error:
            return self._dead(launch, self.record.clock() - began, str(error))
        if state is State.CONNECTS and connections == 0:
            state, reason = State.FAILS, "answers from a cache, but never opened a connection to its Redis"
        return Contact(launch.service, launch.side, state, seconds, connections, reason)

    async def _try(self, driver: Driver, session: Session) -> tuple[State, str | None]:
        if not await session.drivable(self._load.call_seconds):
            return State.MUTE, f"offers no tool {driver.request.label}"
        key = f"contact-{uuid.uuid4().hex[:8]}"
        for scenario in (Scenario.MISS, Scenario.HIT):
            sample = await driver.ask(scenario, key)
            if sample.outcome is not Outcome.OK:
                # It will not carry the load: its failures at each concurrency are counted here, once.
                for concurrency in self._load.concurrency:
                    if concurrency > 1:
                        await driver.wave(concurrency, self._load.failing_seconds)
                heard = session.heard() if sample.outcome is Outcome.STRAY else None
                return State.FAILS, f"{sample.reason}; it logged: {heard}" if heard else sample.reason
        return State.CONNECTS, None

    def _serve(self, launch: Launch) -> AbstractAsyncContextManager[Session]:
        return serve(launch, self._load.start_seconds, self._redact)

    def _connects(self, launch: Launch) -> bool:
        return any(
            contact.service == launch.service and contact.side is launch.side and contact.state is State.CONNECTS
            for contact in self.contacts
        )

    @staticmethod
    def _dead(launch: Launch, seconds: float, reason: str) -> Contact:
        return Contact(launch.service, launch.side, State.DEAD, seconds, 0, reason)
