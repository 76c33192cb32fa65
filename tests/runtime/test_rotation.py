"""A login that changes reaches every open connection, and none is cut for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.credentials import CredentialProvider

from mooring import RedisConnectionManager, create_async_redis_from_config, create_redis_from_config
from mooring.embedded import EmbeddedRedis
from mooring.runtime import hooks
from mooring.runtime.credentials import watching

Run = Callable[[str], Any]
Becomes = Callable[[Callable[[], bool]], Awaitable[None]]

FIRST, SECOND = ("first", "one-secret"), ("second", "other-secret")
PROTOCOLS = [pytest.param(2, id="resp2"), pytest.param(3, id="resp3")]


class Users:
    """Two users of a server, of whom the configured URL names one."""

    def __init__(self, server: EmbeddedRedis, file: Path) -> None:
        self.server = server
        self._file = file
        with server.client() as admin:
            for name, password in (FIRST, SECOND):
                admin.execute_command("ACL", "SETUSER", name, "reset", "on", f">{password}", "+@all", "~*", "&*")
        self.name(FIRST)

    def name(self, login: tuple[str, str]) -> None:
        """Let the file name another user."""
        user, password = login
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"redis://{user}:{password}@{self.server.host}:{self.server.port}/0\n")
        fresh.rename(self._file)

    def of(self, client_name: str) -> dict[str, str]:
        """Tell which connection of a name the server has under which user."""
        with self.server.client() as admin:
            return {known["id"]: known["user"] for known in admin.client_list() if known["name"] == client_name}

    def admin(self, *words: str) -> None:
        with self.server.client() as client:
            client.execute_command(*words)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as own:
        yield own


@pytest.fixture
def users(server: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Users:
    # Looked after more often than about once a second.
    monkeypatch.setattr(watching, "INTERVAL", 0.05)
    found = Users(server, tmp_path / "url")
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "url"))
    return found


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, and fail when it never does."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_open_connections_show_the_new_login_by_themselves(users: Users) -> None:
    client: Any = create_redis_from_config(client_name="idle")
    with client.pipeline() as pipeline:
        pipeline.watch("key")
        client.ping()
        before = users.of("idle")
        assert list(before.values()) == ["first", "first"]
        users.name(SECOND)
        # The idle one by itself, the one in use when it has been given back.
        until(lambda: sorted(users.of("idle").values()) == ["first", "second"])
    until(lambda: users.of("idle") == dict.fromkeys(before, "second"))


async def test_open_asyncio_connections_show_the_new_login_by_themselves(users: Users, becomes: Becomes) -> None:
    client: Any = create_async_redis_from_config(client_name="idle")
    async with client.pipeline() as pipeline:
        await pipeline.watch("key")
        await client.pipeline().ping().execute()
        before = users.of("idle")
        users.name(SECOND)
        await becomes(lambda: sorted(users.of("idle").values()) == ["first", "second"])
    await becomes(lambda: users.of("idle") == dict.fromkeys(before, "second"))
    await RedisConnectionManager.instance().aclose()


def test_clients_from_before_and_after_share_a_pool(users: Users) -> None:
    before = create_redis_from_config(client_name="shared")
    before.ping()
    users.name(SECOND)
    after = create_redis_from_config(client_name="shared")
    assert after.connection_pool is before.connection_pool


def test_a_refused_connection_reads_the_settings_again_at_once(users: Users) -> None:
    client: Any = create_redis_from_config(client_name="refused")
    client.ping()
    client.connection_pool.disconnect()
    users.name(SECOND)
    users.admin("ACL", "DELUSER", "first")
    # Sooner than the file is looked at.
    assert client.ping()
    assert list(users.of("refused").values()) == ["second"]


async def test_a_refused_asyncio_connection_reads_the_settings_again_at_once(users: Users) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(client_name="refused")
        pool = client.connection_pool
        await pool.release(await pool.get_connection())
        await pool.disconnect()
        users.name(SECOND)
        users.admin("ACL", "DELUSER", "first")
        connection = await pool.get_connection()
        assert list(users.of("refused").values()) == ["second"]
        await pool.release(connection)


def test_a_password_that_the_server_does_not_know_yet_cuts_nobody(users: Users) -> None:
    users.admin("ACL", "SETUSER", "second", "resetpass")
    with RedisConnectionManager() as manager:
        client: Any = manager.client(client_name="early")
        mine = client.client_id()
        users.name(SECOND)
        pool = client.connection_pool
        pool.credentials.tend()
        assert pool.credentials.generation == 1
        # It is refused, and keeps what it had.
        assert client.client_id() == mine
        with client.pipeline() as pipeline:
            # Not a command: what is opened now is refused, and falls back.
            pipeline.watch("key")
            client.ping()
            assert sorted(users.of("early").values()) == ["first", "first"]


def test_a_wrong_password_is_refused_as_ever(users: Users) -> None:
    users.name(("first", "mistyped"))
    with RedisConnectionManager() as manager, pytest.raises(redis.AuthenticationError) as caught:
        manager.client(retry=None).ping()
    assert "mistyped" not in str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_subscriber_that_waits_shows_the_new_login(users: Users, protocol: int) -> None:
    heard: list[Any] = []
    with RedisConnectionManager() as manager:
        client: Any = manager.client(client_name="listener", protocol=protocol)
        with client.pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe("news")

            def listen() -> None:
                for message in pubsub.listen():
                    heard.append(message["data"])
                    if message["data"] == b"bye":
                        return

            thread = threading.Thread(target=listen)
            thread.start()
            users.server.client().publish("news", "before")
            until(lambda: b"before" in heard)
            before = users.of("listener")
            users.name(SECOND)
            until(lambda: list(users.of("listener").values()) == ["second"])
            if protocol == 3:
                assert set(users.of("listener")) == set(before)
            with users.server.client() as speaker:
                until(lambda: bool(speaker.publish("news", "bye")))
            thread.join(20)
            assert not thread.is_alive()
    assert heard == [b"before", b"bye"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_subscriber_that_looks_now_and_then_shows_the_new_login(users: Users, protocol: int) -> None:
    with RedisConnectionManager() as manager:
        client: Any = manager.client(client_name="poller", protocol=protocol)
        with client.pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe("news")
            users.name(SECOND)
            client.connection_pool.credentials.tend()
            heard: list[Any] = []
            end = time.monotonic() + 20
            with users.server.client() as speaker:
                while list(users.of("poller").values()) != ["second"]:
                    heard.append(pubsub.get_message(timeout=0.01))
                    assert time.monotonic() < end
                # What the server says to the login is no message.
                heard.append(pubsub.get_message(timeout=0.01))
                assert not any(heard)
                speaker.publish("news", "hello")
            while not any(heard):
                heard.append(pubsub.get_message(timeout=0.01))
                assert time.monotonic() < end
    assert [message["data"] for message in heard if message] == [b"hello"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_asyncio_subscriber_that_waits_shows_the_new_login(
    users: Users, protocol: int, becomes: Becomes
) -> None:
    heard: list[Any] = []
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(client_name="listener", protocol=protocol)
        async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe("news")

            async def listen() -> None:
                async for message in pubsub.listen():
                    heard.append(message["data"])
                    if message["data"] == b"bye":
                        return

            task = asyncio.create_task(listen())
            with users.server.client() as speaker:
                await becomes(lambda: bool(speaker.publish("news", "before")))
                await becomes(lambda: b"before" in heard)
                before = users.of("listener")
                users.name(SECOND)
                await becomes(lambda: list(users.of("listener").values()) == ["second"])
                if protocol == 3:
                    assert set(users.of("listener")) == set(before)
                await becomes(lambda: bool(speaker.publish("news", "bye")))
            await asyncio.wait_for(task, 20)
    assert set(heard) == {b"before", b"bye"}


class Plain(CredentialProvider):
    """Gives whatever it was told last."""

    def __init__(self, login: tuple[str, str]) -> None:
        self.login = login

    def get_credentials(self) -> tuple[str, str]:
        return self.login


class Token:
    def __init__(self, login: tuple[str, str]) -> None:
        self._user, self._value = login

    def try_get(self, key: str) -> str:
        assert key == "oid"
        return self._user

    def get_value(self) -> str:
        return self._value


class Streaming(Plain):
    """Hands on each login, to the one who asked for it last, as redis-py's providers for clouds do."""

    def __init__(self, login: tuple[str, str]) -> None:
        super().__init__(login)
        self._callback: Callable[[Any], Any] | None = None

    def on_next(self, callback: Callable[[Any], Any]) -> None:
        self._callback = callback

    def on_error(self, callback: Callable[[Exception], Any]) -> None:
        self.fail = callback

    def push(self, login: tuple[str, str]) -> Any:
        self.login = login
        assert self._callback is not None
        return self._callback(Token(login))


