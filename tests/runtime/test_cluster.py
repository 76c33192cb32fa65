"""A Cluster's clients are redis-py's, on bounded connections that age, with our deadlines, retries and rotation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio.cluster
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.cluster import RedisCluster

from mooring import RedisConnectionManager, create_async_redis_from_config, create_redis_from_config
from mooring.config.nodes import write_nodes
from mooring.embedded import ClusterTrio
from mooring.runtime.credentials import watching
from mooring.runtime.deadline import idempotent
from mooring.runtime.failures import DeadlineExceeded, PoolExhausted

from .clusters import comes_true, everywhere

Run = Callable[[str], Any]

# One key for each of the three masters.
KEYS = ("a", "b", "c")


@pytest.fixture(scope="module")
def trio() -> Iterator[ClusterTrio]:
    with ClusterTrio() as started:
        yield started


@pytest.fixture
def cluster(trio: ClusterTrio, monkeypatch: pytest.MonkeyPatch) -> ClusterTrio:
    """Configure the process for the Cluster."""
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_CLUSTER_NODES", write_nodes(trio.startup_nodes))
    return trio


def test_the_clients_are_redis_pys_and_reach_every_node(cluster: ClusterTrio) -> None:
    client: Any = create_redis_from_config(decode_responses=True)
    assert isinstance(client, RedisCluster)
    for key in KEYS:
        client.set(key, f"of {key}")
    assert [client.get(key) for key in KEYS] == ["of a", "of b", "of c"]
    assert client.mget_nonatomic(*KEYS) == ["of a", "of b", "of c"]
    with client.pipeline() as pipeline:
        for key in KEYS:
            pipeline.get(key)
        assert pipeline.execute() == ["of a", "of b", "of c"]
    assert create_redis_from_config(decode_responses=True) is client
    assert sorted(node.port for node in client.get_primaries()) == sorted(node.port for node in cluster.nodes)


async def test_the_asyncio_clients_are_redis_pys_and_reach_every_node(cluster: ClusterTrio) -> None:
    client: Any = create_async_redis_from_config(decode_responses=True)
    assert isinstance(client, AsyncRedisCluster)
    assert await client is client
    for key in KEYS:
        await client.set(key, f"of {key}")
    assert await asyncio.gather(*(client.get(key) for key in KEYS)) == ["of a", "of b", "of c"]
    async with client.pipeline() as pipeline:
        for key in KEYS:
            pipeline.get(key)
        assert await pipeline.execute() == ["of a", "of b", "of c"]
    assert create_async_redis_from_config(decode_responses=True) is client
    assert len(client.get_primaries()) == 3
    await RedisConnectionManager.instance().aclose()


def test_one_asyncio_client_serves_successive_loops(cluster: ClusterTrio) -> None:
    client: Any = create_async_redis_from_config(client_name="loops")

    async def use() -> list[Any]:
        async with client:
            found = await asyncio.gather(*(client.incr(f"visits of {key}") for key in KEYS * 4))
        assert everywhere(cluster, "loops")
        return found

    asyncio.run(use())
    until = time.monotonic() + 20
    while everywhere(cluster, "loops") and time.monotonic() < until:
        time.sleep(0.01)
    assert everywhere(cluster, "loops") == {}
    assert max(asyncio.run(use())) == 8


def test_a_pipeline_alone_leaves_nothing_open(cluster: ClusterTrio) -> None:
    client: Any = create_async_redis_from_config(client_name="piped", decode_responses=True)

    async def use() -> Any:
        async with client.pipeline() as pipeline:
            return await pipeline.set("a", "1").get("a").execute()

    assert asyncio.run(use()) == [True, "1"]
    until = time.monotonic() + 20
    while everywhere(cluster, "piped") and time.monotonic() < until:
        time.sleep(0.01)
    assert everywhere(cluster, "piped") == {}


def test_closing_the_client_leaves_it_and_closing_the_manager_closes_it(cluster: ClusterTrio) -> None:
    with RedisConnectionManager() as manager:
        client: Any = manager.client(client_name="own")
        client.set("a", 1)
        open_before = everywhere(cluster, "own")
        with client:
            client.get("a")
        client.close()
        assert everywhere(cluster, "own") == open_before
    until = time.monotonic() + 20
    while everywhere(cluster, "own") and time.monotonic() < until:
        time.sleep(0.01)
    assert everywhere(cluster, "own") == {}


def test_each_node_has_a_bound(cluster: ClusterTrio) -> None:
    with RedisConnectionManager() as manager:
        client: Any = manager.client(max_connections=1, pool_timeout=0.05)
        client.set("a", 1)
        node = client.get_node_from_key("a")
        pool = client.get_redis_connection(node).connection_pool
        held = pool.get_connection()
        with pytest.raises(PoolExhausted, match=f"All 1 connections to {node.host}:{node.port}"):
            client.get("a")
        # The other nodes go on.
        assert client.set("b", 1)
        pool.release(held)
        assert client.get("a")
        assert manager.numbers()[client.endpoint].max_connections == 3


async def test_each_node_has_a_bound_in_asyncio_too(cluster: ClusterTrio) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(client_name="bound", max_connections=2, multiplex=False)
        await asyncio.gather(*(client.incr("a") for _ in range(50)))
        node = client.get_node_from_key("a")
        assert len(node._connections) <= 2
        numbers = manager.numbers()[client.endpoint]
        assert (numbers.in_use, numbers.waiting) == (0, 0)
        assert 1 <= numbers.size <= 6


def test_a_lost_reply_is_asked_for_again_only_where_that_is_harmless(cluster: ClusterTrio) -> None:
    with RedisConnectionManager() as manager:
        client: Any = manager.client(decode_responses=True)
        client.set("a", 0)
        pool = client.get_redis_connection(client.get_node_from_key("a")).connection_pool
        lost: list[str] = []

        def lose_next_reply() -> None:
            connection = pool.get_connection()
            read = connection.read_response

            def lose(*args: Any, **options: Any) -> Any:
                # The server has answered, and nobody hears it.
                lost.append(read(*args, **options))
                connection.read_response = read
                connection.disconnect()
                raise redis.ConnectionError("lost")

            connection.read_response = lose
            pool.release(connection)

        lose_next_reply()
        with pytest.raises(redis.ConnectionError, match="lost"):
            client.incr("a")
        assert client.get("a") == "1"
        lose_next_reply()
        assert client.get("a") == "1"
        lose_next_reply()
        with idempotent():
            assert client.incr("a") == 3
        assert len(lost) == 3


@pytest.mark.parametrize("flavour", ["sync", "asyncio"])
def test_a_node_that_does_not_answer_keeps_nobody_longer_than_the_deadline(cluster: ClusterTrio, flavour: str) -> None:
    async def ask() -> None:
        async with RedisConnectionManager() as manager:
            client: Any = manager.async_client(deadline=0.5)
            await client.get("a")
            node.pause()
            await client.get("a")

    with RedisConnectionManager() as manager:
        client: Any = manager.client(deadline=0.5)
        port = client.get_node_from_key("a").port
        node = next(known for known in cluster.nodes if known.port == port)
        client.get("a")
        began = time.monotonic()
        try:
            if flavour == "asyncio":
                with pytest.raises(DeadlineExceeded):
                    asyncio.run(ask())
            else:
                node.pause()
                with pytest.raises(DeadlineExceeded):
                    client.get("a")
        finally:
            node.resume()
        assert time.monotonic() - began < 3


FIRST, SECOND = ("first", "one-secret"), ("second", "other-secret")


@pytest.fixture
def named_user(cluster: ClusterTrio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let files name one of two users."""
    monkeypatch.setattr(watching, "INTERVAL", 0.05)
    for node in cluster.nodes:
        with node.client() as admin:
            for user, password in (FIRST, SECOND):
                admin.execute_command("ACL", "SETUSER", user, "reset", "on", f">{password}", "+@all", "~*", "&*")

    def name(login: tuple[str, str]) -> None:
        (tmp_path / "redis_url").write_text(
            f"redis+cluster://{login[0]}:{login[1]}@{write_nodes(cluster.startup_nodes)}"
        )

    monkeypatch.delenv("REDIS_CLUSTER_NODES")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "redis_url"))
    name(FIRST)
    return name


