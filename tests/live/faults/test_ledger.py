"""The judgement itself: what is lost, doubled, late or failed is told from calls and data alone."""

from __future__ import annotations

import pytest

from .frames import frame_end, words
from .ledger import Call, Held, Kind, judge, recovery

NOTHING = Held((), (), frozenset(), 0)


def call(number: int, kind: Kind, error: str | None = None, took: float = 0.1, late: float = 0.0) -> Call:
    return Call(number, kind, 10.0, 10.0 + took, 1.0, error, late)


@pytest.mark.parametrize("kind", [Kind.PUSH, Kind.ADD, Kind.SET, Kind.COUNT])
def test_an_acknowledged_write_that_is_not_there_is_lost(kind: Kind) -> None:
    assert judge([call(1, kind)], NOTHING).lost == 1
    assert judge([call(1, kind, "ConnectionError")], NOTHING).lost == 0


def test_a_write_that_is_there_twice_is_doubled() -> None:
    assert judge([call(1, Kind.PUSH)], Held((1, 1), (), frozenset(), 0)).doubled == 1
    assert judge([call(1, Kind.ADD)], Held((), (1, 1, 1), frozenset(), 0)).doubled == 2


def test_more_increments_than_were_asked_for_are_doubled() -> None:
    calls = [call(1, Kind.COUNT), call(2, Kind.COUNT, "ConnectionError")]
    assert judge(calls, Held((), (), frozenset(), 2)).doubled == 0
    assert judge(calls, Held((), (), frozenset(), 3)).doubled == 1
    assert judge(calls, Held((), (), frozenset(), 0)).lost == 1


def test_a_failed_write_that_ran_is_neither_lost_nor_doubled() -> None:
    verdict = judge([call(1, Kind.PUSH, "TimeoutError")], Held((1,), (), frozenset(), 0))
    assert (verdict.lost, verdict.doubled, verdict.failures) == (0, 0, 1)


def test_the_machines_own_lateness_is_not_the_calls() -> None:
    assert judge([call(1, Kind.READ, took=1.5)], NOTHING).overrun == pytest.approx(0.5)
    assert judge([call(1, Kind.READ, took=1.5, late=0.4)], NOTHING).overrun == pytest.approx(0.1)


def test_what_another_asked_for_is_wrong() -> None:
    assert judge([Call(1, Kind.READ, 10.0, 10.1, 1.0, wrong=True)], NOTHING).wrong == 1


def test_recovery_waits_for_every_kind_of_call() -> None:
    calls = [call(1, Kind.READ, took=0.9), call(2, Kind.SET, "ConnectionError", took=0.6)]
    assert recovery(calls, 10.5) is None
    assert recovery([*calls, call(3, Kind.SET, took=2.0)], 10.5) == pytest.approx(1.5)


def test_recovery_is_counted_to_the_first_success_after_the_fault() -> None:
    calls = [
        call(1, Kind.READ, took=0.1),
        call(2, Kind.READ, "ConnectionError", took=0.6),
        call(3, Kind.READ, took=0.9),
    ]
    assert judge(calls, NOTHING, healed=10.5).recovery == pytest.approx(0.4)
    assert judge(calls[:2], NOTHING, healed=10.5).recovery is None


@pytest.mark.parametrize(
    "frame",
    [
        b"+OK\r\n",
        b":12\r\n",
        b"$-1\r\n",
        b"$4\r\na\r\nb\r\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
        b"%1\r\n+k\r\n~2\r\n#t\r\n_\r\n",
        b">2\r\n+message\r\n$1\r\nx\r\n",
        b"|1\r\n+ttl\r\n:3\r\n$2\r\nhi\r\n",
    ],
)
def test_a_message_ends_where_it_ends(frame: bytes) -> None:
    assert frame_end(frame + b"+next\r\n") == len(frame)
    assert all(frame_end(frame[:length]) is None for length in range(len(frame)))


def test_a_command_is_read_as_it_was_sent() -> None:
    assert words(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\r\n\r\n") == [b"SET", b"k", b"\r\n\r\n"]
