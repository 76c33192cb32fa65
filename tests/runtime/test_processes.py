"""A child process starts clean, and a process that ends is silent."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

Run = Callable[[str], "subprocess.CompletedProcess[str]"]

FORK = """
import asyncio, os, mooring, redis

def in_child(ask):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, str(ask()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        answer = told.read()
    os.waitpid(child, 0)
    return answer
"""


def silent(finished: subprocess.CompletedProcess[str]) -> bool:
    assert finished.stdout == ""
    assert finished.stderr == ""
    return finished.returncode == 0


def test_a_forked_child_opens_connections_of_its_own(run_script: Run) -> None:
    script = """
client = mooring.create_redis_from_config()
mine = client.client_id()
theirs = int(in_child(client.client_id))
again = int(in_child(lambda: mooring.create_redis_from_config().client_id()))
assert len({mine, theirs, again}) == 3, (mine, theirs, again)
assert client.client_id() == mine
"""
    assert silent(run_script(FORK + script))


def test_a_child_that_ends_leaves_the_parent_connected(run_script: Run) -> None:
    script = """
client = mooring.create_redis_from_config()
mine = client.client_id()
child = os.fork()
if child == 0:
    client.ping()
else:
    assert os.waitpid(child, 0)[1] == 0
    assert client.client_id() == mine
"""
    assert silent(run_script(FORK + script))


def test_a_child_gets_the_whole_bound_and_frees_no_place_of_the_parents(run_script: Run) -> None:
    script = """
client = mooring.create_redis_from_config(max_connections=1, pool_timeout=0.01)
pipeline = client.pipeline()
pipeline.watch("key")
mine = pipeline.client_id()

def use():
    client.ping()
    client.connection_pool.release(pipeline.connection)
    other = client.pipeline()
    other.watch("key")
    try:
        client.ping()
    except redis.ConnectionError as error:
        return error

assert "All 1 connections" in in_child(use)
assert pipeline.client_id() == mine
pipeline.reset()
assert client.client_id() == mine
"""
    assert silent(run_script(FORK + script))


def test_a_child_forked_from_a_running_loop_opens_connections_of_its_own(run_script: Run) -> None:
    script = """
client = mooring.create_async_redis_from_config()

async def identify():
    return await client.client_id()

async def main():
    mine = await client.client_id()
    theirs = int(in_child(lambda: asyncio.run(identify())))
    assert theirs != mine
    assert await client.client_id() == mine

asyncio.run(main())
"""
    assert silent(run_script(FORK + script))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("", id="never-used"),
        pytest.param("client = mooring.create_redis_from_config(); client.ping()", id="client-at-module-level"),
        pytest.param("def use():\n    mooring.create_redis_from_config().ping()\nuse()", id="client-in-a-function"),
        pytest.param(
            "client = mooring.create_redis_from_config(); pubsub = client.pubsub(); pubsub.subscribe('news')",
            id="subscription-left-open",
        ),
        pytest.param(
            "import threading\n"
            "client = mooring.create_redis_from_config()\n"
            "threading.Thread(target=client.blpop, args=(['nothing'], 2), daemon=True).start()\n"
            "while not [c for c in client.client_list() if c['cmd'] == 'blpop']: pass",
            id="daemon-thread-that-reads",
        ),
        pytest.param(
            "client = mooring.create_async_redis_from_config()\n"
            "async def use(): await client.ping()\n"
            "asyncio.run(use())\n"
            "asyncio.run(use())",
            id="asyncio-client-at-module-level",
        ),
        pytest.param(
            "async def use():\n"
            "    client = mooring.create_async_redis_from_config(max_connections=2)\n"
            "    tasks = [asyncio.create_task(client.incr('visits')) for _ in range(9)]\n"
            "    await asyncio.sleep(0)\n"
            "asyncio.run(use())",
            id="commands-left-in-flight",
        ),
        pytest.param(
            "client = mooring.create_async_redis_from_config()\n"
            "async def use(): await client.ping()\n"
            "loop = asyncio.new_event_loop()\n"
            "loop.run_until_complete(use())\n"
            "import atexit; atexit.register(loop.close)\n"
            "mooring.RedisConnectionManager.instance().close()",
            id="loop-at-rest",
        ),
        pytest.param("mooring.create_redis_from_config().ping(); sys.exit(0)", id="sys-exit"),
    ],
)
def test_exit_is_silent(run_script: Run, script: str) -> None:
    # Loaded before the loop runs, as `from mooring import …` does: asyncio tells of slow steps, and loading is one.
    loaded = "import asyncio, sys, mooring\nmooring.RedisConnectionManager\n"
    assert silent(run_script(loaded + script))