def test_open_connections_to_all_nodes_show_a_changed_login(
    cluster: ClusterTrio, named_user: Callable[..., None]
) -> None:
    with RedisConnectionManager() as manager:
        client: Any = manager.client(client_name="rotated")
        for key in KEYS:
            client.set(key, 1)
        before = everywhere(cluster, "rotated")
        assert set(before.values()) == {"first"}
        named_user(SECOND)
        until = time.monotonic() + 20
        while set(everywhere(cluster, "rotated").values()) != {"second"} and time.monotonic() < until:
            time.sleep(0.02)
        assert everywhere(cluster, "rotated") == dict.fromkeys(before, "second")


async def test_open_asyncio_connections_to_all_nodes_show_a_changed_login(
    cluster: ClusterTrio, named_user: Callable[..., None]
) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(client_name="rotated")
        await asyncio.gather(*(client.set(key, 1) for key in KEYS))
        before = everywhere(cluster, "rotated")
        assert set(before.values()) == {"first"}
        named_user(SECOND)
        await comes_true(lambda: set(everywhere(cluster, "rotated").values()) == {"second"})


subscribes = pytest.mark.skipif(
    not hasattr(redis.asyncio.cluster, "ClusterPubSub"), reason="redis-py's asyncio client has them from 8.x on"
)


