"""What is taken and never given back is told, and its place comes back; so are loops and managers left open."""

from __future__ import annotations

import asyncio
import gc
import re
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mooring import RedisConnectionManager, create_async_redis_from_config, create_redis_from_config

Named = Callable[[str], int]
Gone = Callable[[str], bool]
Run = Callable[[str], Any]
Becomes = Callable[[Callable[[], bool]], Awaitable[None]]

NEVER_GIVEN_BACK = r"A connection to .* was taken and never given back.*with client\.pubsub\(\)"


def lose(held: list[Any]) -> None:
    """Let go of the last hold on something."""
    held.clear()
    gc.collect()


def test_a_connection_that_nobody_holds_is_told_and_its_place_comes_back(gone: Gone) -> None:
    client: Any = create_redis_from_config(client_name="lost", max_connections=1, pool_timeout=0.01)
    for _ in range(3):
        connection: Any = client.connection_pool.get_connection("_")
        assert connection
        held = [connection]
        del connection
        with pytest.warns(ResourceWarning, match=NEVER_GIVEN_BACK):
            lose(held)
    assert gone("lost")
    assert client.ping()
    assert client.connection_pool.numbers().size == 1


@pytest.mark.parametrize("kind", ["pubsub", "pipeline"])
def test_a_forgotten_subscriber_or_pipeline_gives_its_place_back(kind: str) -> None:
    client: Any = create_redis_from_config(max_connections=1, pool_timeout=0.01)
    for _ in range(3):
        forgotten: Any = getattr(client, kind)()
        forgotten.subscribe("news") if kind == "pubsub" else forgotten.watch("key")
        assert client.connection_pool.numbers().in_use == 1
        # redis-py's own finalizer gives the connection back.
        del forgotten
        gc.collect()
        assert client.connection_pool.numbers().in_use == 0
    assert client.ping()


@pytest.mark.parametrize("kind", ["pubsub", "pipeline"])
async def test_a_forgotten_asyncio_subscriber_or_pipeline_is_told_and_its_place_comes_back(
    kind: str, gone: Gone, becomes: Becomes
) -> None:
    # redis-py tells the loop too, whose log would go on holding it.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    client: Any = create_async_redis_from_config(client_name="lost", max_connections=1, pool_timeout=1.0)
    pool = client.connection_pool
    for _ in range(3):
        forgotten: Any = getattr(client, kind)()
        await (forgotten.subscribe("news") if kind == "pubsub" else forgotten.watch("key"))
        assert pool.numbers().in_use == 1
        held = [forgotten]
        del forgotten
        words: list[str] = []
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            # redis-py tells of a pipeline itself, and its warning holds it once more.
            for _ in range(2):
                lose(held)
                words += [str(warning.message) for warning in told]
                told.clear()
        assert any(re.search(NEVER_GIVEN_BACK, text) for text in words)
        await becomes(lambda: pool.numbers().in_use == 0)
    assert await asyncio.to_thread(gone, "lost")
    assert await client.pipeline().ping().execute() == [True]
    await RedisConnectionManager.instance().aclose()


async def test_a_loss_that_another_thread_notices_gives_the_place_back(becomes: Becomes) -> None:
    client: Any = create_async_redis_from_config(max_connections=1, pool_timeout=1.0)
    held = [await client.connection_pool.get_connection()]
    with pytest.warns(ResourceWarning, match="never given back"):
        await asyncio.to_thread(lose, held)
    await becomes(lambda: client.connection_pool.numbers().in_use == 0)
    await client.connection_pool.release(await client.connection_pool.get_connection())
    await RedisConnectionManager.instance().aclose()


def test_what_is_given_back_is_no_leak() -> None:
    client: Any = create_redis_from_config()
    with client.pubsub() as pubsub, client.pipeline() as pipeline:
        pubsub.subscribe("news")
        pipeline.watch("key")
    del pubsub, pipeline
    gc.collect()
    assert client.connection_pool.numbers().in_use == 0


@pytest.mark.parametrize("multiplex", [True, False], ids=["lanes", "pool"])
def test_a_loop_that_was_closed_before_its_connections_is_told(gone: Gone, multiplex: bool) -> None:
    client: Any = create_async_redis_from_config(client_name="abandoned", multiplex=multiplex)

    with warnings.catch_warnings(record=True) as told:
        # asyncio tells of each socket besides.
        warnings.simplefilter("always")
        loop = asyncio.new_event_loop()
        loop.run_until_complete(client.ping())
        loop.close()
        asyncio.run(client.ping())
        words = [str(warning.message) for warning in told]
        told.clear()
        gc.collect()
    assert any(
        re.match(r"An event loop was closed before its connections to .* were \(1 open\)", text) for text in words
    )
    assert gone("abandoned")


def test_a_manager_that_nobody_holds_is_told_and_closed(gone: Gone) -> None:
    manager = RedisConnectionManager()
    manager.client(client_name="forgotten").ping()
    held = [manager]
    del manager
    with pytest.warns(ResourceWarning, match=r"A RedisConnectionManager was never closed; it had 1 pools"):
        lose(held)
    assert gone("forgotten")


def test_a_manager_that_opened_nothing_may_be_forgotten() -> None:
    RedisConnectionManager()
    gc.collect()


def test_a_client_outlives_its_manager(gone: Gone) -> None:
    held = [RedisConnectionManager()]
    client = held[0].client(client_name="outlives")
    with pytest.warns(ResourceWarning, match="never closed"):
        lose(held)
    assert client.ping()
    client.connection_pool.disconnect()


def test_the_end_of_the_process_is_silent(run_script: Run) -> None:
    script = """
import asyncio, mooring
client, manager = mooring.create_redis_from_config(), mooring.RedisConnectionManager()
taken, pipeline = client.connection_pool.get_connection("_"), client.pipeline()
pipeline.watch("key")
manager.client().ping()
async def use():
    global held
    held = await mooring.create_async_redis_from_config().connection_pool.get_connection()
asyncio.run(use())
"""
    finished = run_script(script)
    assert (finished.stdout, finished.stderr, finished.returncode) == ("", "", 0)
