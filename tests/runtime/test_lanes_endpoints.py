"""Lanes over every way to a Redis, in every loop and process, behind Sentinels, and with a login that changes."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio.sentinel import Sentinel
from tests.certificates import Authority, Pair

from mooring import RedisConnectionManager
from mooring.config.nodes import write_nodes
from mooring.embedded import EmbeddedRedis, SentinelTrio
from mooring.runtime.credentials import watching
from mooring.runtime.lanes.client import AsyncRedis, SharedAsyncRedis
from mooring.runtime.lanes.lane_set import close_lanes, lanes_of

Becomes = Callable[[Callable[[], bool]], Awaitable[None]]
Run = Callable[[str], "subprocess.CompletedProcess[str]"]


def shared(manager: RedisConnectionManager, **overrides: Any) -> SharedAsyncRedis:
    pooled: Any = manager.async_client(**overrides)
    return SharedAsyncRedis(connection_pool=pooled.connection_pool, recovery=pooled._recovery, lanes=1)


async def _works(client: AsyncRedis) -> bool:
    numbers = sorted(await asyncio.gather(*(client.incr("visits") for _ in range(100))))
    return numbers == list(range(numbers[0], numbers[0] + 100))


async def test_lanes_over_a_unix_socket() -> None:
    with EmbeddedRedis(unix_socket=True) as server:
        async with AsyncRedis(unix_socket_path=str(server.socket_path)) as client:
            assert await _works(client)


async def test_lanes_over_tls(redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    async with await _tls_front(redis_server, authority.issue("localhost")) as front:
        port = front.sockets[0].getsockname()[1]
        address = {"host": "localhost", "port": port, "ssl": True, "ssl_ca_certs": str(authority.file)}
        async with AsyncRedis(**address) as client:
            assert await _works(client)
        async with RedisConnectionManager() as manager:
            ours = shared(manager, **address)
            assert await _works(ours)
            await close_lanes(ours.connection_pool)


async def _tls_front(server: EmbeddedRedis, pair: Pair) -> asyncio.Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)

    async def serve(to_client: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        to_server, plain = await asyncio.open_connection(server.host, server.port)
        await asyncio.gather(_pass(to_client, plain), _pass(to_server, client))

    return await asyncio.start_server(serve, "localhost", 0, ssl=context)


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
    sink.close()


def test_loops_in_several_threads_have_lanes_of_their_own(redis_server: EmbeddedRedis) -> None:
    client = AsyncRedis(host=redis_server.host, port=redis_server.port, lanes=1)
    together = threading.Barrier(4)
    answers: list[list[bytes]] = []

    async def use(number: int) -> None:
        await asyncio.to_thread(together.wait)
        for turn in range(50):
            tokens = [f"{number}:{turn}:{each}".encode() for each in range(10)]
            answers.append([b"wrong"] if await _echoes(client, tokens) != tokens else tokens)

    threads = [threading.Thread(target=lambda number=number: asyncio.run(use(number))) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 200
    assert [b"wrong"] not in answers


async def _echoes(client: AsyncRedis, tokens: list[bytes]) -> list[bytes]:
    return list(await asyncio.gather(*(client.execute_command("ECHO", token) for token in tokens)))


def test_a_forked_child_opens_lanes_of_its_own(run_script: Run) -> None:
    finished = run_script(
        """
import asyncio, os
from mooring.runtime.lanes.client import AsyncRedis

client = AsyncRedis.from_url(os.environ["REDIS_URL"])

async def use():
    return await asyncio.gather(*(client.incr("visits") for _ in range(20)))

with asyncio.Runner() as runner:
    assert len(set(runner.run(use()))) == 20
    child = os.fork()
    if child == 0:
        try:
            assert len(set(asyncio.run(use()))) == 20
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert sorted(runner.run(use()))[-1] == 60
    runner.run(client.aclose())
"""
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


async def test_lanes_that_only_read_follow_the_master(monkeypatch: pytest.MonkeyPatch) -> None:
    with SentinelTrio(down_after=0.5) as trio:
        monkeypatch.delenv("REDIS_URL")
        monkeypatch.setenv("REDIS_SENTINELS", write_nodes(trio.sentinels))
        monkeypatch.setenv("REDIS_SENTINEL_MASTER", trio.service_name)
        async with RedisConnectionManager() as manager:
            client = shared(manager, deadline=15)
            assert await _works(client)
            await asyncio.to_thread(trio.failover)
            async with asyncio.timeout(20):
                while (await client.execute_command("ROLE"))[0] != b"master":
                    await client.get("key")
            await close_lanes(client.connection_pool)


async def test_lanes_on_a_pool_of_redis_pys_own_for_sentinels() -> None:
    with SentinelTrio(down_after=0.5) as trio:
        sentinel = Sentinel(trio.sentinels)
        async with sentinel.master_for(trio.service_name, redis_class=AsyncRedis) as client:
            assert await _works(client)
        for each in sentinel.sentinels:
            await each.aclose()


async def test_a_lane_whose_login_has_changed_is_replaced_and_nothing_is_cut(
    redis_server: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, becomes: Becomes
) -> None:
    monkeypatch.setattr(watching, "INTERVAL", 0.05)
    file = tmp_path / "url"
    with redis_server.client() as admin:
        for user in ("first", "second"):
            admin.execute_command("ACL", "SETUSER", user, "reset", "on", ">secret", "+@all", "~*", "&*")
        file.write_text(f"redis://first:secret@{redis_server.host}:{redis_server.port}/0")
        monkeypatch.delenv("REDIS_URL")
        monkeypatch.setenv("REDIS_URL_FILE", str(file))

        def users() -> set[str]:
            return {known["user"] for known in admin.client_list() if known["name"] == "rotating"}

        async with RedisConnectionManager() as manager:
            client = shared(manager, client_name="rotating")
            asking = asyncio.create_task(_ask(client))
            await becomes(lambda: users() == {"first"})
            file.write_text(f"redis://second:secret@{redis_server.host}:{redis_server.port}/0")
            await becomes(lambda: users() == {"second"})
            asking.cancel()
            assert (await asyncio.gather(asking, return_exceptions=True))[0].__class__ is asyncio.CancelledError
            await close_lanes(client.connection_pool)
        admin.acl_deluser("first", "second")


async def _ask(client: AsyncRedis) -> None:
    while True:
        await asyncio.gather(*(client.incr("visits") for _ in range(10)))


async def test_a_lane_that_is_too_old_is_replaced(
    redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, becomes: Becomes
) -> None:
    monkeypatch.setattr(watching, "INTERVAL", 0.02)
    with redis_server.client() as observer:

        def ids() -> set[str]:
            return {known["id"] for known in observer.client_list() if known["name"] == "ageing"}

        client = AsyncRedis(host=redis_server.host, port=redis_server.port, client_name="ageing", lanes=1)
        lanes_of(client.connection_pool, client._recovery).max_age = 0.1
        await client.ping()
        first = ids()
        await becomes(lambda: bool(ids()) and not ids() & first)
        await client.aclose()