@subscribes
@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("sharded", [False, True])
async def test_an_asyncio_subscriber_to_a_cluster_shows_a_changed_login(
    cluster: ClusterTrio, named_user: Callable[..., None], protocol: int, sharded: bool
) -> None:
    with cluster.nodes[0].client() as admin:
        if sharded and int(admin.info("server")["redis_version"].split(".")[0]) < 7:
            pytest.skip("Redis has such channels from 7.0 on")
    heard: list[Any] = []
    async with RedisConnectionManager() as manager:
        client: Any = await manager.async_client(client_name="listener", protocol=protocol)
        publish = client.spublish if sharded else client.publish
        async with client.pubsub() as pubsub:
            await (pubsub.ssubscribe("news") if sharded else pubsub.subscribe("news"))

            async def listen() -> None:
                while b"bye" not in heard:
                    # One that waits for ever is to hear of it too; redis-py has that for one node only.
                    message = await (
                        pubsub.get_sharded_message(timeout=1) if sharded else pubsub.get_message(timeout=None)
                    )
                    heard.extend([message["data"]] if message and isinstance(message["data"], bytes) else [])

            task = asyncio.create_task(listen())
            while b"before" not in heard:
                await publish("news", "before")
            before = everywhere(cluster, "listener")
            assert set(before.values()) == {"first"}
            named_user(SECOND)
            await comes_true(lambda: set(everywhere(cluster, "listener").values()) == {"second"})
            while not task.done():
                await publish("news", "bye")
            await task
    assert set(heard) == {b"before", b"bye"}


@subscribes
async def test_a_subscriber_to_a_cluster_keeps_its_connection_however_old(cluster: ClusterTrio) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = await manager.async_client(client_name="old", max_age=0.05)
        async with client.pubsub() as pubsub:
            await pubsub.subscribe("first")
            before = pubsub.connection.life.opened
            await asyncio.sleep(0.1)
            await pubsub.subscribe("second")
            assert pubsub.connection.life.opened == before


async def test_idle_connections_to_nodes_are_shed(cluster: ClusterTrio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "INTERVAL", 0.05)
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(client_name="idle", max_idle=0.01, multiplex=False)
        await client.get("a")
        await comes_true(lambda: not everywhere(cluster, "idle"))
        assert await client.set("a", 1)


def test_a_forked_child_opens_connections_of_its_own(cluster: ClusterTrio, run_script: Run) -> None:
    script = """
import asyncio, os, mooring
client, asynchronous = mooring.create_redis_from_config(), mooring.create_async_redis_from_config()
client.set("a", 1)

async def use():
    await asynchronous.incr("a")
    child = os.fork()
    if child == 0:
        return True
    assert os.waitpid(child, 0)[1] == 0

async def again():
    assert int(await asynchronous.get("a")) == 2

if asyncio.run(use()):
    asyncio.run(again())
    assert int(client.get("a")) == 2
"""
    finished = run_script(script)
    assert (finished.stdout, finished.stderr, finished.returncode) == ("", "", 0)
