"""What the table says of commands is what a real server says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.runtime.commands import Traits, patience, traits

# Read-only by our table though the server gives them no flag: they tell of the server, and change nothing.
TELLING = frozenset({"COMMAND", "ECHO", "INFO", "LASTSAVE", "PING", "ROLE", "TIME"})


@pytest.fixture(scope="module")
def flags() -> Iterator[dict[str, frozenset[str]]]:
    """What a real server reports, by name, subcommands as `CONFIG GET` (from Redis 7 on)."""
    with EmbeddedRedis() as server, server.client(single_connection_client=True) as client:
        connection: Any = client.connection
        connection.send_command("COMMAND")
        yield dict(_walk(connection.read_response()))


def _walk(reply: list[Any]) -> Iterator[tuple[str, frozenset[str]]]:
    for entry in reply:
        name = entry[0].decode().upper().replace("|", " ")
        yield name, frozenset(flag.decode() for flag in entry[2])
        if len(entry) > 9 and entry[9]:
            yield from _walk(entry[9])


def test_what_the_table_calls_read_only_never_writes(flags: dict[str, frozenset[str]]) -> None:
    assert [name for name in flags if traits([name]).read_only and "write" in flags[name]] == []


def test_every_command_that_the_server_calls_read_only_is_in_the_table(flags: dict[str, frozenset[str]]) -> None:
    told = {name for name, own in flags.items() if "readonly" in own and not name.endswith(" HELP")}
    # Up to 6.2 the server counts a whole family as one command.
    families = {"MEMORY", "OBJECT", "XINFO"}
    # No commands but guards against HTTP, and one that Redis 7 has no more.
    odd = {"HOST:", "POST", "STRALGO"}
    assert {name for name in told - families - odd if not traits([name]).read_only} == set()


def test_what_is_read_only_without_a_flag_only_tells(flags: dict[str, frozenset[str]]) -> None:
    silent = {name for name in flags if traits([name]).read_only and "readonly" not in flags[name]}
    assert {name for name in silent if " " not in name} <= TELLING


def test_every_blocking_command_has_its_timeout_in_the_table(flags: dict[str, frozenset[str]]) -> None:
    told = {name for name, own in flags.items() if "blocking" in own}
    assert {name for name in told if traits([name]).wait is None} == set()


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        (("BLPOP", "a", "b", 5), 5.0),
        (("blpop", "a", "0.5"), 0.5),
        ((b"BRPOP", b"a", b"2"), 2.0),
        (("BLPOP", "a", 0), math.inf),
        (("BRPOPLPUSH", "a", "b", 3), 3.0),
        (("BLMOVE", "a", "b", "LEFT", "RIGHT", 4), 4.0),
        (("BLMPOP", 6, 1, "a", "LEFT"), 6.0),
        (("BZMPOP", 7, 1, "a", "MIN"), 7.0),
        (("BZPOPMIN", "a", 8), 8.0),
        (("WAIT", 1, 1500), 1.5),
        (("WAITAOF", 1, 0, 2500), 2.5),
        (("XREAD", b"BLOCK", "300", b"STREAMS", "s", "$"), 0.3),
        (("XREADGROUP", "GROUP", "g", "c", "block", 0, "STREAMS", "s", ">"), math.inf),
        (("XREAD", "COUNT", 1, "STREAMS", "s", "0"), None),
        (("XREAD", "STREAMS", "s", "BLOCK"), None),
        (("BLPOP",), None),
        (("BLPOP", "a", "soon"), None),
    ],
)
def test_a_blocking_command_says_for_how_long(arguments: tuple[Any, ...], seconds: float | None) -> None:
    wait = traits(arguments).wait
    assert wait is not None
    assert patience(arguments, wait) == seconds


@pytest.mark.parametrize(
    "arguments", [("GET", "k"), ("get", "k"), (b"GET", b"k"), (bytearray(b"get"), b"k"), ("GET k",)]
)
def test_a_name_is_known_however_it_is_written(arguments: tuple[Any, ...]) -> None:
    assert traits(arguments) == Traits("GET", read_only=True)


@pytest.mark.parametrize(
    "arguments", [("CONFIG GET", "x"), ("config", "get", "x"), (b"CONFIG", b"GET"), ("CONFIG GET x",)]
)
def test_a_subcommand_is_part_of_the_name(arguments: tuple[Any, ...]) -> None:
    assert traits(arguments).name == "CONFIG GET"
    assert traits(arguments).read_only
    assert not traits(("CONFIG", "SET", "x", "1")).read_only


@pytest.mark.parametrize("arguments", [("AUTH hunter2",), ("CONFIG", "hunter2"), ("ACL SETUSER me >hunter2",)])
def test_no_name_holds_an_argument(arguments: tuple[Any, ...]) -> None:
    assert "hunter2" not in traits(arguments).name.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        ("MULTI",),
        ("WATCH", "k"),
        ("SUBSCRIBE", "c"),
        ("MONITOR",),
        ("SELECT", 1),
        ("AUTH", "x"),
        ("HELLO", 3),
        ("CLIENT REPLY", "OFF"),
        ("CLIENT", "TRACKING", "ON"),
        ("READONLY",),
        ("BLPOP", "k", 1),
        ("WAIT", 1, 1),
        ("MIGRATE", "h", 1, "k", 0, 1),
        ("SHUTDOWN",),
    ],
)
def test_what_concerns_its_connection_never_shares_it(arguments: tuple[Any, ...]) -> None:
    assert not traits(arguments).shared


def test_an_unknown_command_is_supposed_to_write() -> None:
    assert traits(("MYMODULE.DO", 1)) == Traits("MYMODULE.DO")
