"""In a Cluster, where an entry, its tags and a budget lie on different nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import redis
import redis.asyncio
from redis.cluster import ClusterNode
from redis.crc import key_slot
from tests.cache.upstreams import Upstream

from mooring.cache import (
    Budget,
    BudgetExhausted,
    Governor,
    Policy,
    ResponseCache,
    State,
    SyncResponseCache,
    Window,
)
from mooring.cache.names import entry_name, lease_name, tag_name
from mooring.embedded import ClusterTrio


@pytest.fixture(scope="module")
def trio() -> Iterator[ClusterTrio]:
    with ClusterTrio() as cluster:
        yield cluster


@pytest.fixture
async def client(trio: ClusterTrio) -> AsyncIterator[redis.asyncio.RedisCluster]:
    host, port = trio.startup_nodes[0]
    async with redis.asyncio.RedisCluster(host=host, port=port) as cluster:
        yield cluster


def test_an_entry_and_its_lease_share_a_slot_and_others_spread() -> None:
    entries = [entry_name("github", "7", n) for n in range(100)]
    assert all(key_slot(entry) == key_slot(lease_name(entry)) for entry in entries)
    assert len({key_slot(entry) for entry in entries}) > 90
    assert len({key_slot(tag_name("github", str(n))) for n in range(100)}) > 90


async def test_reads_writes_and_single_flight_work_over_all_nodes(client: redis.asyncio.RedisCluster) -> None:
    reader, writer = (ResponseCache(client, "github", policy=Policy(jitter=0), timeout=5) for _ in range(2))
    upstreams = [Upstream(seconds=0.05) for _ in range(20)]

    async def ask(cache: ResponseCache, n: int) -> tuple[int, State]:
        answer = await cache.get_or_load(n, upstreams[n].load, account="7", tags=[f"issue:{n}", "repo:o/r"])
        return answer.value["version"], answer.state

    first = await asyncio.gather(*(ask(cache, n) for n in range(20) for cache in (reader, writer) for _ in range(3)))
    assert {version for version, _ in first} == {1}
    assert [upstream.calls for upstream in upstreams] == [1] * 20
    assert await asyncio.gather(*(ask(reader, n) for n in range(20))) == [(1, State.HIT)] * 20
    for upstream in upstreams:
        upstream.version, upstream.seconds = 2, 0
    assert await writer.invalidate("issue:3", "issue:4")
    expected = [(2, State.MISS) if n in (3, 4) else (1, State.HIT) for n in range(20)]
    assert [await ask(reader, n) for n in range(20)] == expected
    assert await writer.invalidate("repo:o/r")
    assert [await ask(reader, n) for n in range(20)] == [(2, State.MISS)] * 20
    await reader.aclose()
    await writer.aclose()


def test_threads_are_served_by_a_cluster_too(trio: ClusterTrio) -> None:
    nodes = [ClusterNode(host, port) for host, port in trio.startup_nodes]
    with redis.RedisCluster(startup_nodes=nodes) as client, SyncResponseCache(client, "slack") as cache:
        read = [cache.get_or_load(n, lambda _: 1, account="7", tags=["t", str(n)]).state for n in [*range(9)] * 2]
        assert read == [State.MISS] * 9 + [State.HIT] * 9
        assert cache.invalidate("t")
        assert cache.get_or_load(0, lambda _: 2, account="7", tags=["t", "0"]).value == 2


async def test_a_budget_is_kept_in_a_cluster(client: redis.asyncio.RedisCluster) -> None:
    budgets = {"calls": Budget((Window(5, 60), Window(100, 3600)))}
    governors = [Governor(client, "gong", budgets, timeout=5) for _ in range(2)]
    for n in range(5):
        async with governors[n % 2].admit("7", "calls", wait=0) as permit:
            assert permit.shared
    with pytest.raises(BudgetExhausted):
        async with governors[0].admit("7", "calls", wait=0):
            pass
