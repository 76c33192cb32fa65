"""A proof made by hand: five services, each of which fared in its own way."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.prove import (
    Contact,
    Load,
    Machine,
    Measurement,
    Outcome,
    Proof,
    Sample,
    Scenario,
    Side,
    State,
    Subject,
    Tally,
)
from mooring.prove.compare import compare
from mooring.prove.scenarios import Block, schedule

LOAD = Load(calls=20, rounds=4, concurrency=(1, 8))
HOSTILE = "<script>alert('reason')</script>"
MACHINE = Machine(
    "Linux 6.1 x86_64",
    "Some CPU",
    2,
    8 * 2**30,
    0.3,
    "CPython 3.11.7",
    "7.0.15",
    (("redis", "8.1.0"), ("mcp", "2.3.0")),
)

# Seconds of a call by scenario, and what the after side takes of it.
TIMES = {Scenario.HIT: 0.002, Scenario.MISS: 0.048}
FARED: dict[str, tuple[State, State, float]] = {
    "steady": (State.CONNECTS, State.CONNECTS, 1.0),
    "mended": (State.FAILS, State.CONNECTS, 1.0),
    "revived": (State.DEAD, State.CONNECTS, 1.0),
    "faster": (State.CONNECTS, State.CONNECTS, 0.5),
    "a-service-with-a-rather-long-name": (State.FAILS, State.FAILS, 1.0),
}


def make_proof(fared: dict[str, tuple[State, State, float]] | None = None) -> Proof:
    """A proof of services that fared as told: their state before and after, and the time after in times that before."""
    told = FARED if fared is None else fared
    contacts = tuple(contact for name, (before, after, _) in told.items() for contact in _contacts(name, before, after))
    samples: list[Sample] = []
    tallies: list[Tally] = []
    for name, (before, after, factor) in told.items():
        states = {Side.BEFORE: before, Side.AFTER: after}
        able = [side for side in Side if states[side] is State.CONNECTS]
        tallies.extend(Tally(name, side, None, 0, 0, 1.0, 19, 19, 4) for side in able)
        for block in schedule(LOAD, able):
            own = list(_calls(name, block, factor if block.side is Side.AFTER else 1.0))
            samples.extend(own)
            seconds = sum(sample.seconds for sample in own) / block.concurrency
            tallies.append(
                Tally(name, block.side, block.scenario, block.concurrency, block.round, seconds, len(own), len(own), 1)
            )
        for side in Side:
            if states[side] is State.FAILS:
                block = Block(side, Scenario.HIT, 8, 0)
                samples.extend(Sample(name, block, 0.0, 1.0, Outcome.ERROR, HOSTILE) for _ in range(8))
    measurement = Measurement(contacts, tuple(samples), tuple(tallies))
    subjects = tuple(
        Subject(name, f"servers/{name}", "server.py", f"k8s/{name}.yaml", ("REDIS_URL",), (), _fixes(name))
        for name in told
    )
    comparisons = compare(measurement)
    caveats = ("Something listens on localhost:6379 of this machine.",)
    return Proof(
        "shop & sons", "2026-07-28T10:00:00+00:00", 61.2, MACHINE, LOAD, subjects, measurement, comparisons, caveats
    )


def _contacts(name: str, before: State, after: State) -> Iterator[Contact]:
    reasons = {State.CONNECTS: None, State.FAILS: HOSTILE, State.DEAD: "TypeError: duplicate base class TimeoutError"}
    for side, state in ((Side.BEFORE, before), (Side.AFTER, after)):
        yield Contact(
            name, side, state, 0.7, int(state is State.CONNECTS), reasons.get(state, "offers no tool lookup(key)")
        )


def _calls(name: str, block: Block, factor: float) -> Iterator[Sample]:
    for index in range(LOAD.calls_in(block.scenario, block.concurrency)):
        jitter = 1 + (index * 7 % 11) / 20 + block.round / 100
        seconds = TIMES[block.scenario] * jitter * factor * block.concurrency**0.5
        yield Sample(name, block, float(index), seconds, Outcome.OK)


def _fixes(name: str) -> tuple[str, ...]:
    return () if name == "steady" else (f"servers/{name}/server.py:12: Use create_redis_from_config()",)
