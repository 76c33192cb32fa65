"""No reply ever reaches another caller: random commands of many tasks, under cancellations, deadlines and disconnects.

Each task has keys of its own and knows which values each may hold: one where the last write was answered, several
where a write was given up and may or may not have run. MOORING_RANDOM_COMMANDS makes it longer (`1000000` for a
million commands; 15,000 by default), MOORING_RANDOM_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.embedded import EmbeddedRedis
from mooring.runtime.deadline import deadline
from mooring.runtime.lanes.client import AsyncRedis

COMMANDS = int(os.environ.get("MOORING_RANDOM_COMMANDS", "15000"))
SEED = int(os.environ.get("MOORING_RANDOM_SEED", random.randrange(1 << 30)))
TASKS = 500
KEYS = 4
# One in so many commands is cancelled, or given hardly any time; the server drops all connections this often (s).
DISTURBED = 20
DISCONNECTS = 0.1

pytestmark = pytest.mark.parametrize("lanes", [1, 2])


class Caller:
    """One task: what it does, and what its keys may hold."""

    def __init__(self, client: AsyncRedis, number: int, lanes: int, seen: Counter[str]) -> None:
        self._client = client
        self._chance = random.Random(SEED * TASKS + number)
        self._name = f"caller:{number}"
        self._seen = seen
        self._may_hold: dict[str, set[bytes | None]] = {f"{self._name}:{each}": {None} for each in range(KEYS)}
        # A command that is cancelled was a task's of its own: on another lane it may run after the next one.
        self._in_order = lanes == 1
        self._count = 0

    async def run(self, commands: int) -> None:
        """Do some of everything."""
        steps = (self._write, self._write, self._read, self._read, self._echo, self._fail, self._pipe, self._many)
        while self._count < commands:
            self._count += 1
            await self._chance.choice(steps)()

    async def _write(self) -> None:
        key, value = self._key(), self._token()
        if await self._disturbed(self._client.set(key, value)) is None or not self._in_order:
            self._may_hold[key].add(value)
        else:
            self._may_hold[key] = {value}

    async def _read(self) -> None:
        key = self._key()
        found = await self._disturbed(self._client.get(key), nothing=...)
        if found is not ...:
            assert found in self._may_hold[key], (key, found, self._may_hold[key])
            self._seen["read"] += 1

    async def _echo(self) -> None:
        token = self._token()
        assert await self._disturbed(self._client.echo(token)) in {token, None}

    async def _fail(self) -> None:
        with contextlib.suppress(ResponseError):
            reply = await self._disturbed(self._client.execute_command("LPUSH", f"{self._name}:text", "x"))
            assert reply is None, reply
            return
        self._seen["error reply"] += 1

    async def _pipe(self) -> None:
        tokens = [self._token() for _ in range(self._chance.randint(1, 5))]
        pipe = self._client.pipeline(transaction=False)
        for token in tokens:
            pipe.echo(token)
        assert await self._disturbed(pipe.execute()) in (tokens, None)

    async def _many(self) -> None:
        keys = list(self._may_hold)
        found = await self._disturbed(self._client.mget(keys))
        for key, value in zip(keys, found or (), strict=False):
            assert value in self._may_hold[key], (key, value, self._may_hold[key])

    async def _disturbed(self, command: Awaitable[Any], nothing: Any = None) -> Any:
        """Return the reply, or nothing where it was given up."""
        how = self._chance.randrange(DISTURBED)
        try:
            if how == 0:
                task = asyncio.ensure_future(command)
                for _ in range(self._chance.randint(0, 3)):
                    await asyncio.sleep(0)
                task.cancel()
                return await task
            if how == 1:
                with deadline(self._chance.uniform(0, 0.003)):
                    return await command
            return await command
        except asyncio.CancelledError:
            self._seen["cancelled"] += 1
        except RedisTimeoutError:
            self._seen["out of time"] += 1
        except RedisConnectionError:
            self._seen["disconnected"] += 1
        return nothing

    def _key(self) -> str:
        return self._chance.choice(list(self._may_hold))

    def _token(self) -> bytes:
        self._seen["sent"] += 1
        size = self._chance.choice((0, 0, 0, 100, 3000))
        return f"{self._name}:{self._count}:{self._chance.random()}:".encode() + b"x" * size


async def test_no_reply_reaches_another_caller(redis_server: EmbeddedRedis, lanes: int) -> None:
    seen: Counter[str] = Counter()
    async with AsyncRedis(host=redis_server.host, port=redis_server.port, lanes=lanes) as client:
        names = [f"caller:{number}" for number in range(TASKS)]
        await asyncio.gather(*(client.set(f"{name}:text", "text") for name in names))
        cutting = asyncio.create_task(_cut_connections(redis_server, seen))
        try:
            await asyncio.gather(*(Caller(client, each, lanes, seen).run(COMMANDS // TASKS) for each in range(TASKS)))
        finally:
            cutting.cancel()
    print(f"seed {SEED}, {lanes} lanes: {dict(seen)}")  # noqa: T201 - shown when the test fails, or with -s
    # A disturbance that did not take place would prove nothing.
    assert not [what for what in ("cancelled", "out of time", "disconnected", "error reply", "read") if not seen[what]]


async def _cut_connections(server: EmbeddedRedis, seen: Counter[str]) -> None:
    with server.client() as observer:
        while True:
            await asyncio.sleep(DISCONNECTS)
            seen["connections cut"] += observer.client_kill_filter(_type="normal", skipme=True)
