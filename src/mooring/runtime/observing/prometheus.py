"""Prometheus: the counts and the pools' numbers as samples, made when somebody scrapes.

All names begin with `mooring_redis_`. Prometheus adds `_total` to what is counted; `mooring_redis_` and `_bucket`,
`_sum` and `_count` to what is measured, in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.observing.metrics import BREAKER_STATES, Distribution, Measure, Recorder

__all__ = ["RedisCollector", "exposition"]

PREFIX = "mooring_redis_"


class RedisCollector(Collector):
    """Turns what a recorder holds, and what the pools tell, into Prometheus' families."""

    def __init__(self, recorder: Recorder, pools: Callable[[], Mapping[str, PoolNumbers]]) -> None:
        self._recorder = recorder
        self._pools = pools

    def describe(self) -> Iterable[Metric]:
        """Name no metric beforehand: a registry need not collect in order to register."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Tell everything, as of now."""
        snapshot = self._recorder.snapshot()
        for measure, distributions in snapshot.measured.items():
            yield _histogram(measure, distributions)
        for measure, counts in snapshot.counted.items():
            counter = CounterMetricFamily(PREFIX + measure.name, measure.help, labels=measure.labels)
            for labels, count in counts.items():
                counter.add_metric(labels, count)
            yield counter
        yield _breakers(snapshot.breakers)
        yield from _pools(self._pools())


def exposition(registry: CollectorRegistry = REGISTRY) -> tuple[bytes, str]:
    """Return the registry's samples as text, and the media type of the text."""
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _histogram(measure: Measure, distributions: Mapping[tuple[str, ...], Distribution]) -> Metric:
    family = HistogramMetricFamily(PREFIX + measure.name, measure.help, labels=measure.labels)
    bounds = [*map(str, measure.bounds), "+Inf"]
    for labels, distribution in distributions.items():
        family.add_metric(labels, list(zip(bounds, distribution.cumulative, strict=True)), distribution.sum)
    return family


def _breakers(states: Mapping[str, str]) -> Metric:
    family = GaugeMetricFamily(
        f"{PREFIX}breaker_state", "1 for the state that the breaker is in.", labels=("endpoint", "state")
    )
    for endpoint, now in states.items():
        for state in BREAKER_STATES:
            family.add_metric((endpoint, state), float(state == now))
    return family


def _pools(pools: Mapping[str, PoolNumbers]) -> Iterator[Metric]:
    connections = GaugeMetricFamily(
        f"{PREFIX}pool_connections",
        "Open connections of the pools, and sockets that tasks share.",
        labels=("endpoint", "state"),
    )
    gauges = {
        "waiting": GaugeMetricFamily(
            f"{PREFIX}pool_waiting", "Callers in line for a connection.", labels=("endpoint",)
        ),
        "max_connections": GaugeMetricFamily(
            f"{PREFIX}pool_max_connections", "Bound of the pools.", labels=("endpoint",)
        ),
        "oldest_age": GaugeMetricFamily(
            f"{PREFIX}pool_oldest_connection_seconds", "Age of the oldest open connection.", labels=("endpoint",)
        ),
    }
    for endpoint, numbers in pools.items():
        connections.add_metric((endpoint, "in_use"), numbers.in_use)
        connections.add_metric((endpoint, "idle"), numbers.idle)
        connections.add_metric((endpoint, "shared"), numbers.lanes)
        for field, gauge in gauges.items():
            gauge.add_metric((endpoint,), getattr(numbers, field))
    yield connections
    yield from gauges.values()
