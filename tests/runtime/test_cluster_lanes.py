"""Commands of a Cluster share a few sockets to each node, and nobody can tell but by the time they take."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis.asyncio.cluster
from redis.exceptions import RedisClusterException, ResponseError

from mooring import RedisConnectionManager, create_async_redis_from_config, deadline
from mooring.config.nodes import write_nodes
from mooring.embedded import ClusterTrio
from mooring.runtime import hooks
from mooring.runtime.failures import CircuitOpen, DeadlineExceeded

from .clusters import comes_true, everywhere, owner
from .questions import ASKED, told

NAME = "shares"
# One key for each of the three masters.
KEYS = ("a", "b", "c")


@pytest.fixture(scope="module")
def trio() -> Iterator[ClusterTrio]:
    with ClusterTrio() as started:
        yield started


@pytest.fixture
def emptied(trio: ClusterTrio, monkeypatch: pytest.MonkeyPatch) -> ClusterTrio:
    """Configure the process for the Cluster, with nothing in it."""
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_CLUSTER_NODES", write_nodes(trio.startup_nodes))
    for node in trio.nodes:
        with node.client() as admin:
            admin.flushall()
    return trio


@pytest.fixture
async def client(emptied: ClusterTrio) -> AsyncIterator[Any]:
    async with RedisConnectionManager() as manager:
        yield manager.async_client(decode_responses=True, client_name=NAME)


async def test_the_clients_that_services_are_given_are_on_lanes(emptied: ClusterTrio) -> None:
    client: Any = create_async_redis_from_config(client_name=NAME)
    await asyncio.gather(*(client.incr(key) for key in KEYS * 100))
    assert await asyncio.gather(*(client.get(key) for key in KEYS)) == [b"100"] * 3
    numbers = RedisConnectionManager.instance().numbers()[client.endpoint]
    assert numbers.lanes == 3
    # redis-py has asked one node or two; all else went on lanes.
    assert len(everywhere(emptied, NAME)) <= 3 + 3
    await RedisConnectionManager.instance().aclose()
    await comes_true(lambda: not everywhere(emptied, NAME))


async def test_without_multiplexing_there_is_no_lane(emptied: ClusterTrio) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(multiplex=False, client_name=NAME)
        await asyncio.gather(*(client.incr(key) for key in KEYS * 10))
        assert manager.numbers()[client.endpoint].lanes == 0
        assert len(everywhere(emptied, NAME)) > 6


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}, {"protocol": 3}, {"protocol": 2}], ids=str)
async def test_every_reply_is_redis_pys(emptied: ClusterTrio, options: dict[str, Any]) -> None:
    nodes = [redis.asyncio.cluster.ClusterNode(*node) for node in emptied.startup_nodes]
    theirs: Any = redis.asyncio.cluster.RedisCluster(startup_nodes=nodes, **options)
    async with theirs, RedisConnectionManager() as manager:
        expected = [await told(ask, theirs) for ask in ASKED]
        for node in emptied.nodes:
            with node.client() as admin:
                admin.flushall()
        client: Any = manager.async_client(**options)
        found = [await told(ask, client) for ask in ASKED]
    for number, (ours, other) in enumerate(zip(found, expected, strict=True)):
        assert ours == other, f"number {number}"


async def test_a_command_of_no_single_slot_is_refused_as_redis_py_does(client: Any) -> None:
    await client.set("a", 1)
    with pytest.raises(RedisClusterException, match="must map to the same key slot"):
        await client.mget("a", "b")
    with pytest.raises(ResponseError, match="wrong kind"):
        await client.lpush("a", "x")


async def test_a_pipeline_keeps_the_callers_order_over_all_nodes(client: Any) -> None:
    keys = [f"key:{number}" for number in range(100)]
    pipeline = client.pipeline()
    for number, key in enumerate(keys):
        pipeline.set(key, number).incr(key).get(key)
    await client.initialize()
    replies = await pipeline.execute()
    assert replies == [each for number in range(100) for each in (True, number + 1, str(number + 1))]
    assert len(pipeline) == 0


async def test_pipelines_share_the_lanes(emptied: ClusterTrio, client: Any) -> None:
    await client.initialize()

    async def use(number: int) -> list[Any]:
        async with client.pipeline() as pipeline:
            for key in KEYS:
                pipeline.set(f"{key}:{number}", number).get(f"{key}:{number}")
            found: list[Any] = await pipeline.execute()
            return found

    replies = await asyncio.gather(*(use(number) for number in range(200)))
    assert replies == [[True, str(number)] * 3 for number in range(200)]
    assert len(everywhere(emptied, NAME)) <= 3 + 3


async def test_a_transaction_has_a_connection_of_its_own(client: Any) -> None:
    if not hasattr(redis.asyncio.cluster, "TransactionStrategy"):
        with pytest.raises(RedisClusterException):
            client.pipeline(transaction=True)
        return
    await client.set("{t}", 1)
    async with client.pipeline(transaction=True) as pipeline:
        pipeline.incr("{t}")
        pipeline.get("{t}")
        assert await pipeline.execute() == [2, "2"]


async def test_who_waits_at_the_server_holds_up_nobody(client: Any) -> None:
    waiting = asyncio.create_task(client.blpop("{q}", timeout=20))
    await asyncio.sleep(0.05)
    assert await client.get("{q}other") is None
    await client.rpush("{q}", "done")
    assert await waiting == ("{q}", "done")


async def test_a_cancelled_command_costs_nothing(emptied: ClusterTrio, client: Any) -> None:
    await asyncio.gather(*(client.set(key, key) for key in KEYS))
    before = everywhere(emptied, NAME)
    for _ in range(20):
        tasks = [asyncio.create_task(client.get(key)) for key in KEYS * 10]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [each for each in found if isinstance(each, str)] == list((KEYS * 10)[1::2])
    pipes = [asyncio.create_task(client.pipeline().get("a").get("b").execute()) for _ in range(10)]
    await asyncio.sleep(0)
    for pipe in pipes[::2]:
        pipe.cancel()
    assert (await asyncio.gather(*pipes, return_exceptions=True))[1::2] == [["a", "b"]] * 5
    assert everywhere(emptied, NAME) == before


async def test_a_silent_node_holds_up_nobody_else_and_its_own_for_a_deadline(emptied: ClusterTrio) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(deadline=0.5)
        await asyncio.gather(*(client.set(key, 1) for key in KEYS))
        silent = owner(emptied, "a")
        others = [key for key in KEYS if owner(emptied, key) is not silent]
        silent.pause()
        try:
            began = time.monotonic()
            waiting = [asyncio.create_task(call) for call in (client.get("a"), client.set("a", 2))]
            pipes = client.pipeline().get("a").get(others[0])
            waiting.append(asyncio.create_task(pipes.execute(raise_on_error=False)))
            while time.monotonic() < began + 0.3:
                assert await asyncio.gather(*(client.get(key) for key in others)) == [b"1"] * len(others)
            ended: list[Any] = await asyncio.gather(*waiting, return_exceptions=True)
            read, written, piped = ended
            assert time.monotonic() - began < 3
            with deadline(0.05), pytest.raises(DeadlineExceeded):
                await client.get("a")
        finally:
            silent.resume()
        assert isinstance(read, DeadlineExceeded)
        assert f":{silent.port}" in str(read)
        assert isinstance(written, DeadlineExceeded)
        assert written.may_have_run
        assert isinstance(piped[0], DeadlineExceeded)
        assert piped[1] == b"1"
        assert await client.get("a") in {b"1", b"2"}


async def test_only_what_may_be_is_sent_again_after_a_lost_connection(emptied: ClusterTrio, client: Any) -> None:
    await client.set("a", 0)
    node = owner(emptied, "a")
    with node.client() as admin:
        admin.execute_command("CLIENT", "PAUSE", 200, "ALL")
        reading = [asyncio.create_task(client.get("a")) for _ in range(10)]
        piped = asyncio.create_task(client.pipeline().get("a").incr("a").get("a").execute(raise_on_error=False))
        await asyncio.sleep(0.05)
        _cut(client, "a")
    assert await asyncio.gather(*reading) == ["0"] * 10
    first, written, behind = await piped
    assert first == "0"
    assert isinstance(written, redis.ConnectionError)
    assert behind is written
    await comes_true(lambda: bool(everywhere(emptied, NAME)))
    assert await client.get("a") in {"0", "1"}


def _cut(client: Any, key: str) -> None:
    """Break the lane of a key as a network does, without the server."""
    inner = client._here()
    for lanes in inner.slots._lanes.values():
        if lanes.name == inner.get_node_from_key(key).name:
            for lane in list(lanes.lanes._lives):
                lane._transport.abort()


class Ear(hooks.Hooks):
    """Counts the calls that it hears of."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()

    def command(self, endpoint: str, command: str, seconds: float, error: BaseException | None) -> None:
        self.heard[f"{command} {'failed' if error else 'done'}"] += 1


