"""OpenTelemetry: the counts and the pools' numbers as metrics, made when a reader collects.

Names are those of the semantic conventions for databases (https://opentelemetry.io/docs/specs/semconv/db/); what these
have no name for begins with `mooring.redis.`. Only opentelemetry-api is used: without a provider nothing is measured.

Recording one value into an SDK's histogram takes 8 µs (opentelemetry-sdk 1.45.2, measured), a seventh of a command. So
commands are counted into buckets as for Prometheus, and given to the histograms, which have the same buckets, when
somebody collects: each value as the middle of its bucket, and at most `BUDGET` of them for each second since the last
collection, which is below 1 % of a core. Above that rate a histogram holds a sample, evenly thinned;
`mooring.redis.commands` has the exact count beside it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from opentelemetry.metrics import CallbackOptions, Histogram, Meter, MeterProvider, Observation, get_meter

from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.observing.metrics import AGE, COMMANDS, COUNTED, OPENED, WAITED, Distribution, Measure, Recorder

__all__ = ["BUDGET", "SCOPE", "address", "attributes", "measure", "thinned"]

BUDGET: Final = 1000
"""Values a second that are put into histograms."""

SCOPE = "mooring"
_HISTOGRAMS = {
    COMMANDS: "db.client.operation.duration",
    OPENED: "db.client.connection.create_time",
    WAITED: "db.client.connection.wait_time",
    AGE: "mooring.redis.connection.age",
}
_COUNTERS = {"pool_wait_timeouts": "db.client.connection.timeouts"}
_ATTRIBUTES = {
    "command": "db.operation.name",
    "outcome": "error.type",
    "error": "error.type",
    "reason": "mooring.redis.reason",
    "state": "mooring.redis.breaker.state",
    "what": "mooring.redis.rotated",
    "event": "mooring.redis.cache.event",
}

# A breaker is that of a server, whatever the database.
_SERVER = re.compile(r"(?P<host>\[[^]/]+]|[^/:,]+):(?P<port>\d+)(/(?P<db>\d+))?")


def measure(
    recorder: Recorder, pools: Callable[[], Mapping[str, PoolNumbers]], provider: MeterProvider | None = None
) -> None:
    """Let a meter provider, the global one unless given, collect what the recorder holds and the pools tell."""
    meter = get_meter(SCOPE, meter_provider=provider)
    replay = _Replay(meter, recorder)

    def commands(_: CallbackOptions) -> Iterator[Observation]:
        # Of all that is observed this is the first, so that the histograms belong to the same collection.
        replay.catch_up()
        for labels, distribution in recorder.snapshot().measured[COMMANDS].items():
            yield Observation(sum(distribution.counts), attributes(COMMANDS.labels, labels))

    meter.create_observable_counter("mooring.redis.commands", [commands], "{command}", "Commands, by outcome.")
    for counted in COUNTED:
        name = _COUNTERS.get(counted.name, f"mooring.redis.{counted.name}")
        meter.create_observable_counter(name, [_counting(recorder, counted)], "1", counted.help)
    meter.create_observable_gauge(
        "mooring.redis.breaker.open",
        [lambda _: _breakers(recorder)],
        "1",
        "1 while the breaker is open or half-open.",
    )
    _observe_pools(meter, pools)


def attributes(labels: Iterable[str], values: Iterable[str]) -> dict[str, str | int]:
    """Return labels as OpenTelemetry's attributes; an outcome that is no error has none."""
    found: dict[str, str | int] = {"db.system.name": "redis"}
    for label, value in zip(labels, values, strict=True):
        if label == "endpoint":
            found |= address(value)
        elif value != "ok":
            found[_ATTRIBUTES[label]] = value
    return found


def address(endpoint: str) -> dict[str, str | int]:
    """Return the attributes of an endpoint: `cache:6379/0` by its parts, of Sentinels or a Cluster as a whole."""
    found = _SERVER.fullmatch(endpoint)
    if found is None:
        return {"server.address": endpoint}
    database = {} if found["db"] is None else {"db.namespace": found["db"]}
    return {"server.address": found["host"], "server.port": int(found["port"]), **database}


