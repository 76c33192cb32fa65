"""A Cluster with a replica: it is read from where that is wanted, and takes its master's place with no call failed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import redis.cluster
from tests.live.faults.load import LIST
from tests.live.faults.topologies import Sharded, ask, on_a_cluster

from mooring import ConfigError, RedisConnectionManager, create_async_redis_from_config, create_redis_from_config
from mooring.embedded import EmbeddedRedis
from mooring.embedded.deadline import comes_true

# redis-py 5.3 has a better word for it, and later ones warn of the first.
READS: dict[str, Any] = (
    {"load_balancing_strategy": redis.cluster.LoadBalancingStrategy.ROUND_ROBIN}
    if hasattr(redis.cluster, "LoadBalancingStrategy")
    else {"read_from_replicas": True}
)


@pytest.fixture(scope="module")
def sharded() -> Iterator[Sharded]:
    with on_a_cluster() as ground:
        # A node names a replica to clients once it has heard that it has copied something; one that does is enough.
        ask(ground.victim, "SET", f"{{{LIST}}}:first", 1)
        assert comes_true(lambda: bool(_knowing(ground)), 30)
        yield ground


def _knowing(ground: Sharded) -> list[EmbeddedRedis]:
    return [node for node in ground.trio.nodes if str(ground.replica.port) in str(ask(node, "CLUSTER", "SLOTS"))]


def reader(manager: RedisConnectionManager, ground: Sharded, **words: Any) -> Any:
    first = _knowing(ground)[0]
    return manager.async_client(cluster_nodes=f"{first.host}:{first.port}", **words)


def gets(node: EmbeddedRedis) -> int:
    with node.client() as admin:
        found: dict[str, Any] = admin.info("commandstats")
    return int(found.get("cmdstat_get", {}).get("calls", 0))


@pytest.mark.parametrize("lanes", [False, True], ids=["pool", "lanes"])
async def test_replicas_are_read_from_only_where_that_is_wanted(sharded: Sharded, lanes: bool) -> None:
    key = f"{{{LIST}}}:{lanes}"
    for words, expected in ((READS, 20), ({}, 0)):
        async with RedisConnectionManager() as manager:
            client = reader(manager, sharded, multiplex=lanes, **words)
            await client.set(key, "value")
            ask(sharded.victim, "WAIT", 1, 5000)
            before = gets(sharded.replica)
            assert [await client.get(key) for _ in range(40)] == [b"value"] * 40
            assert gets(sharded.replica) - before == expected
            assert await client.incr(f"{key}:count") >= 1


@pytest.mark.parametrize("word", sorted(READS))
@pytest.mark.parametrize("create", [create_redis_from_config, create_async_redis_from_config])
def test_only_a_cluster_is_read_from_by_its_replicas(create: Any, word: str) -> None:
    with pytest.raises(ConfigError, match=f"argument {word} has {word}, which is for a Redis Cluster"):
        create(url="redis://cache:6379", **{word: READS[word]})


async def test_a_replica_takes_its_masters_place_without_a_failed_call(sharded: Sharded) -> None:
    async with RedisConnectionManager() as manager:
        client = reader(manager, sharded)
        yielded = False

        async def use(number: int) -> int:
            count = 0
            while not yielded:
                count += 1
                assert await client.incr(f"{{{LIST}}}:calls:{number}") == count
                assert await client.get(f"elsewhere:{number}:{count}") is None
            return count

        tasks = [asyncio.create_task(use(number)) for number in range(50)]
        await asyncio.sleep(0.1)
        ask(sharded.replica, "CLUSTER", "FAILOVER")
        await asyncio.to_thread(sharded.await_failover)
        yielded = True
        counts = await asyncio.gather(*tasks)
        assert min(counts) > 1
        found = [await client.get(f"{{{LIST}}}:calls:{number}") for number in range(50)]
        assert [int(each) for each in found] == counts
        assert client.get_node_from_key(LIST).port == sharded.replica.port
