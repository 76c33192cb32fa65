"""The clients that the factories make have a local cache where it is asked for, in threads and in tasks alike."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry
from redis.exceptions import RedisError, ResponseError

from mooring import (
    CacheSize,
    ConfigError,
    RedisConnectionManager,
    create_async_redis_from_config,
    create_redis_from_config,
    deadline,
)
from mooring.embedded import EmbeddedRedis, SentinelTrio
from mooring.runtime import hooks
from mooring.runtime.credentials import watching
from mooring.runtime.failures import DeadlineExceeded
from mooring.runtime.observing.metrics import Recorder
from mooring.runtime.observing.prometheus import RedisCollector
from mooring.runtime.observing.telemetry import measure

from .flavours import FLAVOURS


class Caller:
    """Calls a client for threads or tasks as if both were for threads."""

    def __init__(self, flavour: str) -> None:
        self._runner = asyncio.Runner() if flavour == "tasks" else None
        self._create: Any = create_redis_from_config if self._runner is None else create_async_redis_from_config

    def client(self, **options: Any) -> Any:
        return self._create(client_name="cached", **{"local_cache": True, **options})

    def __call__(self, call: Callable[[], Any]) -> Any:
        if self._runner is None:
            return call()

        async def awaited() -> Any:
            return await call()

        # In the caller's context, where a deadline may stand.
        return self._runner.run(awaited(), context=copy_context())

    def numbers(self, client: Any) -> Any:
        async def counted() -> Any:
            return client.local_cache_numbers()

        return client.local_cache_numbers() if self._runner is None else self._runner.run(counted())

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, and fail when it never does; the event loop runs meanwhile."""
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, "the condition never held"
            time.sleep(0.005) if self._runner is None else self._runner.run(asyncio.sleep(0.005))

    def close(self) -> None:
        if self._runner is None:
            RedisConnectionManager.instance().close()
        else:
            self._runner.run(RedisConnectionManager.instance().aclose())

    def end(self) -> None:
        self.close()
        if self._runner is not None:
            self._runner.close()


@pytest.fixture(params=FLAVOURS)
def caller(request: pytest.FixtureRequest, configured: None) -> Iterator[Caller]:
    found = Caller(request.param)
    try:
        yield found
    finally:
        found.end()