def thinned(counts: Iterable[int], share: float) -> list[int]:
    """Return that share of each count, rounded so that the sum is right to one half."""
    owed, given, kept = 0.0, 0, []
    for count in counts:
        owed += count * share
        kept.append(round(owed) - given)
        given += kept[-1]
    return kept


class _Replay:
    """Puts into OpenTelemetry's histograms what was counted since the last time."""

    def __init__(self, meter: Meter, recorder: Recorder) -> None:
        self._recorder = recorder
        self._histograms: dict[Measure, Histogram] = {
            measured: meter.create_histogram(
                name, "s", measured.help, explicit_bucket_boundaries_advisory=list(measured.bounds)
            )
            for measured, name in _HISTOGRAMS.items()
        }
        self._told: dict[tuple[Measure, tuple[str, ...]], tuple[int, ...]] = {}
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def catch_up(self) -> None:
        """Record every value since the last call, thinned where there are too many."""
        with self._lock:
            fresh = list(self._fresh())
            now = time.monotonic()
            # The first seconds of a short run are not thinned for being short.
            allowed = BUDGET * max(1.0, now - self._last)
            self._last = now
        share = min(1.0, allowed / max(1, sum(sum(counts) for _, _, _, counts in fresh)))
        for measured, labels, distribution, counts in fresh:
            known = attributes(measured.labels, labels)
            for middle, count in zip(_middles(distribution), thinned(counts, share), strict=True):
                for _ in range(count):
                    self._histograms[measured].record(middle, known)

    def _fresh(self) -> Iterator[tuple[Measure, tuple[str, ...], Distribution, tuple[int, ...]]]:
        for measured, series in self._recorder.snapshot().measured.items():
            for labels, distribution in series.items():
                before = self._told.get((measured, labels), (0,) * len(distribution.counts))
                self._told[measured, labels] = distribution.counts
                yield (
                    measured,
                    labels,
                    distribution,
                    tuple(now - then for now, then in zip(distribution.counts, before, strict=True)),
                )


def _middles(distribution: Distribution) -> list[float]:
    bounds = (0.0, *distribution.bounds)
    return [*((low + high) / 2 for low, high in pairwise(bounds)), bounds[-1] * 1.5]


def _counting(recorder: Recorder, counted: Measure) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def counts(_: CallbackOptions) -> Iterator[Observation]:
        for labels, count in recorder.snapshot().counted[counted].items():
            yield Observation(count, attributes(counted.labels, labels))

    return counts


def _breakers(recorder: Recorder) -> Iterator[Observation]:
    for endpoint, state in recorder.snapshot().breakers.items():
        yield Observation(int(state != "closed"), {"db.system.name": "redis", **address(endpoint)})


def _observe_pools(meter: Meter, pools: Callable[[], Mapping[str, PoolNumbers]]) -> None:
    def each(tell: Callable[[PoolNumbers], Mapping[str, int]]) -> Callable[[CallbackOptions], Iterator[Observation]]:
        def observed(_: CallbackOptions) -> Iterator[Observation]:
            for endpoint, numbers in pools().items():
                for state, value in tell(numbers).items():
                    known: dict[str, Any] = {"db.client.connection.pool.name": endpoint}
                    yield Observation(value, known | ({"db.client.connection.state": state} if state else {}))

        return observed

    for name, unit, text, tell in (
        (
            "db.client.connection.count",
            "{connection}",
            "Open connections.",
            lambda numbers: {"used": numbers.in_use + numbers.lanes, "idle": numbers.idle},
        ),
        (
            "db.client.connection.max",
            "{connection}",
            "Bound of the pool.",
            lambda numbers: {"": numbers.max_connections},
        ),
        (
            "db.client.connection.pending_requests",
            "{request}",
            "Callers in line for a connection.",
            lambda numbers: {"": numbers.waiting},
        ),
    ):
        meter.create_observable_up_down_counter(name, [each(tell)], unit, text)
