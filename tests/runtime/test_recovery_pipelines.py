"""A pipeline is sent again as a whole or not at all, and never once it has watched a key."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from mooring.runtime.deadline import deadline, idempotent
from mooring.runtime.failures import DeadlineExceeded

from .flavours import FLAVOURS, Asking
from .scripted import HANG_UP, SILENCE, Heard, ScriptedServer, in_turn

OK = b"+OK\r\n"
VALUE = b"$1\r\nv\r\n"
READONLY = b"-READONLY You can't write against a read only replica.\r\n"


@pytest.fixture(params=FLAVOURS, name="ask")
def _ask(request: pytest.FixtureRequest) -> Asking:
    return FLAVOURS[request.param]


def executed(fill: Callable[[Any], Any], transaction: bool) -> Callable[[Any], Any]:
    def use(client: Any) -> Any:
        pipeline = client.pipeline(transaction=transaction)
        fill(pipeline)
        return pipeline.execute()

    return use


def reads(pipeline: Any) -> None:
    pipeline.get("a").get("b")


def writes(pipeline: Any) -> None:
    pipeline.get("a").incr("b")


def _first_connection_hangs_up(heard: Heard) -> bytes:
    return HANG_UP if heard.connection == 0 else VALUE


def test_one_that_only_reads_is_sent_again(ask: Asking) -> None:
    with ScriptedServer(_first_connection_hangs_up) as server:
        assert ask(executed(reads, transaction=False), url=server.url) == [b"v", b"v"]
        assert server.connections == 2


def test_one_that_writes_is_not(ask: Asking) -> None:
    with ScriptedServer(_first_connection_hangs_up) as server:
        with pytest.raises(redis.ConnectionError) as caught:
            ask(executed(writes, transaction=False), url=server.url)
        assert server.connections == 1
    assert "PIPELINE may have run" in caught.value.__notes__[0]


def test_one_that_is_declared_idempotent_is(ask: Asking) -> None:
    with ScriptedServer(_first_connection_hangs_up) as server, idempotent():
        assert ask(executed(writes, transaction=False), url=server.url) == [b"v", b"v"]


def test_one_that_was_never_sent_is(ask: Asking) -> None:
    with ScriptedServer(lambda _: b":1\r\n", greet=lambda number: HANG_UP if number < 2 else OK) as server:
        assert ask(executed(writes, transaction=False), url=server.url) == [1, 1]
        assert server.ran["INCRBY"] == 1


def test_one_whose_writes_were_all_refused_is(ask: Asking) -> None:
    def script(heard: Heard) -> bytes:
        return READONLY if heard.name == "INCRBY" and heard.connection == 0 else b":1\r\n"

    with ScriptedServer(script) as server:
        assert ask(executed(writes, transaction=False), url=server.url) == [1, 1]
        assert server.connections == 2


def test_one_of_whose_writes_some_ran_is_not(ask: Asking) -> None:
    with ScriptedServer(in_turn(b":1\r\n", READONLY)) as server:
        with pytest.raises(redis.ReadOnlyError, match="Command # 2"):
            ask(executed(lambda pipeline: pipeline.incr("a").incr("b"), transaction=False), url=server.url)
        assert server.ran["INCRBY"] == 2


def test_one_that_a_loading_server_refuses_in_part_is_sent_again_only_if_it_reads(ask: Asking) -> None:
    loading = b"-LOADING Redis is loading the dataset in memory\r\n"
    with ScriptedServer(lambda heard: loading if heard.connection == 0 else VALUE) as server:
        assert ask(executed(reads, transaction=False), url=server.url) == [b"v", b"v"]
    with ScriptedServer(in_turn(loading, b":1\r\n")) as server:
        with pytest.raises(redis.ConnectionError, match="The rest of the pipeline may have run"):
            ask(executed(lambda pipeline: pipeline.incr("a").incr("b"), transaction=False), url=server.url)
        assert server.connections == 1


def test_a_transaction_whose_end_is_unknown_is_not_sent_again(ask: Asking) -> None:
    def script(heard: Heard) -> bytes:
        return {"MULTI": OK, "EXEC": HANG_UP}.get(heard.name, b"+QUEUED\r\n")

    with ScriptedServer(script) as server:
        with pytest.raises(redis.ConnectionError) as caught:
            ask(executed(writes, transaction=True), url=server.url)
        assert server.ran["EXEC"] == 1
    assert "MULTI may have run" in caught.value.__notes__[0]


def test_a_transaction_that_a_replica_refuses_is_sent_to_the_master(ask: Asking) -> None:
    def script(heard: Heard) -> bytes:
        if heard.name == "MULTI":
            return OK
        if heard.connection == 0:
            return READONLY if heard.name == "INCRBY" else b"-EXECABORT Transaction discarded\r\n"
        return b"*1\r\n:7\r\n" if heard.name == "EXEC" else b"+QUEUED\r\n"

    with ScriptedServer(script) as server:
        assert ask(executed(lambda pipeline: pipeline.incr("a"), transaction=True), url=server.url) == [7]


def test_one_that_watches_is_the_callers_to_begin_anew(ask: Asking) -> None:
    def script(heard: Heard) -> bytes:
        return {"WATCH": OK, "MULTI": HANG_UP}.get(heard.name, VALUE)

    def threads(client: Any) -> None:
        with client.pipeline() as pipeline:
            pipeline.watch("a")
            pipeline.get("a")
            pipeline.multi()
            pipeline.incr("a")
            pipeline.execute()

    async def tasks(client: Any) -> None:
        async with client.pipeline() as pipeline:
            await pipeline.watch("a")
            await pipeline.get("a")
            pipeline.multi()
            pipeline.incr("a")
            await pipeline.execute()

    with ScriptedServer(script) as server:
        with pytest.raises(redis.WatchError):
            ask(tasks if ask is FLAVOURS["tasks"] else threads, url=server.url)
        assert server.ran["MULTI"] == 1


def test_the_first_watch_is_sent_until_it_gets_through(ask: Asking) -> None:
    def watch(client: Any) -> Any:
        pipeline = client.pipeline()
        return _then(pipeline.watch("a"), pipeline.reset)

    with ScriptedServer(lambda heard: HANG_UP if heard.connection < 2 else OK) as server:
        ask(watch, url=server.url)
        assert server.ran["WATCH"] == 3


def _then(first: Any, last: Callable[[], Any]) -> Any:
    if not inspect.isawaitable(first):
        return last()

    async def both() -> None:
        await first
        await last()

    return both()


def test_an_error_among_the_replies_is_raised_or_kept_as_asked(ask: Asking) -> None:
    def kept(client: Any) -> Any:
        return client.pipeline(transaction=False).get("a").get("b").execute(raise_on_error=False)

    with ScriptedServer(in_turn(VALUE, b"-WRONGTYPE no\r\n")) as server:
        replies = ask(kept, url=server.url)
        assert replies[0] == b"v"
        assert isinstance(replies[1], redis.ResponseError)
    with (
        ScriptedServer(in_turn(VALUE, b"-WRONGTYPE no\r\n")) as server,
        pytest.raises(redis.ResponseError, match="Command # 2"),
    ):
        ask(executed(reads, transaction=False), url=server.url)


@pytest.mark.parametrize("transaction", [True, False])
def test_a_deadline_is_kept(ask: Asking, transaction: bool) -> None:
    with ScriptedServer(lambda _: SILENCE) as server:
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded, match="but may have run") as caught, deadline(0.3):
            ask(executed(writes, transaction=transaction), url=server.url)
        assert 0.29 < time.monotonic() - began < 1
    assert caught.value.seconds < 0.3 + 0.1


def test_blocking_commands_may_wait_for_their_own_time(ask: Asking) -> None:
    def fill(pipeline: Any) -> None:
        pipeline.blpop(["nothing"], timeout=0.4)

    assert ask(executed(fill, transaction=False), deadline=0.2) == [None]


def test_one_that_reads_and_waits_may_wait_for_its_own_time(ask: Asking) -> None:
    def fill(pipeline: Any) -> None:
        pipeline.xread({"nothing": "$"}, block=1300)

    replies = ask(executed(fill, transaction=False), deadline=0.2)
    assert replies in ([[]], [{}], [None])


def test_an_empty_pipeline_asks_nobody(ask: Asking) -> None:
    with ScriptedServer(lambda _: SILENCE) as server:
        assert ask(executed(lambda _: None, transaction=True), url=server.url) == []
        assert server.connections == 0


def test_scripts_of_a_pipeline_are_loaded_first(ask: Asking) -> None:
    def use(client: Any) -> Any:
        script = client.register_script("return ARGV[1]")
        pipeline = client.pipeline()
        done = script(args=["x"], client=pipeline)
        if not inspect.isawaitable(done):
            return pipeline.execute()

        async def run() -> Any:
            await done
            return await pipeline.execute()

        return run()

    assert ask(use) == [b"x"]
