"""Events add up exactly, in bounded series, also when threads tell them; labels hold no argument."""

from __future__ import annotations

import threading

import pytest
import redis

from mooring.embedded import EmbeddedRedis
from mooring.runtime import hooks
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.observing import metrics
from mooring.runtime.observing.command_names import UNKNOWN, command_name
from mooring.runtime.observing.metrics import AGE, COMMANDS, DIAL_FAILURES, RETRIES, WAIT_TIMEOUTS, Recorder

HERE = "cache:6379/0"


def test_a_value_is_counted_in_the_bucket_whose_bound_it_does_not_pass() -> None:
    recorder = Recorder()
    for seconds in (0.0, 0.00005, 0.000051, 10.0, 11.0):
        recorder.command(HERE, "GET", seconds, None)
    found = recorder.snapshot().measured[COMMANDS][HERE, "GET", "ok"]
    assert found.counts[0] == 2
    assert found.counts[1] == 1
    assert found.counts[-2:] == (1, 1)
    assert found.cumulative[-1] == 5
    assert found.sum == pytest.approx(21.000101)


def test_no_command_is_lost_between_threads() -> None:
    recorder = Recorder()

    def tell() -> None:
        for _ in range(10_000):
            recorder.command(HERE, "GET", 0.001, None)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        recorder.snapshot()
    for thread in threads:
        thread.join()
    assert recorder.snapshot().measured[COMMANDS][HERE, "GET", "ok"].cumulative[-1] == 40_000


def test_an_error_is_an_outcome_of_its_own() -> None:
    recorder = Recorder()
    recorder.command(HERE, "GET", 0.001, None)
    recorder.command(HERE, "GET", 0.5, redis.TimeoutError("GET secret"))
    told = recorder.snapshot().measured[COMMANDS]
    assert set(told) == {(HERE, "GET", "ok"), (HERE, "GET", "TimeoutError")}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("GET", "GET"),
        ("get", "GET"),
        ("CONFIG GET", "CONFIG"),
        ("config set requirepass hunter2", "CONFIG"),
        ("hunter2", UNKNOWN),
        ("", UNKNOWN),
        ("FT.SEARCH", "FT.SEARCH"),
        ("FT.hunter2 x", UNKNOWN),
        ("PIPELINE", "PIPELINE"),
    ],
)
def test_a_label_is_the_name_of_a_command_and_never_an_argument(sent: str, told: str) -> None:
    recorder = Recorder()
    for _ in range(2):
        recorder.command(HERE, sent, 0.001, None)
        recorder.retried(HERE, sent, 2, "ConnectionError")
    snapshot = recorder.snapshot()
    assert list(snapshot.measured[COMMANDS]) == [(HERE, told, "ok")]
    assert snapshot.measured[COMMANDS][HERE, told, "ok"].cumulative[-1] == 2
    assert snapshot.counted[RETRIES] == {(HERE, told, "ConnectionError"): 2}


def test_every_command_of_the_server_has_its_name(redis_server: EmbeddedRedis) -> None:
    with redis_server.client() as client:
        known = [name.upper() for name in client.command()]
    assert [name for name in known if command_name(name) != name] == []


def test_series_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "LIMIT", 5)
    recorder = Recorder()
    for number in range(20):
        recorder.dial_failed(f"pod-{number}:6379/0", OSError())
        recorder.command(f"pod-{number}:6379/0", "GET", 0.001, None)
    snapshot = recorder.snapshot()
    assert len(snapshot.counted[DIAL_FAILURES]) == len(snapshot.measured[COMMANDS]) == 6
    assert sum(snapshot.counted[DIAL_FAILURES].values()) == 20
    assert snapshot.measured[COMMANDS]["other", "other", "other"].cumulative[-1] == 15


def test_the_other_events_are_counted_too() -> None:
    recorder = Recorder()
    recorder.waited(HERE, 0.2, timed_out=False)
    recorder.waited(HERE, 5.0, timed_out=True)
    recorder.closed(HERE, 1700.0, "age")
    recorder.breaker(HERE, "open")
    recorder.breaker(HERE, "half-open")
    snapshot = recorder.snapshot()
    assert snapshot.counted[WAIT_TIMEOUTS] == {(HERE,): 1}
    assert snapshot.measured[AGE][HERE, "age"].cumulative[-1] == 1
    assert snapshot.breakers == {HERE: "half-open"}


def test_a_clients_commands_are_counted_by_outcome(redis_server: EmbeddedRedis) -> None:
    recorder = Recorder()
    hooks.install(recorder)
    try:
        client = RedisConnectionManager.instance().client()
        client.set("text", "x")
        client.get("text")
        client.get("text")
        with pytest.raises(redis.ResponseError):
            client.incr("text")
        endpoint = client.connection_pool.endpoint  # type: ignore[attr-defined]
    finally:
        hooks.uninstall(recorder)
    told = recorder.snapshot().measured[COMMANDS]
    counts = {labels: distribution.cumulative[-1] for labels, distribution in told.items()}
    assert counts == {
        (endpoint, "SET", "ok"): 1,
        (endpoint, "GET", "ok"): 2,
        (endpoint, "INCRBY", "ResponseError"): 1,
    }