class Outcomes(hooks.Hooks):
    """What was told of the local cache."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def cache(self, endpoint: str, outcome: str) -> None:
        self.told.append(outcome)


@pytest.fixture
def outcomes() -> Iterator[Outcomes]:
    found = Outcomes()
    hooks.install(found)
    yield found
    hooks.uninstall(found)


def gets(server: EmbeddedRedis) -> int:
    with server.client() as observer:
        return int(observer.info("commandstats").get("cmdstat_get", {}).get("calls", 0))


def test_without_being_asked_for_there_is_no_cache(caller: Caller, redis_server: EmbeddedRedis) -> None:
    for said in (False, None):
        client = caller.client(local_cache=said)
        before = gets(redis_server)
        assert [caller(lambda: client.get("key")) for _ in range(3)] == [None] * 3  # noqa: B023 - called at once
        assert gets(redis_server) == before + 3


@pytest.mark.parametrize("multiplex", [True, False])
def test_a_second_read_does_not_reach_the_server(
    caller: Caller, redis_server: EmbeddedRedis, outcomes: Outcomes, multiplex: bool
) -> None:
    client = caller.client(multiplex=multiplex)
    caller(lambda: client.set("key", "value"))
    before = gets(redis_server)
    assert [caller(lambda: client.get("key")) for _ in range(5)] == [b"value"] * 5
    assert gets(redis_server) == before + 1
    assert outcomes.told == ["miss", *["hit"] * 4]
    with redis_server.client() as other:
        other.set("key", "new")
    caller.until(lambda: not caller.numbers(client).entries)
    assert caller(lambda: client.get("key")) == b"new"
    assert outcomes.told[-2:] == ["invalidated", "miss"]


def test_the_variable_asks_for_a_cache(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_LOCAL_CACHE", "1mb")
    client = caller.client(local_cache=None)
    caller(lambda: client.mget("a", "b"))
    assert caller.numbers(client).entries == 2


def test_clients_share_a_cache_by_its_size(caller: Caller) -> None:
    client, same, other = (caller.client(local_cache=CacheSize(entries=entries)) for entries in (7, 7, 8))
    caller(lambda: client.get("key"))
    assert caller.numbers(same).entries == 1
    assert caller.numbers(other).entries == 0
    assert other.connection_pool is not client.connection_pool


def test_a_client_reads_what_it_has_just_written(caller: Caller) -> None:
    client = caller.client()

    def piped(transaction: bool) -> Any:
        pipe = client.pipeline(transaction)
        pipe.incr("key")
        return pipe.execute()

    for turn in range(50):
        caller(lambda: client.set("key", turn))  # noqa: B023 - called at once
        assert caller(lambda: client.get("key")) == str(turn).encode()
        caller(lambda: piped(turn % 2 == 0))  # noqa: B023
        assert caller(lambda: client.get("key")) == str(turn + 1).encode()
        caller(lambda: client.eval("return redis.call('INCR', KEYS[1])", 1, "key"))
        assert caller(lambda: client.get("key")) == str(turn + 2).encode()
    caller(client.flushdb)
    assert caller(lambda: client.get("key")) is None


ASKED: tuple[Callable[[Any], Any], ...] = (
    lambda it: it.get("text"),
    lambda it: it.mget("text", "none", "hash", "text"),
    lambda it: it.hget("hash", "a"),
    lambda it: it.hgetall("hash"),
    lambda it: it.hmget("hash", "a", "z"),
    lambda it: it.hexists("hash", "a"),
    lambda it: it.exists("text"),
    lambda it: it.exists("text", "hash"),
    lambda it: it.smembers("set"),
    lambda it: it.sismember("set", "x"),
    lambda it: it.zrange("zset", 0, -1),
    lambda it: it.zrange("zset", 0, -1, withscores=True),
    lambda it: it.zrevrange("zset", 0, -1, withscores=True),
    lambda it: it.zrank("zset", "two"),
    lambda it: it.zscore("zset", "two"),
    lambda it: it.geopos("places", "Palermo", "Nowhere"),
    lambda it: it.geodist("places", "Palermo", "Catania"),
    lambda it: it.lrange("list", 0, 1),
    lambda it: it.type("list"),
    lambda it: it.xrange("stream"),
    lambda it: it.execute_command("HGETALL", "hash"),
    lambda it: it.execute_command("ZRANGE", "zset", 0, -1, "WITHSCORES"),
)


@pytest.mark.parametrize("protocol", [None, 2, 3])
@pytest.mark.parametrize("decode", [False, True])
def test_replies_have_the_form_of_the_protocol_that_was_chosen(
    caller: Caller, redis_server: EmbeddedRedis, decode: bool, protocol: int | None
) -> None:
    options: dict[str, Any] = {"decode_responses": decode} | ({"protocol": protocol} if protocol else {})
    with redis.Redis(host=redis_server.host, port=redis_server.port, **options) as plain:
        plain.hset("hash", mapping={"a": "1", "b": "2"})
        plain.sadd("set", "x", "y")
        plain.zadd("zset", {"one": 1, "two": 2.5})
        plain.geoadd("places", [13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"])
        plain.rpush("list", "1", "2", "3")
        plain.xadd("stream", {"a": "1"}, id="1-1")
        plain.set("text", "text")
        client = caller.client(**options)
        for ask in ASKED:
            expected = ask(plain)
            assert [caller(lambda: ask(client)) for _ in range(2)] == [expected] * 2  # noqa: B023
    assert caller.numbers(client).hits >= 12


def test_an_error_is_the_callers_and_is_not_kept(caller: Caller, redis_server: EmbeddedRedis) -> None:
    with redis_server.client() as other:
        other.rpush("list", 1)
    client = caller.client()
    for _ in range(2):
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            caller(lambda: client.get("list"))
    assert not caller.numbers(client).entries


def test_a_server_that_cannot_track_is_used_without_the_cache(
    caller: Caller, outcomes: Outcomes, caplog: pytest.LogCaptureFixture
) -> None:
    # As one before Redis 6, which knows no RESP3.
    with EmbeddedRedis(settings={"rename-command": 'HELLO ""'}) as old:
        client = caller.client(url=old.url, protocol=2)
        assert [caller(lambda: client.get("key")) for _ in range(3)] == [None] * 3
        caller.close()
    assert outcomes.told.count("refused") == 1
    assert len([record for record in caplog.records if "the local cache is off" in record.message]) == 1


def test_metrics_tell_of_hits_misses_and_invalidations(caller: Caller, redis_server: EmbeddedRedis) -> None:
    recorder, registry, reader = Recorder(), CollectorRegistry(), InMemoryMetricReader()
    registry.register(RedisCollector(recorder, dict))
    measure(recorder, dict, MeterProvider(metric_readers=[reader]))
    hooks.install(recorder)
    try:
        client = caller.client()
        for _ in range(3):
            caller(lambda: client.get("key"))
        with redis_server.client() as other:
            other.set("key", "new")
        caller.until(lambda: not caller.numbers(client).entries)
    finally:
        hooks.uninstall(recorder)
    endpoint = f"{redis_server.host}:{redis_server.port}/0"
    expected = {"hit": 2, "miss": 1, "invalidated": 1}
    name = "mooring_redis_cache_events_total"
    assert expected == {
        event: registry.get_sample_value(name, {"endpoint": endpoint, "event": event}) for event in expected
    }
    data: Any = reader.get_metrics_data()
    metrics = {metric.name: metric for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    points = metrics["mooring.redis.cache_events"].data.data_points
    assert expected == {point.attributes["mooring.redis.cache.event"]: point.value for point in points}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_what_cannot_have_a_cache_is_refused(flavour: str) -> None:
    create: Any = create_redis_from_config if flavour == "threads" else create_async_redis_from_config
    with pytest.raises(ConfigError, match="argument local_cache asks for a local cache, which the clients of a Redis"):
        create(url="redis+cluster://node:6379", local_cache=True)
    with pytest.raises(ConfigError, match="argument local_cache is 'much', but local_cache must be true, false, a"):
        create(local_cache="much")


def test_a_lost_connection_takes_everything_with_it(caller: Caller, redis_server: EmbeddedRedis) -> None:
    client = caller.client()
    caller(lambda: client.get("key"))
    with redis_server.client() as observer:
        observer.client_kill_filter(_type="normal", skipme=True)
        caller.until(lambda: not caller.numbers(client).entries)
        observer.set("key", "new")
    assert caller(lambda: client.get("key")) == b"new"


def test_nothing_is_given_out_when_the_server_is_not_heard(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedRedis() as server:
        client = caller.client(url=server.url, local_cache=CacheSize(staleness=0.3))
        caller(lambda: client.get("key"))
        server.pause()
        try:
            time.sleep(0.4)
            with deadline(0.2), pytest.raises(DeadlineExceeded):
                caller(lambda: client.get("key"))
        finally:
            server.resume()
        assert caller(lambda: client.get("key")) is None
        caller.close()


def test_a_changed_login_leaves_nothing_of_the_former_one(
    caller: Caller, redis_server: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "INTERVAL", 0.05)
    monkeypatch.delenv("REDIS_URL")
    file = tmp_path / "url"
    monkeypatch.setenv("REDIS_URL_FILE", str(file))
    with redis_server.client() as admin:
        for name in ("one", "two"):
            admin.execute_command("ACL", "SETUSER", name, "on", f">{name}-secret", "~*", "+@all")
        try:
            file.write_text(f"redis://one:one-secret@{redis_server.host}:{redis_server.port}/0")
            client = caller.client()
            caller(lambda: client.get("key"))
            file.with_suffix(".new").write_text(f"redis://two:two-secret@{redis_server.host}:{redis_server.port}/0")
            file.with_suffix(".new").rename(file)
            caller.until(lambda: caller.numbers(client).dropped == 1)
            admin.execute_command("ACL", "DELUSER", "one")
            admin.set("key", "new")
            assert caller(lambda: client.get("key")) == b"new"
        finally:
            admin.execute_command("ACL", "DELUSER", "one", "two")


def test_a_failover_leaves_nothing_of_the_former_master() -> None:
    callers = [Caller(flavour) for flavour in FLAVOURS]
    with SentinelTrio(down_after=0.5) as trio:
        nodes = ",".join(f"{host}:{port}" for host, port in trio.sentinels)
        url = f"redis+sentinel://{nodes}/{trio.service_name}"
        clients = [(caller, caller.client(url=url, deadline=15)) for caller in callers]
        for caller, client in clients:
            caller(lambda: client.set("key", "before"))  # noqa: B023 - called at once
            assert [caller(lambda: client.get("key")) for _ in range(2)] == [b"before"] * 2  # noqa: B023
        master = trio.failover()
        with master.client() as other:
            other.set("key", "after")
        for caller, client in clients:
            caller.until(lambda: caller(lambda: client.get("key")) == b"after")  # noqa: B023
        for caller in reversed(callers):
            caller.end()


def test_threads_share_one_fetch_and_see_no_value_older_than_their_own_write(redis_server: EmbeddedRedis) -> None:
    client: Any = create_redis_from_config(local_cache=True)
    failures: list[Any] = []

    def use(number: int) -> None:
        try:
            for turn in range(60):
                client.set(f"own:{number}", turn)
                if int(client.get(f"own:{number}")) != turn:
                    failures.append((number, turn))
                last = client.incr("shared")
                if int(client.get("shared")) < last:
                    failures.append(("shared", last))
        except RedisError as error:
            failures.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert client.get("shared") == b"720"


def test_closing_the_manager_ends_the_thread(named: Callable[[str], int], gone: Callable[[str], bool]) -> None:
    with RedisConnectionManager() as manager:
        client: Any = manager.client(client_name="ending", local_cache=True)
        client.get("key")
        assert named("ending") == 1
        assert [each for each in threading.enumerate() if each.name.startswith("local cache of")]
    assert not [each for each in threading.enumerate() if each.name.startswith("local cache of")]
    assert gone("ending")
    assert client.get("key") is None  # as redis-py's own, it connects again
    client._tracking.close()
    client.connection_pool.shut()


def test_a_thread_that_cannot_begin_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    client = create_redis_from_config(local_cache=True)
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "Runner", lambda: os.close(-1))
        with pytest.raises(OSError, match="Bad file descriptor"):
            client.get("key")
    assert client.get("key") is None


FORKED = """
import asyncio, os
from mooring import create_redis_from_config

