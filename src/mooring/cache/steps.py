"""What a flow is made of: what is asked for, what is at hand, what comes of it, and the steps in between. Pure.

What each hit makes is a struct of msgspec, which takes 0.1 us to make, where a frozen dataclass takes 0.6.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from mooring.cache.codec import Entry, decode_value
from mooring.cache.policy import Freshness, Policy, judge
from mooring.cache.priority import Priority
from mooring.cache.result import Cached, State, Validators
from mooring.cache.scripts import Script

__all__ = ["Flow", "Hold", "Load", "Look", "Outcome", "Pause", "Request", "Run", "Step", "View"]


class Request(msgspec.Struct, frozen=True):
    """What is asked for: the names in Redis of an entry and its tags, and how fresh it must be."""

    service: str
    entry: bytes
    tags: tuple[bytes, ...]
    policy: Policy
    max_age: float | None
    priority: Priority


class View(msgspec.Struct, frozen=True):
    """What Redis holds for a request: the entry, if any, and the stamp of its tags.

    `born` tells when the entry was born, by this process's monotonic clock.
    """

    entry: Entry | None
    stamp: bytes
    born: float

    def freshness(self, request: Request) -> Freshness:
        """Tell what the entry is good for now. One that a write made stale is good for nothing but its validators."""
        if self.entry is None or self.entry.stamp != self.stamp:
            return Freshness.GONE
        return judge(self.age(), self.entry.ttl, self.entry.negative, request.policy, request.max_age)

    def age(self) -> float:
        """Tell the entry's age now, in seconds; the clock of Redis may be a little ahead of what is known of it."""
        return max(0.0, time.monotonic() - self.born)

    def serve(self, state: State, error: Exception | None = None) -> Outcome:
        """Make the entry the answer."""
        if self.entry is None:
            raise ValueError("there is no entry to serve")
        return Outcome(state, self.entry.payload, None, self.entry.negative, self.age(), error)


class Outcome(msgspec.Struct, frozen=True):
    """An answer that any number of callers may share: each reads its own value out of the payload.

    Without a payload, for a value that is not plain, they share the value.
    """

    state: State
    payload: bytes | None
    value: Any
    negative: bool
    age: float
    error: Exception | None = None

    def cached(self) -> Cached[Any]:
        """Give it to one caller."""
        value = self.value if self.payload is None else decode_value(self.payload)
        return Cached(value, self.state, self.age, self.negative, self.error)


@dataclass(frozen=True, slots=True)
class Run:
    """Run a script; the result is its answer."""

    script: Script
    names: Sequence[bytes]
    arguments: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Look:
    """Look anew; the result is a View."""


@dataclass(frozen=True, slots=True)
class Load:
    """Ask the upstream; the result is what the loader returns."""

    validators: Validators


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait; the result does not matter."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Let the versions of the tags live for at least so many seconds; the result does not matter."""

    seconds: float


Step: TypeAlias = Run | Look | Load | Pause | Hold
Flow: TypeAlias = Generator[Step, Any, Outcome]
