"""What the runtime's events add up to: counts and durations by endpoint, as plain data that exporters read.

A command costs an append to a list; what has gathered is counted into buckets a few hundred at a time, and whenever
somebody reads. With the clock that is 0.3 µs, and makes a GET over the loopback 1.3 to 1.9 % slower (synchronous, and
asyncio at 1 and 50 at once; redis-py 8.1, `benchmarks/metrics.py`). Labels are bounded: a command is one that Redis
has, an error is named by its class, and above `LIMIT` series of one measure the rest are counted together.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from mooring.runtime.hooks import Hooks
from mooring.runtime.observing.command_names import command_name

__all__ = [
    "BREAKER_STATES",
    "COUNTED",
    "MEASURED",
    "Distribution",
    "Measure",
    "Recorder",
    "Snapshot",
]

LIMIT: Final = 2000
"""Series of one measure; a service with three endpoints and thirty commands has about a hundred."""
OTHER: Final = "other"
BREAKER_STATES: Final = ("closed", "half-open", "open")

# A round trip in one data centre takes 0.1 to 1 ms; the deadline of a call is 5 s.
SECONDS: Final = (
    *(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
# A connection lives for max_age, half an hour unless set otherwise.
AGES: Final = (1.0, 10.0, 60.0, 300.0, 900.0, 1800.0, 2700.0, 3600.0, 14400.0, 86400.0)
_BATCH: Final = 256

# Held while counts change. Reentrant, for a finalizer may close a connection meanwhile; a fork waits until it is free.
_guard = threading.RLock()
os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_guard.release)


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is counted, or measured where it has `bounds`, for each combination of labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...] = ()


COMMANDS = Measure(
    "command_duration_seconds",
    "Time of a command as its caller saw it, waiting and retries included; outcome is ok or the error's class.",
    ("endpoint", "command", "outcome"),
    SECONDS,
)
OPENED = Measure("connection_open_seconds", "Time to open a connection, with its handshake.", ("endpoint",), SECONDS)
AGE = Measure("connection_age_seconds", "Age at which a connection was closed, and why.", ("endpoint", "reason"), AGES)
WAITED = Measure("pool_wait_seconds", "Time in line for a connection of a full pool.", ("endpoint",), SECONDS)
MEASURED = (COMMANDS, OPENED, AGE, WAITED)

RETRIES = Measure("retries", "Commands sent again, by the error that made it so.", ("endpoint", "command", "reason"))
DIAL_FAILURES = Measure("dial_failures", "Connections that could not be opened.", ("endpoint", "error"))
WAIT_TIMEOUTS = Measure("pool_wait_timeouts", "Callers who stood in line for a connection in vain.", ("endpoint",))
BREAKER_CHANGES = Measure("breaker_changes", "Changes of the breaker's state.", ("endpoint", "state"))
ROTATIONS = Measure("rotations", "Credentials or certificates exchanged on open connections.", ("endpoint", "what"))
CACHE = Measure("cache_events", "Hits, misses and losses of the local cache.", ("endpoint", "event"))
COUNTED = (RETRIES, DIAL_FAILURES, WAIT_TIMEOUTS, BREAKER_CHANGES, ROTATIONS, CACHE)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many values lie in each bucket, up to and including its bound, then beyond the last; and their sum."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float

    @property
    def cumulative(self) -> tuple[int, ...]:
        """How many values lie at or below each bound, at last how many there are."""
        return tuple(accumulate(self.counts))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that was counted since recording began, by measure and label values."""

    measured: Mapping[Measure, Mapping[tuple[str, ...], Distribution]]
    counted: Mapping[Measure, Mapping[tuple[str, ...], int]]
    breakers: Mapping[str, str]


