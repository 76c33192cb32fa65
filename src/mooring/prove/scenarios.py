"""What is measured, in which order and how much of it. Pure; the same for both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mooring.errors import UsageError

__all__ = ["TOOL", "Block", "Launch", "Load", "Scenario", "Side", "hit_key", "miss_key", "schedule"]

TOOL = "lookup"
"""The tool that is driven: `lookup(key)` answers with `source` "cache" or "upstream" in its structured result."""

WARM_KEYS = 10
"""Keys that a hit is spread over."""


class Side(StrEnum):
    """Which copy of the fleet."""

    BEFORE = "before"
    AFTER = "after"


class Scenario(StrEnum):
    """What a call finds: its key in the cache, or not."""

    HIT = "hit"
    MISS = "miss"

    @property
    def source(self) -> str:
        """Where the answer must come from."""
        return "cache" if self is Scenario.HIT else "upstream"


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


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked of a server.

    `calls` are made in each block; a lone caller that misses makes a tenth, as each costs an upstream call. The seconds
    are bounds: a start, a call, a block and all blocks of one side that take longer are cut off there, and said to be.
    A server that cannot reach its Redis retries for seconds, so its calls at once get `failing_seconds` each.
    """

    calls: int = 30
    rounds: int = 5
    concurrency: tuple[int, ...] = (1, 50)
    start_seconds: float = 30.0
    call_seconds: float = 8.0
    block_seconds: float = 5.0
    side_seconds: float = 20.0
    failing_seconds: float = 3.0

    def __post_init__(self) -> None:
        for name, value in (("--calls", self.calls), ("--rounds", self.rounds)):
            if value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")
        if not self.concurrency or min(self.concurrency) < 1:
            raise UsageError("--concurrency must be at least 1, given once for each level")

    def calls_in(self, scenario: Scenario, concurrency: int) -> int:
        """The calls of one block: at least one for each caller."""
        lone_miss = scenario is Scenario.MISS and concurrency == 1
        return max(self.calls // 10 if lone_miss else self.calls, concurrency)


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
        for scenario in Scenario:
            for concurrency in load.concurrency:
                for side in order:
                    yield Block(side, scenario, concurrency, number)


def hit_key(index: int) -> str:
    """The key of the `index`-th hit; it is warmed before."""
    return f"warm-{index % WARM_KEYS}"


def miss_key(block: Block, index: int) -> str:
    """A key that nobody has asked for."""
    return f"miss-{block.round}-{block.concurrency}-{index}"