client = create_redis_from_config(local_cache=True)
client.set("key", "before")
assert client.get("key") == client.get("key") == b"before"
pid = os.fork()
if pid == 0:
    try:
        client.set("key", "child")
        assert client.local_cache_numbers().entries == 0
        assert [client.get("key"), client.get("key")] == [b"child"] * 2
        assert client.local_cache_numbers().hits == 1
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
for _ in range(5000):
    if client.get("key") == b"child":
        break
else:
    raise AssertionError("the parent did not hear of the change")
print("heard")
"""

# As a child that ends as programs do, and not by os._exit.
FORKED_AND_ENDED = """
import os, sys
from mooring import create_redis_from_config

client = create_redis_from_config(local_cache=True)
client.get("key")
pid = os.fork()
if pid == 0:
    client.get("key")
    sys.exit()
assert os.waitpid(pid, 0)[1] == 0
"""


def test_a_fork_begins_with_nothing_in_the_cache(run_script: Callable[[str], Any]) -> None:
    done = run_script(FORKED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "heard\n", "")


def test_a_child_may_end_without_closing_anything(run_script: Callable[[str], Any]) -> None:
    done = run_script(FORKED_AND_ENDED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_program_may_end_without_closing_anything(run_script: Callable[[str], Any]) -> None:
    done = run_script(
        "from mooring import create_redis_from_config\n"
        "print(create_redis_from_config(local_cache='1mb', decode_responses=True).get('key'))\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "")
