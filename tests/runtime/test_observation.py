"""Observing is asked for by a call or a variable, and only then loads and costs anything."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable

import pytest
import redis

from mooring.errors import ConfigError
from mooring.runtime import hooks
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.observing.log import Log
from mooring.runtime.observing.observation import observe

Run = Callable[[str], subprocess.CompletedProcess[str]]


def test_nothing_is_loaded_and_nobody_listens_unless_asked_for(run_script: Run) -> None:
    done = run_script(
        """
import sys, mooring
from mooring.runtime import hooks
mooring.create_redis_from_config().ping()
ways = ("prometheus", "telemetry", "tracing")
names = ("prometheus_client", *(f"mooring.runtime.observing.{way}" for way in ways))
print(hooks.active, [name for name in names if name in sys.modules])
"""
    )
    assert done.stdout == "None []\n", done.stderr


def test_the_variable_turns_it_on_when_a_first_client_is_made(run_script: Run) -> None:
    done = run_script(
        """
import os, mooring
os.environ["MOORING_OBSERVE"] = "prometheus, log"
from mooring.runtime.observing.observation import observe
from prometheus_client import REGISTRY
client = mooring.create_redis_from_config()
observe("prometheus")  # once is enough
client.get("key")
client.get("key")
told = [sample for family in REGISTRY.collect() for sample in family.samples]
(count,) = [one.value for one in told if one.name == "mooring_redis_command_duration_seconds_count"]
(size,) = [one.value for one in told if one.name == "mooring_redis_pool_connections" and one.labels["state"] == "idle"]
print(count, size)
"""
    )
    assert done.stdout == "2 1\n", done.stderr


def test_all_ways_go_together(run_script: Run) -> None:
    done = run_script(
        """
import asyncio, mooring
from mooring.runtime.observing.observation import observe
observe("prometheus", "otel", "traces", "log")
async def ask():
    async with mooring.RedisConnectionManager() as manager:
        await manager.async_client().ping()
asyncio.run(ask())
"""
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("asked", ["statsd", "prometheus;log"])
def test_an_unknown_way_is_told_with_those_that_there_are(asked: str) -> None:
    with pytest.raises(ConfigError, match="prometheus, otel, traces, log"):
        observe(asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOORING_OBSERVE", asked)
        with pytest.raises(ConfigError, match="MOORING_OBSERVE"):
            RedisConnectionManager()
    assert hooks.active is None


def test_a_missing_package_is_told_with_its_extra(run_script: Run) -> None:
    done = run_script(
        """
import os, sys, mooring
os.environ["MOORING_OBSERVE"] = "prometheus"
sys.modules["prometheus_client"] = None
try:
    mooring.create_redis_from_config()
except mooring.MooringError as error:
    print(error)
"""
    )
    assert "mooring[metrics]" in done.stdout
    assert "MOORING_OBSERVE" in done.stdout


def test_an_outage_is_two_lines_with_fields_and_no_quotation(caplog: pytest.LogCaptureFixture) -> None:
    log = Log()
    with caplog.at_level(logging.INFO, "mooring"):
        log.connected("cache:6379/0", 0.01)
        for _ in range(30):
            log.dial_failed("cache:6379/0", redis.ResponseError("unknown command 'HELLO' 'AUTH' 'hunter2'"))
        log.connected("cache:6379/0", 0.01)
    lost, back = caplog.records
    assert (lost.levelname, lost.redis_event, lost.redis_error) == ("WARNING", "unreachable", "ResponseError")  # type: ignore[attr-defined]
    assert (back.levelname, back.redis_event, back.redis_failures) == ("INFO", "reconnected", 30)  # type: ignore[attr-defined]
    assert back.redis_endpoint == "cache:6379/0"  # type: ignore[attr-defined]
    assert "hunter2" not in caplog.text


def test_a_breaker_that_opens_is_one_warning_however_often_it_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    log = Log()
    with caplog.at_level(logging.DEBUG, "mooring"):
        for state in ("open", "half-open", "open", "half-open", "closed"):
            log.breaker("cache:6379", state)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "Redis cache:6379 has its breaker open"),
        ("INFO", "Redis cache:6379 has its breaker closed"),
    ]