class _Durations(list[float]):
    """Values that have gathered, and the distribution of those before. A caller only appends, which threads may do."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        super().__init__()
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def fold(self) -> None:
        """Count what has gathered. For one thread at a time; others may append meanwhile, at the end."""
        taken = self[:]
        del self[: len(taken)]
        self._sum += sum(taken)
        # Floats are sorted so fast that it is a tenth of a search in the bounds for each.
        taken.sort()
        below = 0
        for bucket, bound in enumerate(self._bounds):
            above = bisect_right(taken, bound, below)
            self._counts[bucket] += above - below
            below = above
        self._counts[-1] += len(taken) - below

    def distribution(self) -> Distribution:
        """All that was counted so far, what has gathered included."""
        self.fold()
        return Distribution(self._bounds, tuple(self._counts), self._sum)


class Recorder(Hooks):
    """Adds events up. Safe for threads; a fork's child goes on from its parent's counts."""

    careful = True

    def __init__(self) -> None:
        self._measured: dict[Measure, dict[tuple[str, ...], _Durations]] = {measure: {} for measure in MEASURED}
        self._counted: dict[Measure, dict[tuple[str, ...], int]] = {measure: {} for measure in COUNTED}
        self._breakers: dict[str, str] = {}
        # The series of commands that went well, by endpoint and by the names that their callers use.
        self._well: dict[str, dict[str, _Durations]] = {}

    def command(self, endpoint: str, command: str, seconds: float, error: BaseException | None) -> None:
        """Count a command. This is the only event that comes thousands of times a second."""
        try:
            durations = self._well[endpoint][command] if error is None else None
        except KeyError:
            durations = None
        if durations is None:
            durations = self._series_of_command(endpoint, command, error)
        durations.append(seconds)
        if len(durations) >= _BATCH:
            with _guard:
                durations.fold()

    def retried(self, endpoint: str, command: str, attempt: int, reason: str) -> None:  # noqa: ARG002
        """Count a command sent again."""
        self._count(RETRIES, endpoint, command_name(command), reason)

    def connected(self, endpoint: str, seconds: float) -> None:
        """Measure the opening of a connection."""
        self._measure(OPENED, seconds, endpoint)

    def dial_failed(self, endpoint: str, error: BaseException) -> None:
        """Count a connection that could not be opened."""
        self._count(DIAL_FAILURES, endpoint, type(error).__name__)

    def closed(self, endpoint: str, age: float, reason: str) -> None:
        """Measure the life of a connection."""
        self._measure(AGE, age, endpoint, reason)

    def waited(self, endpoint: str, seconds: float, timed_out: bool) -> None:
        """Measure a wait for a connection."""
        self._measure(WAITED, seconds, endpoint)
        if timed_out:
            self._count(WAIT_TIMEOUTS, endpoint)

    def breaker(self, endpoint: str, state: str) -> None:
        """Note the state of a breaker."""
        self._breakers[endpoint] = state
        self._count(BREAKER_CHANGES, endpoint, state)

    def rotated(self, endpoint: str, what: str) -> None:
        """Count an exchange of credentials or certificates."""
        self._count(ROTATIONS, endpoint, what)

    def cache(self, endpoint: str, event: str) -> None:
        """Count what the local cache did."""
        self._count(CACHE, endpoint, event)

    def snapshot(self) -> Snapshot:
        """Tell all that was counted so far."""
        with _guard:
            return Snapshot(
                {
                    measure: {labels: durations.distribution() for labels, durations in series.items()}
                    for measure, series in self._measured.items()
                },
                {measure: dict(series) for measure, series in self._counted.items()},
                dict(self._breakers),
            )

    def _count(self, measure: Measure, *labels: str) -> None:
        with _guard:
            series = self._counted[measure]
            known = _bounded(labels, series)
            series[known] = series.get(known, 0) + 1

    def _measure(self, measure: Measure, seconds: float, *labels: str) -> None:
        with _guard:
            durations = self._series(measure, labels)
            durations.append(seconds)
            if len(durations) >= _BATCH:
                durations.fold()

    def _series(self, measure: Measure, labels: tuple[str, ...]) -> _Durations:
        series = self._measured[measure]
        return series.setdefault(_bounded(labels, series), _Durations(measure.bounds))

    def _series_of_command(self, endpoint: str, command: str, error: BaseException | None) -> _Durations:
        name = command_name(command)
        with _guard:
            durations = self._series(COMMANDS, (endpoint, name, "ok" if error is None else type(error).__name__))
            # Not by a name that Redis does not have: there are many of these.
            if error is None and name == command and len(self._measured[COMMANDS]) < LIMIT:
                self._well.setdefault(endpoint, {})[command] = durations
        return durations


def _bounded(labels: tuple[str, ...], series: Mapping[tuple[str, ...], object]) -> tuple[str, ...]:
    return labels if labels in series or len(series) < LIMIT else (OTHER,) * len(labels)
