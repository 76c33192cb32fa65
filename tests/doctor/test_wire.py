"""One connection: replies, errors, deadlines; and round trips counted on it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.doctor.roundtrip import histogram, measure, percentile
from mooring.doctor.wire import Gibberish, HungUp, Refusal, Silence, Wire


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    """A wire with two seconds left, and the server's end of it."""
    ours, theirs = socket.socketpair()
    with Wire(ours, ("hunter2",)) as wire, theirs:
        wire.allow(2.0)
        yield wire, theirs


def test_a_reply_in_pieces_is_one_reply(ends: tuple[Wire, socket.socket]) -> None:
    wire, server = ends
    server.sendall(b"*3\r\n$1\r\na\r\n:7\r\n$-1\r\n")
    assert wire.ask("ROLE") == ["a", 7, None]
    assert server.recv(100) == b"*1\r\n$4\r\nROLE\r\n"


def test_words_are_counted_in_bytes(ends: tuple[Wire, socket.socket]) -> None:
    wire, server = ends
    server.sendall(b"+OK\r\n")
    wire.ask("AUTH", "pässword\r\n")
    assert server.recv(100) == "*2\r\n$4\r\nAUTH\r\n$11\r\npässword\r\n\r\n".encode()


def test_an_error_is_raised_with_its_code_and_no_secret(ends: tuple[Wire, socket.socket]) -> None:
    wire, server = ends
    server.sendall(b"-NOPERM not with hunter2\r\n")
    with pytest.raises(Refusal, match=r"^NOPERM not with \*\*\*$") as caught:
        wire.ask("GET", "x")
    assert caught.value.code == "NOPERM"


def test_a_reason_sent_before_hanging_up_is_read(ends: tuple[Wire, socket.socket]) -> None:
    wire, server = ends
    server.sendall(b"-ERR max number of clients reached\r\n")
    server.close()
    with pytest.raises(Refusal, match="max number of clients"):
        wire.ask("PING")


def test_hanging_up_and_gibberish_are_told_apart(ends: tuple[Wire, socket.socket]) -> None:
    wire, server = ends
    server.sendall(b"\x15\x03\x01\x00\x02\x02\x0a")
    with pytest.raises(Gibberish):
        wire.ask("PING")
    server.close()
    ours, theirs = socket.socketpair()
    theirs.close()
    with Wire(ours) as other:
        other.allow(1.0)
        with pytest.raises(HungUp):
            other.ask("PING")


def test_a_server_that_answers_byte_by_byte_does_not_outlast_the_deadline(ends: tuple[Wire, socket.socket]) -> None:
    wire, server = ends
    server.sendall(b"$100\r\nabc")
    wire.allow(0.2)
    began = time.monotonic()
    with pytest.raises(Silence):
        wire.ask("INFO")
    assert time.monotonic() - began < 2
    # Once it has passed, nothing more is sent.
    with pytest.raises(Silence):
        wire.ask("PING")


def test_pings_stop_where_a_user_may_not_ping(ends: tuple[Wire, socket.socket]) -> None:
    wire, server = ends
    server.sendall(b"-NOPERM this user has no permissions to run the 'ping' command\r\n")
    assert measure(wire, 1.0).facts == {}


@given(st.lists(st.floats(min_value=0, max_value=2000), min_size=1, max_size=200), st.integers(1, 100))
def test_a_percentile_leaves_no_more_than_its_share_above(values: list[float], percent: int) -> None:
    bound = percentile(values, percent)
    assert bound in values
    assert sum(value <= bound for value in values) >= len(values) * percent / 100
    assert sum(value < bound for value in values) < len(values) * percent / 100


def test_every_round_trip_is_in_one_class_of_the_histogram() -> None:
    assert histogram([0.05, 0.1, 0.11, 3.0, 5000.0]) == {"0.1": 2, "0.25": 1, "5": 1, "more": 1}
