"""Sentinel and Cluster, three of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from redis.cluster import RedisCluster
from redis.crc import key_slot
from redis.sentinel import Sentinel

from mooring.embedded import ClusterTrio, SentinelTrio
from mooring.errors import EmbeddedRedisError

PASSWORD = "h\"unter\\2 'é:/@#"


@pytest.fixture(scope="module")
def sentinel_trio() -> Iterator[SentinelTrio]:
    with SentinelTrio(password=PASSWORD, down_after=0.5) as trio:
        yield trio


@pytest.fixture(scope="module")
def cluster_trio() -> Iterator[ClusterTrio]:
    with ClusterTrio(password=PASSWORD) as trio:
        yield trio


def discovered(trio: SentinelTrio) -> tuple[str, int]:
    untyped: Any = Sentinel
    sentinel = untyped(trio.sentinels)
    try:
        host, port = sentinel.discover_master(trio.service_name)
        return str(host), int(port)
    finally:
        for client in sentinel.sentinels:
            client.close()


def test_three_sentinels_tell_one_master(sentinel_trio: SentinelTrio) -> None:
    assert len(set(sentinel_trio.sentinels)) == 3
    assert discovered(sentinel_trio) == (sentinel_trio.master.host, sentinel_trio.master.port)


def test_a_write_reaches_the_replica(sentinel_trio: SentinelTrio) -> None:
    (replica,) = sentinel_trio.replicas
    with sentinel_trio.master.client() as client, replica.client() as reader:
        client.set("written", "once")
        assert client.wait(1, 10_000) == 1
        assert reader.get("written") == b"once"
        with pytest.raises(redis.ReadOnlyError):
            reader.set("written", "twice")


def test_a_failover_that_is_asked_for_swaps_master_and_replica(sentinel_trio: SentinelTrio) -> None:
    old = sentinel_trio.master
    new = sentinel_trio.failover()
    assert new is sentinel_trio.master
    assert sentinel_trio.replicas == [old]
    assert discovered(sentinel_trio) == (new.host, new.port)


def test_a_killed_master_is_replaced_and_its_data_kept() -> None:
    with SentinelTrio(down_after=0.5) as trio:
        old = trio.master
        with old.client() as client:
            client.set("kept", "yes")
            assert client.wait(1, 10_000) == 1
        old.kill()
        new = trio.await_master(other_than=old)
        assert discovered(trio) == (new.host, new.port)
        with new.client() as client:
            assert client.get("kept") == b"yes"
            assert client.set("kept", "still")
        with pytest.raises(EmbeddedRedisError, match="refuse"):
            trio.failover()  # to whom? the only replica is the master now


def test_a_cluster_stores_keys_across_all_slots(cluster_trio: ClusterTrio) -> None:
    host, port = cluster_trio.startup_nodes[0]
    keys = [f"key:{number}" for number in range(60)]
    with RedisCluster(host, port, password=cluster_trio.password) as client:
        for key in keys:
            assert client.set(key, key_slot(key.encode()))
        assert [client.get(key) for key in keys] == [str(key_slot(key.encode())).encode() for key in keys]
    sizes = []
    for node in cluster_trio.nodes:
        with node.client() as client:
            sizes.append(client.dbsize())
    assert sum(sizes) == len(keys)
    assert all(sizes)


def test_a_cluster_node_points_to_the_owner_of_a_slot(cluster_trio: ClusterTrio) -> None:
    first, *_, last = cluster_trio.nodes
    with first.client() as client, pytest.raises(redis.exceptions.MovedError) as caught:
        client.execute_command("GET", "foo")  # slot 12182 of 16384, the last third
    assert (caught.value.host, caught.value.port) == (last.host, last.port)


def test_trios_stopped_twice_leave_nothing() -> None:
    trio = ClusterTrio()
    trio.start()
    nodes = trio.nodes
    trio.stop()
    trio.stop()
    assert trio.startup_nodes == []
    assert not any(node.running for node in nodes)


def test_a_trio_that_cannot_start_leaves_nothing() -> None:
    trio = SentinelTrio(timeout=0.0)
    with pytest.raises(EmbeddedRedisError, match=r"in step|find each other"):
        trio.start()
    assert trio.sentinels == []
    with pytest.raises(EmbeddedRedisError, match="tells a master"):
        _ = trio.master
