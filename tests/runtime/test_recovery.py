"""A command that may have run is not sent twice, unless it reads; any other is sent until it gets through, in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

from mooring.embedded import EmbeddedRedis
from mooring.runtime.deadline import idempotent

from .flavours import FLAVOURS, Asking
from .scripted import HANG_UP, ScriptedServer, always, in_turn

ONE = b":1\r\n"
VALUE = b"$5\r\nvalue\r\n"


@pytest.fixture(params=FLAVOURS, name="ask")
def _ask(request: pytest.FixtureRequest) -> Asking:
    return FLAVOURS[request.param]


def test_a_write_whose_reply_is_lost_runs_once_and_says_so(ask: Asking) -> None:
    with ScriptedServer(always(HANG_UP)) as server:
        with pytest.raises(redis.ConnectionError) as caught:
            ask(lambda client: client.incr("visits"), url=server.url)
        assert server.ran["INCRBY"] == 1
    assert "INCRBY may have run, so it was not sent again" in caught.value.__notes__[0]


def test_no_policy_makes_a_write_run_twice(ask: Asking) -> None:
    policy = Retry(NoBackoff(), 5)
    with ScriptedServer(always(HANG_UP)) as server:
        with pytest.raises(redis.ConnectionError):
            ask(lambda client: client.incr("visits"), url=server.url, retry=policy)
        assert server.ran["INCRBY"] == 1


def test_a_read_whose_reply_is_lost_is_sent_again(ask: Asking) -> None:
    with ScriptedServer(in_turn(HANG_UP, HANG_UP, HANG_UP, VALUE)) as server:
        assert ask(lambda client: client.get("key"), url=server.url) == b"value"
        assert server.ran["GET"] == 4


def test_what_is_declared_idempotent_is_sent_again(ask: Asking) -> None:
    with ScriptedServer(in_turn(HANG_UP, b"+OK\r\n")) as server:
        with idempotent():
            assert ask(lambda client: client.set("key", "value"), url=server.url) is True
        assert server.ran["SET"] == 2
    with ScriptedServer(in_turn(HANG_UP, b"+OK\r\n")) as server, pytest.raises(redis.ConnectionError):
        ask(lambda client: client.set("key", "value"), url=server.url)


def test_a_write_that_was_never_sent_is_sent_until_it_gets_through(ask: Asking) -> None:
    with ScriptedServer(always(ONE), greet=lambda number: HANG_UP if number < 3 else b"+OK\r\n") as server:
        assert ask(lambda client: client.incr("visits"), url=server.url) == 1
        assert server.ran["INCRBY"] == 1
        assert server.connections == 4


@pytest.mark.parametrize(
    "refusal",
    [
        b"-READONLY You can't write against a read only replica.\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-CLUSTERDOWN The cluster is down\r\n",
        b"-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
        b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
        b"-NOREPLICAS Not enough good replicas to write.\r\n",
    ],
)
def test_a_write_that_the_server_refuses_for_now_is_sent_on_another_connection(ask: Asking, refusal: bytes) -> None:
    with ScriptedServer(in_turn(refusal, refusal, ONE)) as server:
        assert ask(lambda client: client.incr("visits"), url=server.url) == 1
        assert len({heard.connection for heard in server.heard}) == 3


def test_a_server_that_turns_read_only_loses_its_idle_connections_too() -> None:
    readonly = b"-READONLY You can't write against a read only replica.\r\n"
    with ScriptedServer(lambda heard: readonly if heard.name == "INCRBY" and heard.connection < 2 else ONE) as server:

        def use(client: redis.Redis) -> None:
            with client.pipeline() as one, client.pipeline() as other:
                one.watch("key")
                other.watch("key")
            assert client.incr("visits") == 1

        FLAVOURS["threads"](use, url=server.url)
        # The second idle connection is not tried: both went with the first refusal.
        assert server.ran["INCRBY"] == 2


def test_an_ordinary_error_is_the_callers_at_once(ask: Asking) -> None:
    with ScriptedServer(always(b"-WRONGTYPE Operation against a key\r\n")) as server:
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            ask(lambda client: client.get("key"), url=server.url)
        assert server.ran["GET"] == 1


@pytest.mark.parametrize(("retries", "runs"), [(0, 1), (2, 3)])
def test_a_policy_bounds_how_often_a_read_is_sent(ask: Asking, retries: int, runs: int) -> None:
    with ScriptedServer(always(HANG_UP)) as server:
        with pytest.raises(redis.ConnectionError):
            ask(lambda client: client.get("key"), url=server.url, retry=Retry(NoBackoff(), retries))
        assert server.ran["GET"] == runs


def test_a_policy_can_be_none(ask: Asking) -> None:
    with ScriptedServer(always(HANG_UP)) as server:
        with pytest.raises(redis.ConnectionError):
            ask(lambda client: client.get("key"), url=server.url, retry=None)
        assert server.ran["GET"] == 1


def test_a_policy_can_be_set_later(ask: Asking) -> None:
    with ScriptedServer(always(HANG_UP)) as server:

        def use(client: Any) -> Any:
            client.set_retry(Retry(NoBackoff(), 1))
            return client.get("key")

        with pytest.raises(redis.ConnectionError):
            ask(use, url=server.url)
        assert server.ran["GET"] == 2


def test_a_policy_names_errors_to_try_again_upon(ask: Asking) -> None:
    full = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
    with ScriptedServer(in_turn(full, ONE)) as server, pytest.raises(redis.OutOfMemoryError):
        ask(lambda client: client.incr("visits"), url=server.url)
    with ScriptedServer(in_turn(full, ONE)) as server:
        assert ask(lambda client: client.incr("visits"), url=server.url, retry_on_error=[redis.OutOfMemoryError]) == 1


def test_a_policy_says_after_which_pauses() -> None:
    with ScriptedServer(always(HANG_UP)) as server:
        began = time.monotonic()
        with pytest.raises(redis.ConnectionError):
            FLAVOURS["threads"](lambda client: client.get("key"), url=server.url, retry=Retry(ConstantBackoff(0.1), 2))
        assert time.monotonic() - began >= 0.2


def test_a_client_that_keeps_its_connection_recovers_alike(ask: Asking) -> None:
    def use(client: Any) -> Any:
        return client.get("key")

    with ScriptedServer(in_turn(HANG_UP, VALUE)) as server:
        assert ask(use, url=server.url, single_connection_client=True) == b"value"
        assert server.connections == 2
    with ScriptedServer(in_turn(HANG_UP, ONE)) as server:
        with pytest.raises(redis.ConnectionError):
            ask(lambda client: client.incr("visits"), url=server.url, single_connection_client=True)
        assert server.ran["INCRBY"] == 1


def test_connections_that_the_server_has_closed_cost_nothing(ask: Asking, redis_server: EmbeddedRedis) -> None:
    with redis_server.client() as other:

        def cut(name: str) -> None:
            for known in other.client_list():
                if known["name"] == name:
                    other.client_kill_filter(_id=known["id"])

        def threads(client: Any) -> list[int]:
            counts = []
            for _ in range(3):
                counts.append(client.incr("visits"))
                cut("cut")
            return counts

        async def tasks(client: Any) -> list[int]:
            counts = []
            for _ in range(3):
                counts.append(await client.incr("visits"))
                cut("cut")
                # The loop hears of it in its next turn.
                await asyncio.sleep(0.05)
            return counts

        use: Callable[[Any], Any] = threads if ask is FLAVOURS["threads"] else tasks
        assert ask(use, client_name="cut") == [1, 2, 3]


def test_a_server_that_restarts_is_ridden_out(ask: Asking) -> None:
    with EmbeddedRedis() as server:

        def threads(client: Any) -> Any:
            client.ping()
            server.restart()
            return client.incr("visits")

        async def tasks(client: Any) -> Any:
            await client.ping()
            restarted = asyncio.create_task(asyncio.to_thread(server.restart))
            await asyncio.sleep(0.1)
            counted = await client.incr("visits")
            await restarted
            return counted

        assert ask(threads if ask is FLAVOURS["threads"] else tasks, url=server.url) == 1