def test_a_push_of_a_provider_reaches_every_pool_and_subscriber(users: Users, caplog: pytest.LogCaptureFixture) -> None:
    provider = Streaming(FIRST)
    with RedisConnectionManager() as manager:
        clients = [manager.client(client_name="pushed", db=db, credential_provider=provider) for db in (0, 1)]
        for client in clients:
            client.ping()
        with clients[0].pubsub() as pubsub:
            pubsub.subscribe("news")
            before = users.of("pushed")
            assert list(before.values()) == ["first", "first"]
            provider.push(SECOND)
            provider.fail(RuntimeError("other-secret"))
            end = time.monotonic() + 20
            while set(users.of("pushed").values()) != {"second"}:
                pubsub.get_message()
                assert time.monotonic() < end
            assert len(users.of("pushed")) == 2
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


async def test_a_push_that_is_awaited_reaches_asyncio_pools(users: Users, becomes: Becomes) -> None:
    provider = Streaming(FIRST)
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(client_name="pushed", credential_provider=provider)
        await client.pipeline().ping().execute()
        before = users.of("pushed")
        await provider.push(SECOND)
        await becomes(lambda: users.of("pushed") == dict.fromkeys(before, "second"))


def test_what_a_plain_provider_gives_next_reaches_open_connections(users: Users) -> None:
    provider = Plain(FIRST)
    with RedisConnectionManager() as manager:
        client: Any = manager.client(client_name="plain", credential_provider=provider)
        mine = client.client_id()
        provider.login = SECOND
        users.admin("ACL", "SETUSER", "first", "resetpass")
        with client.pipeline() as pipeline:
            pipeline.watch("key")
            # A second connection is opened, and asks the provider.
            client.ping()
        until(lambda: set(users.of("plain").values()) == {"second"})
        assert str(mine) in users.of("plain")


