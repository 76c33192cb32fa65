"""One asyncio client serves successive and simultaneous event loops, and leaves nothing open in any."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from mooring import create_async_redis_from_config

Named = Callable[[str], int]
Gone = Callable[[str], bool]


def test_one_client_serves_successive_loops(gone: Gone) -> None:
    client = create_async_redis_from_config(client_name="loops", max_connections=2)

    async def use() -> Any:
        # More than the pool holds, so that every loop also has waiters.
        return await asyncio.gather(*(client.incr("visits") for _ in range(10)))

    assert sorted(asyncio.run(use())) == list(range(1, 11))
    assert gone("loops")
    assert sorted(asyncio.run(use())) == list(range(11, 21))
    assert gone("loops")


def test_a_loop_closes_its_connections_even_when_the_program_fails(gone: Gone) -> None:
    client = create_async_redis_from_config(client_name="failing")

    async def fail() -> None:
        await client.ping()
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(fail())
    assert gone("failing")


def test_loops_in_several_threads_have_connections_of_their_own() -> None:
    client = create_async_redis_from_config()
    seen: list[set[int]] = []
    together = threading.Barrier(4)

    async def identify() -> None:
        ids = set(await asyncio.gather(*(client.client_id() for _ in range(5))))
        await asyncio.to_thread(together.wait)
        seen.append(ids)

    threads = [threading.Thread(target=asyncio.run, args=(identify(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set.union(*seen)) == sum(map(len, seen))
    assert len(seen) == 4


# Closing a loop and not its connections is worth a warning; redis-py 5.0 fails on it besides, in a finalizer.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_was_closed_without_shutting_down_is_forgotten(named: Named, gone: Gone) -> None:
    client = create_async_redis_from_config(client_name="abandoned")
    loop = asyncio.new_event_loop()
    loop.run_until_complete(client.ping())
    loop.close()
    assert named("abandoned") == 1

    async def use() -> None:
        await client.ping()
        gc.collect()
        assert named("abandoned") == 1

    asyncio.run(use())
    assert gone("abandoned")


def test_a_single_connection_client_serves_successive_loops() -> None:
    client = create_async_redis_from_config(single_connection_client=True)

    async def use() -> None:
        async with client:
            assert await client.ping()

    asyncio.run(use())
    asyncio.run(use())
