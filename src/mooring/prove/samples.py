"""What was measured, raw. Nothing here is worked out from anything else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mooring.prove.scenarios import Block, Scenario, Side

__all__ = ["Contact", "Measurement", "Outcome", "Sample", "State", "Tally"]


class Outcome(StrEnum):
    """How a call ended."""

    OK = "ok"
    STRAY = "stray"  # answered, but not from where it was due
    ERROR = "error"
    TIMEOUT = "timeout"


class State(StrEnum):
    """What came of starting a server and asking it for one key twice."""

    CONNECTS = "connects"
    FAILS = "does not connect"
    DEAD = "does not start"
    MUTE = "cannot be driven"


@dataclass(frozen=True, slots=True)
class Sample:
    """One call. `start` counts from the beginning of the proof, in seconds; `reason` says why it is not `OK`."""

    service: str
    block: Block
    start: float
    seconds: float
    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """One block as a whole: its wall time, the calls planned and made, the connections that the Redis saw opened.

    `cut` says why fewer calls were made than planned. A block with `scenario` None is start and warm-up. `struck` is
    when, on the clock of the samples, a fault struck; `back` when its Redis was whole again.
    """

    service: str
    side: Side
    scenario: Scenario | None
    concurrency: int
    round: int
    seconds: float
    planned: int
    made: int
    connections: int
    cut: str | None = None
    struck: float | None = None
    back: float | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """The first contact with one side of a service; `reason` says why it does not connect."""

    service: str
    side: Side
    state: State
    seconds: float
    connections: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """All that was seen, in the order in which it happened."""

    contacts: tuple[Contact, ...]
    samples: tuple[Sample, ...]
    tallies: tuple[Tally, ...]

    def contact(self, service: str, side: Side) -> Contact | None:
        """What is known of one side of a service; a later start that failed counts more than an earlier good one."""
        return next((c for c in reversed(self.contacts) if c.service == service and c.side is side), None)