def test_a_change_is_told(users: Users, caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, str]] = []

    class Heard(hooks.Hooks):
        def rotated(self, endpoint: str, what: str) -> None:
            told.append((endpoint, what))

    listener = Heard()
    hooks.install(listener)
    try:
        with RedisConnectionManager() as manager:
            pool: Any = manager.client().connection_pool
            users.name(SECOND)
            pool.credentials.tend()
    finally:
        hooks.uninstall(listener)
    assert told == [(f"127.0.0.1:{users.server.port}/0", "credentials")]
    assert "secret" not in caplog.text


def test_a_forked_child_follows_changes_too(users: Users, run_script: Run) -> None:
    script = f"""
import os, time, mooring
client = mooring.create_redis_from_config(client_name="forked")
client.ping()
child = os.fork()
if child == 0:
    mine = client.client_id()
    with open(os.environ["REDIS_URL_FILE"] + ".new", "w") as fresh:
        fresh.write("redis://second:other-secret@{users.server.host}:{users.server.port}/0")
    os.rename(os.environ["REDIS_URL_FILE"] + ".new", os.environ["REDIS_URL_FILE"])
    end = time.monotonic() + 20
    while client.acl_whoami() != "second" and time.monotonic() < end:
        time.sleep(0.05)
    assert client.client_id() == mine
    assert client.acl_whoami() == "second", client.acl_whoami()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    finished = run_script(script)
    assert (finished.stdout, finished.stderr, finished.returncode) == ("", "", 0)


def test_threads_notice_nothing_of_changes_and_of_age(users: Users) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []
    with RedisConnectionManager() as manager:
        client: Any = manager.client(client_name="busy", max_connections=4, max_age=0.05, max_idle=0.02)

        def work() -> None:
            try:
                while not stop.is_set():
                    client.incr("done")
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for login in (SECOND, FIRST, SECOND):
            users.name(login)
            time.sleep(0.2)
            assert len(users.of("busy")) <= 4
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert manager.numbers()[client.connection_pool.endpoint].in_use == 0


async def test_tasks_notice_nothing_of_changes_and_of_age(users: Users) -> None:
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(client_name="busy", max_connections=4, max_age=0.05, max_idle=0.02)
        stop = asyncio.Event()

        async def work() -> None:
            while not stop.is_set():
                await client.pipeline().incr("done").execute()

        tasks = [asyncio.create_task(work()) for _ in range(8)]
        for login in (SECOND, FIRST, SECOND):
            users.name(login)
            await asyncio.sleep(0.2)
            assert len(users.of("busy")) <= 4
        stop.set()
        await asyncio.gather(*tasks)
        assert client.connection_pool.numbers().in_use == 0