async def test_listeners_hear_of_each_call_once(emptied: ClusterTrio) -> None:
    ear = Ear()
    hooks.install(ear)
    try:
        async with RedisConnectionManager() as manager:
            client: Any = manager.async_client()
            await client.set("a", 1)
            await asyncio.gather(*(client.get("a") for _ in range(5)))
            await client.pipeline().get("a").get("b").execute()
            await client.delete("a")
            await client.set("a", "text")
            with pytest.raises(ResponseError):
                await client.incr("a")
    finally:
        hooks.uninstall(ear)
    assert ear.heard == {"SET done": 2, "GET done": 5, "PIPELINE done": 1, "DEL done": 1, "INCRBY failed": 1}


def test_one_client_serves_loops_of_several_threads_at_once(emptied: ClusterTrio) -> None:
    client: Any = create_async_redis_from_config(client_name=NAME)
    totals: list[int] = []

    async def use() -> None:
        totals.append(max(await asyncio.gather(*(client.incr("a") for _ in range(200)))))

    threads = [threading.Thread(target=asyncio.run, args=[use()]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(totals) == 600
    # Each loop has closed what was its own.
    asyncio.run(comes_true(lambda: not everywhere(emptied, NAME)))


async def test_once_no_node_has_answered_for_a_deadline_calls_fail_at_once_until_one_does(emptied: ClusterTrio) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(deadline=0.5)
        await asyncio.gather(*(client.set(key, 1) for key in KEYS))
        for node in emptied.nodes:
            node.pause()
        try:
            for _ in range(3):
                with pytest.raises((DeadlineExceeded, CircuitOpen)):
                    await client.get("a")
            began, failed = time.monotonic(), 0
            while time.monotonic() < began + 0.6:
                with pytest.raises((DeadlineExceeded, CircuitOpen)) as raised:
                    await client.get("a")
                failed += isinstance(raised.value, CircuitOpen)
                await asyncio.sleep(0.01)
            # But for one in a while, which looks whether it is back.
            assert failed > 3
        finally:
            for node in emptied.nodes:
                node.resume()
        until = time.monotonic() + 10
        piped: list[Any] = [None]
        while piped != [b"1", True]:
            assert time.monotonic() < until
            piped = await client.pipeline().get("a").set("a", 1).execute(raise_on_error=False)
            await asyncio.sleep(0.01)


async def test_a_callback_for_replies_holds_in_every_loop(emptied: ClusterTrio) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client()
        client.set_response_callback("GET", lambda reply, **_: ("read", reply))
        assert await client.get("a") == ("read", None)
        client.set_response_callback("GET", lambda reply, **_: ("read again", reply))
        assert await client.get("a") == ("read again", None)
        assert await client.pipeline().get("a").execute() == [("read again", None)]
