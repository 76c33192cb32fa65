"""What is measured, in which order and how much of it. Pure; the same for both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mooring.errors import UsageError
from mooring.prove.request import LOOKUP, Request

__all__ = ["FAULTS", "Block", "Launch", "Load", "Scenario", "Side", "hit_key", "miss_key", "schedule"]

WARM_KEYS = 10
"""Keys that a hit is spread over."""


class Side(StrEnum):
    """Which copy of the fleet."""

    BEFORE = "before"
    AFTER = "after"


class Scenario(StrEnum):
    """What is asked, and in which circumstances."""

    HIT = "hit"  # a key in the cache
    MISS = "miss"  # a key that nobody has asked for
    BURST = "burst"  # all callers at once, for one key that nobody has asked for
    START = "cold start"  # from a new process to the first moment in which it takes calls
    CONNECT = "connect"  # its first call, for a key in the cache: it connects and logs in
    RESTART = "restart"  # the Redis is killed, and back at its address half a second later
    FAILOVER = "failover"  # another master answers at the address; the old one lives on as its replica
    EXHAUSTION = "exhaustion"  # the Redis takes only a few more connections than it has
    ROTATION = "rotation"  # the password is exchanged, and every connection cut

    @property
    def source(self) -> str | None:
        """Where the answer must come from; None where both will do."""
        if self is Scenario.MISS:
            return "upstream"
        return "cache" if self in {Scenario.HIT, Scenario.CONNECT} else None

    @property
    def lone(self) -> bool:
        """Whether one caller makes one call a round, so that all percentiles are one."""
        return self in {Scenario.START, Scenario.CONNECT}


FAULTS = (Scenario.RESTART, Scenario.FAILOVER, Scenario.EXHAUSTION, Scenario.ROTATION)
"""What happens to a Redis while it is used."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start one service of one copy, and the Redis whose connections are counted meanwhile.

    Environment and URL hold credentials, so neither is shown.
    """

    service: str
    side: Side
    cwd: Path
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    redis_url: str = field(repr=False)
    request: Request = LOOKUP


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked of a server.

    `calls` are made in each block; a lone caller that misses makes a tenth, as each costs an upstream call. The seconds
    are bounds: a start, a call, a block and all blocks of one side that take longer are cut off there, and said to be.
    A server that cannot reach its Redis retries for seconds, so its calls at once get `failing_seconds` each.
    `scenarios` are those of the load, `START` bringing `CONNECT` with it; `faults` strike on top of it, each in a
    window of `fault_seconds` in which `fault_callers` ask, for the services named by `fault_on` (all if none is).
    """

    calls: int = 30
    rounds: int = 5
    concurrency: tuple[int, ...] = (1, 50)
    start_seconds: float = 30.0
    call_seconds: float = 8.0
    block_seconds: float = 5.0
    side_seconds: float = 20.0
    failing_seconds: float = 3.0
    scenarios: tuple[Scenario, ...] = (Scenario.HIT, Scenario.MISS)
    faults: tuple[Scenario, ...] = ()
    fault_on: tuple[str, ...] = ()
    fault_callers: int = 4
    fault_seconds: float = 3.0

    def __post_init__(self) -> None:
        for name, value in (("--calls", self.calls), ("--rounds", self.rounds)):
            if value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")
        if not self.concurrency or min(self.concurrency) < 1:
            raise UsageError("--concurrency must be at least 1, given once for each level")

    def calls_in(self, scenario: Scenario, concurrency: int) -> int:
        """The calls of one block: at least one for each caller."""
        if scenario.lone or scenario is Scenario.BURST:
            return concurrency
        lone_miss = scenario is Scenario.MISS and concurrency == 1
        return max(self.calls // 10 if lone_miss else self.calls, concurrency)

    def levels(self, scenario: Scenario) -> tuple[int, ...]:
        """How many callers at once there are in a scenario of the load, one level after the other."""
        if scenario.lone:
            return (1,)
        return (max(self.concurrency),) if scenario is Scenario.BURST else self.concurrency

    @property
    def measured(self) -> tuple[tuple[Scenario, int], ...]:
        """Each scenario of the load at each of its levels."""
        return tuple((scenario, level) for scenario in self._told() for level in self.levels(scenario))

    def _told(self) -> Iterator[Scenario]:
        for scenario in self.scenarios:
            yield scenario
            if scenario is Scenario.START:
                yield Scenario.CONNECT


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of equal calls by `concurrency` callers; rounds count from 1, 0 being first contact."""

    side: Side
    scenario: Scenario
    concurrency: int
    round: int


def schedule(load: Load, sides: Sequence[Side]) -> Iterator[Block]:
    """The blocks in order: in each round every scenario on one side and at once on the other.

    The side that goes first changes with every round, so that a machine that slows down harms both alike.
    """
    for number in range(1, load.rounds + 1):
        order = list(sides) if number % 2 else list(reversed(sides))
        for scenario in load.scenarios:
            for concurrency in load.levels(scenario):
                for side in order:
                    yield Block(side, scenario, concurrency, number)


def hit_key(index: int) -> str:
    """The key of the `index`-th hit; it is warmed before."""
    return f"warm-{index % WARM_KEYS}"


def miss_key(block: Block, index: int) -> str:
    """A key that nobody has asked for; one for all callers of a burst."""
    if block.scenario is Scenario.BURST:
        return f"burst-{block.round}"
    return f"miss-{block.round}-{block.concurrency}-{index}"
