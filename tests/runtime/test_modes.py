"""Sentinels and a Cluster are really reached with what the settings say."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.cluster import RedisCluster
from redis.sentinel import Sentinel

import mooring
from mooring.config.nodes import write_nodes
from mooring.embedded import ClusterTrio, SentinelTrio
from mooring.errors import ConfigError
from mooring.runtime.manager import RedisConnectionManager

PASSWORD = "h\"unter\\2 'é:/@#"


@pytest.fixture(scope="module")
def sentinels() -> Iterator[SentinelTrio]:
    with SentinelTrio(password=PASSWORD, down_after=0.5) as trio:
        yield trio


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterTrio]:
    with ClusterTrio(password=PASSWORD) as trio:
        yield trio


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def by_sentinel(sentinels: SentinelTrio, monkeypatch: pytest.MonkeyPatch) -> SentinelTrio:
    """Configure the process for the Sentinels."""
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_SENTINELS", write_nodes(sentinels.sentinels))
    monkeypatch.setenv("REDIS_SENTINEL_MASTER", sentinels.service_name)
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    return sentinels


@pytest.fixture
def by_cluster(cluster: ClusterTrio, monkeypatch: pytest.MonkeyPatch) -> ClusterTrio:
    """Configure the process for the Cluster."""
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_CLUSTER_NODES", write_nodes(cluster.startup_nodes))
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    return cluster


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            if condition():
                return
        except redis.RedisError:
            pass
        assert time.monotonic() < until
        time.sleep(0.05)


def test_clients_reach_the_master_that_sentinels_tell(by_sentinel: SentinelTrio) -> None:
    async def ask() -> Any:
        async with RedisConnectionManager() as manager:
            client = manager.async_client()
            await client.set("twice", "asyncio")
            return await client.get("once")

    with RedisConnectionManager() as manager, by_sentinel.master.client() as master:
        manager.client().set("once", "sync")
        assert asyncio.run(ask()) == b"sync"
        assert master.mget("once", "twice") == [b"sync", b"asyncio"]
        # The pool is shared as any other.
        assert manager.client().connection_pool is manager.client(db=0).connection_pool


def test_a_sentinel_that_is_gone_is_passed_over(by_sentinel: SentinelTrio, unused_port: int) -> None:
    (host, port), *_ = by_sentinel.sentinels
    with RedisConnectionManager() as manager:
        assert manager.client(sentinels=[("127.0.0.1", unused_port), (host, port)]).ping()


@pytest.mark.parametrize("flavour", ["sync", "asyncio"])
def test_a_master_that_nobody_knows_is_told_with_who_was_asked(by_sentinel: SentinelTrio, flavour: str) -> None:
    async def ask() -> None:
        async with RedisConnectionManager() as manager:
            await manager.async_client(sentinel_master="nobody", retry=None).ping()

    with RedisConnectionManager() as manager:
        begin: dict[str, Callable[[], Any]] = {
            "sync": manager.client(sentinel_master="nobody", retry=None).ping,
            "asyncio": lambda: asyncio.run(ask()),
        }
        with pytest.raises(redis.ConnectionError) as caught:
            begin[flavour]()
    told = str(caught.value.args[0])
    assert told.startswith("No Sentinel tells the master 'nobody': ")
    assert told.count("does not know it") == len(by_sentinel.sentinels)


def test_a_demoted_master_loses_its_connection(by_sentinel: SentinelTrio) -> None:
    (replica,) = by_sentinel.replicas
    with RedisConnectionManager() as manager:
        client = manager.client(retry=None)
        client.ping()
        (connection,) = client.connection_pool._available_connections
        connection.disconnect()
        # As if a Sentinel had not heard yet.
        connection._find_master = lambda: (replica.host, replica.port)
        with pytest.raises(redis.ReadOnlyError):
            client.set("a", "1")
        assert connection._sock is None


def test_a_write_that_a_demoted_master_refuses_reaches_the_new_one(by_sentinel: SentinelTrio) -> None:
    (replica,) = by_sentinel.replicas
    with RedisConnectionManager() as manager, by_sentinel.master.client() as observer:
        client = manager.client()
        client.ping()
        (connection,) = client.connection_pool._available_connections
        connection.disconnect()
        right, told = connection._find_master, iter([(replica.host, replica.port)])
        connection._find_master = lambda: next(told, None) or right()
        assert client.incr("reached") == 1
        assert observer.get("reached") == b"1"


def test_clients_follow_a_failover(by_sentinel: SentinelTrio) -> None:
    # After those that need the replica: the old master takes ten seconds to become one.
    with RedisConnectionManager() as manager:
        client = manager.client()
        client.set("before", "1")
        new = by_sentinel.failover()
        with new.client() as observer:
            eventually(lambda: bool(client.set("after", "1")) and observer.get("after") == b"1")


def test_plain_arguments_make_redis_pys_own_sentinel(by_sentinel: SentinelTrio) -> None:
    sentinel = Sentinel(**mooring.get_redis_config())
    client = sentinel.master_for(by_sentinel.service_name)
    try:
        assert client.ping()
    finally:
        client.close()
        for asked in sentinel.sentinels:
            asked.close()


# redis-py 7.x warns of what its own asyncio client does.
@pytest.mark.filterwarnings("ignore:Call to '__init__' function with deprecated usage:DeprecationWarning")
def test_plain_arguments_make_redis_pys_own_cluster_clients(by_cluster: ClusterTrio) -> None:
    async def ask() -> Any:
        async with AsyncRedisCluster(**mooring.get_redis_config()) as client:
            return await client.get("key")

    with RedisCluster(**mooring.get_redis_config(decode_responses=True)) as client:
        client.set("key", "value")
        assert client.get("key") == "value"
    assert asyncio.run(ask()) == b"value"


def test_what_a_cluster_client_cannot_be_told_is_named(by_cluster: ClusterTrio) -> None:
    with pytest.raises(
        ConfigError, match=r"argument health_check_interval asks for health_check_interval, which the Cluster"
    ):
        mooring.get_redis_config(health_check_interval=1)
