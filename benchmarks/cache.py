"""A hit of the response cache against py-key-value's Redis store, read the same way.

Both are read from one Redis by one task and by 50: 200 answers of an API in turn, which are one issue (0.25 KB as JSON)
or ten (2.5 KB, so that ours are compressed). Ours reads under an account and two tags, and judges them; the rival's
`get` reads a key of a collection. The rival's client is redis-py with hiredis; ours is once the same, and once
Mooring's own, which is what the factory makes. The rival (`py-key-value-aio[redis]`, and hiredis, which it
would not bring) lives in an environment of its own, whose `bin` MOORING_BENCH_TOOLS names, and runs in a process that
times only the reads.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import redis.asyncio

from benchmarks.rounds import Comparison, comparison, interleaved
from mooring import RedisConnectionManager
from mooring.cache import Policy, ResponseCache, Validators
from mooring.cache.store import AsyncClient
from mooring.embedded import EmbeddedRedis

ROUNDS = 7
CALLS = 5_000
ANSWERS = 200
POLICY = Policy(ttl=3600)
_Client: TypeAlias = Callable[[str], AbstractAsyncContextManager[AsyncClient]]


def answer(count: int) -> dict[str, Any]:
    """What an API says: so many issues."""
    issues = [
        {
            "number": number,
            "title": f"Found a bug in part {number}",
            "state": "open",
            "labels": ["bug", "help wanted"],
            "body": "It fails when the wind is from the north. " * 3,
            "user": {"login": f"octocat-{number}", "id": 1000 + number},
        }
        for number in range(count)
    ]
    return {"items": issues, "next_page": 2}


async def timed(read: Callable[[int], Awaitable[object]], tasks: int, calls: int, answers: int) -> float:
    """Read `calls` times by so many tasks; return the seconds of one call."""

    async def reader(first: int) -> None:
        for call in range(calls // tasks):
            await read((first + call * tasks) % answers)

    await asyncio.gather(*(read(n % answers) for n in range(tasks)))  # opens the connections
    start = time.perf_counter()
    await asyncio.gather(*(reader(n) for n in range(tasks)))
    return (time.perf_counter() - start) / calls


RIVAL = f"""
import asyncio, json, sys, time
from key_value.aio.stores.redis import RedisStore

{inspect.getsource(timed).replace(": Callable[[int], Awaitable[object]]", "")}

async def main(url, answer, tasks):
    async with RedisStore(url=url) as store:
        for n in range({ANSWERS}):
            await store.put(key=f"issues:{{n}}", value=answer, collection="github", ttl=3600)
        print(await timed(lambda n: store.get(key=f"issues:{{n}}", collection="github"), tasks, {CALLS}, {ANSWERS}))

asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])))
"""


def comparisons() -> Iterator[Comparison]:
    """Yield the cost of a hit over the rival's, where the rival can be found."""
    python = Path(os.environ.get("MOORING_BENCH_TOOLS", ".venv-rivals/bin")) / "python"
    if not python.exists():
        raise SystemExit(f"{python} is missing: name the rivals' bin folder by MOORING_BENCH_TOOLS")
    with EmbeddedRedis() as server:
        for tasks, issues in ((1, 1), (1, 10), (50, 1), (50, 10)):
            ways = {
                "on lanes": partial(_ours, _on_lanes, server.url, tasks, issues),
                "on redis-py": partial(_ours, _on_redis_py, server.url, tasks, issues),
                "py-key-value": partial(_rival, python, server.url, tasks, issues),
            }
            taken = interleaved(ways, ROUNDS)
            rival = "py-key-value"
            for ours in ("on lanes", "on redis-py"):
                title = f"hit {ours}, {tasks} at once, {issues} issues / {rival}"
                yield comparison(title, {"mooring": taken[ours], rival: taken[rival]})


def _ours(client: _Client, url: str, tasks: int, issues: int) -> float:
    return asyncio.run(_read_ours(client, url, tasks, issues))


@asynccontextmanager
async def _on_lanes(url: str) -> AsyncIterator[AsyncClient]:
    async with RedisConnectionManager() as manager:
        yield manager.async_client(url=url)


@asynccontextmanager
async def _on_redis_py(url: str) -> AsyncIterator[AsyncClient]:
    async with redis.asyncio.Redis.from_url(url) as client:
        yield client


async def _read_ours(client_at: _Client, url: str, tasks: int, issues: int) -> float:
    async with client_at(url) as client, ResponseCache(client, "github", policy=POLICY) as cache:

        async def load(_: Validators) -> dict[str, Any]:
            return answer(issues)

        async def read(number: int) -> object:
            tags = ("repo:o/r", f"issues:{number}")
            return await cache.get_or_load(("issues", issues, number), load, account="1000", tags=tags)

        for number in range(ANSWERS):
            await read(number)
        return await timed(read, tasks, CALLS, ANSWERS)


def _rival(python: Path, url: str, tasks: int, issues: int) -> float:
    command = [str(python), "-c", RIVAL, url, json.dumps(answer(issues)), str(tasks)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
