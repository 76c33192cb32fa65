"""OpenTelemetry's own SDK collects what was told, by the names of its conventions; spans hold no argument."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.observing.metrics import SECONDS, Recorder
from mooring.runtime.observing.telemetry import BUDGET, address, measure, thinned
from mooring.runtime.observing.tracing import Spans

HERE = "cache:6379/0"
POOLS = {HERE: PoolNumbers(size=5, in_use=3, idle=2, waiting=1, max_connections=50)}
SERVER = {"db.system.name": "redis", "server.address": "cache", "server.port": 6379, "db.namespace": "0"}


class Collection:
    """A recorder, and a reader that collects from it."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider(metric_readers=[self.reader])
        measure(self.recorder, lambda: POOLS, self.provider)

    def points(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def test_commands_are_a_histogram_with_our_buckets() -> None:
    collection = Collection()
    for seconds in (0.0002, 0.0002, 0.3):
        collection.recorder.command(HERE, "GET", seconds, None)
    (point,) = collection.points()["db.client.operation.duration"]
    assert dict(point.attributes) == {**SERVER, "db.operation.name": "GET"}
    assert (point.count, point.explicit_bounds) == (3, SECONDS)
    assert point.bucket_counts[SECONDS.index(0.00025)] == 2
    assert point.bucket_counts[SECONDS.index(0.5)] == 1
    # Each value stands for its bucket.
    assert point.sum == pytest.approx(0.000175 * 2 + 0.375)


def test_each_collection_tells_what_came_since_the_last() -> None:
    collection = Collection()
    collection.recorder.command(HERE, "GET", 0.0002, None)
    assert collection.points()["db.client.operation.duration"][0].count == 1
    collection.recorder.command(HERE, "GET", 0.0002, None)
    assert collection.points()["db.client.operation.duration"][0].count == 2
    assert collection.points()["mooring.redis.commands"][0].value == 2


def test_an_error_has_its_type() -> None:
    collection = Collection()
    collection.recorder.command(HERE, "GET", 1.0, redis.TimeoutError())
    (point,) = collection.points()["mooring.redis.commands"]
    assert dict(point.attributes) == {**SERVER, "db.operation.name": "GET", "error.type": "TimeoutError"}


def test_above_the_budget_the_histogram_is_a_sample_and_the_count_exact() -> None:
    collection = Collection()
    sent = 4 * BUDGET
    for number in range(sent):
        collection.recorder.command(HERE, "GET", 0.0002 if number % 4 else 0.3, None)
    points = collection.points()
    (point,) = points["db.client.operation.duration"]
    # A slow machine is allowed more: the budget is one for each second.
    assert BUDGET - 2 <= point.count < sent
    assert point.bucket_counts[SECONDS.index(0.00025)] == pytest.approx(0.75 * point.count, rel=0.01)
    assert points["mooring.redis.commands"][0].value == sent


def test_pools_and_events_have_the_names_of_the_conventions() -> None:
    collection = Collection()
    collection.recorder.connected(HERE, 0.01)
    collection.recorder.waited(HERE, 0.1, timed_out=True)
    collection.recorder.retried(HERE, "GET", 2, "ConnectionError")
    collection.recorder.breaker(HERE, "open")
    points = collection.points()
    states = {
        point.attributes["db.client.connection.state"]: point.value for point in points["db.client.connection.count"]
    }
    assert states == {"used": 3, "idle": 2}
    assert points["db.client.connection.max"][0].value == 50
    assert points["db.client.connection.pending_requests"][0].value == 1
    assert points["db.client.connection.timeouts"][0].value == 1
    assert points["db.client.connection.create_time"][0].count == 1
    assert points["db.client.connection.wait_time"][0].count == 1
    assert points["mooring.redis.retries"][0].value == 1
    assert points["mooring.redis.breaker.open"][0].value == 1


def test_thinning_keeps_the_sum() -> None:
    assert thinned([3, 0, 5], 1.0) == [3, 0, 5]
    assert sum(thinned([1] * 1000, 0.1)) == 100
    assert sum(thinned([999, 1], 0.5)) == 500


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        (HERE, {"server.address": "cache", "server.port": 6379, "db.namespace": "0"}),
        ("cache:6379", {"server.address": "cache", "server.port": 6379}),
        ("[::1]:6380/2", {"server.address": "[::1]", "server.port": 6380, "db.namespace": "2"}),
        ("/run/redis.sock db 0", {"server.address": "/run/redis.sock db 0"}),
        ("redis+sentinel://a:1,b:2/m/0", {"server.address": "redis+sentinel://a:1,b:2/m/0"}),
    ],
)
def test_an_endpoint_is_told_by_its_parts_where_it_has_them(endpoint: str, expected: dict[str, object]) -> None:
    assert address(endpoint) == expected


def test_a_span_is_a_child_with_the_commands_time_and_no_argument() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    spans = Spans(provider)
    with provider.get_tracer("test").start_as_current_span("request") as request:
        spans.command(HERE, "GET", 0.25, None)
        spans.command(HERE, "config set requirepass hunter2", 0.1, redis.ResponseError("hunter2"))
    provider.shutdown()
    get, config, _ = exporter.get_finished_spans()
    assert get.parent is not None
    assert get.parent.span_id == request.get_span_context().span_id
    assert get.end_time is not None
    assert get.start_time is not None
    assert get.end_time - get.start_time == pytest.approx(250_000_000, abs=50_000_000)
    assert dict(get.attributes or {}) == {**SERVER, "db.operation.name": "GET"}
    assert (get.name, config.name) == ("GET", "CONFIG")
    assert config.status.status_code is StatusCode.ERROR
    assert "hunter2" not in config.to_json()
