"""What Prometheus scrapes is what was told, in text that its own parser reads."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.observing.metrics import Recorder
from mooring.runtime.observing.prometheus import RedisCollector, exposition

HERE = "cache:6379/0"
POOLS = {HERE: PoolNumbers(size=5, in_use=3, idle=2, waiting=1, max_connections=50, oldest_age=12.5, lanes=2)}


def scraped(recorder: Recorder) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    registry = CollectorRegistry()
    registry.register(RedisCollector(recorder, lambda: POOLS))
    text, media_type = exposition(registry)
    assert media_type.startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_a_scrape_tells_commands_events_and_pools() -> None:
    recorder = Recorder()
    recorder.command(HERE, "GET", 0.0002, None)
    recorder.command(HERE, "GET", 0.3, None)
    recorder.retried(HERE, "GET", 2, "ConnectionError")
    recorder.breaker(HERE, "open")
    recorder.rotated(HERE, "credentials")
    told = scraped(recorder)
    here, get = ("endpoint", HERE), ("command", "GET")
    well = (get, here, ("outcome", "ok"))
    assert told["mooring_redis_command_duration_seconds_count", well] == 2
    assert told["mooring_redis_command_duration_seconds_sum", well] == pytest.approx(0.3002)
    assert told["mooring_redis_command_duration_seconds_bucket", (get, here, ("le", "0.00025"), well[2])] == 1
    assert told["mooring_redis_command_duration_seconds_bucket", (get, here, ("le", "+Inf"), well[2])] == 2
    assert told["mooring_redis_retries_total", (get, here, ("reason", "ConnectionError"))] == 1
    assert told["mooring_redis_breaker_state", (here, ("state", "open"))] == 1
    assert told["mooring_redis_breaker_state", (here, ("state", "closed"))] == 0
    assert told["mooring_redis_rotations_total", (here, ("what", "credentials"))] == 1
    assert told["mooring_redis_pool_connections", (here, ("state", "in_use"))] == 3
    assert told["mooring_redis_pool_connections", (here, ("state", "idle"))] == 2
    assert told["mooring_redis_pool_connections", (here, ("state", "shared"))] == 2
    assert told["mooring_redis_pool_waiting", (here,)] == 1
    assert told["mooring_redis_pool_max_connections", (here,)] == 50
    assert told["mooring_redis_pool_oldest_connection_seconds", (here,)] == 12.5


def test_all_names_begin_alike() -> None:
    assert [name for name, _ in scraped(Recorder()) if not name.startswith("mooring_redis_")] == []
