"""What a fault is, and what is promised while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from .ground import Ground

__all__ = ["OURS", "Flavour", "Promise", "Scenario"]

Flavour = Literal["threads", "tasks", "pooled tasks", "redis-py threads", "redis-py tasks"]
OURS: tuple[Flavour, ...] = ("threads", "tasks", "pooled tasks")
"""Mooring's clients: tasks share a few sockets, unless each command of theirs takes a connection of the pool."""

GroundT = TypeVar("GroundT", bound=Ground)


@dataclass(frozen=True, slots=True)
class Promise:
    """What must hold beside what always must: nothing lost, nothing doubled, no call late.

    `failed_reads` is the greatest share of failed calls among those that may be sent twice, `failed_writes` the same
    among the others; none where the fault outlasts the deadline, so that calls must fail. `recovery` is the longest
    time in seconds from the end of the fault until calls of every kind have succeeded.
    """

    failed_reads: float | None = 0.001
    failed_writes: float | None = None
    recovery: float = 1.0


@dataclass(frozen=True, slots=True)
class Scenario(Generic[GroundT]):
    """A fault. `strike` does it, for about so many seconds, and returns when it is over.

    `shortest` is how many seconds of it show what it does, for the tests of every day; these try but the `everyday`
    flavours, for the ground of some faults takes seconds to lay.
    """

    name: str
    strike: Callable[[GroundT, float], None]
    ground: Callable[[], AbstractContextManager[GroundT]]
    promise: Promise = Promise()
    deadline: float = 5.0
    callers: int | None = None
    shortest: float = 0.2
    everyday: tuple[Flavour, ...] = ("threads", "tasks")
