"""Both readers make the same of the same bytes, however cut, and commands are packed as redis-py packs them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis._parsers.encoders import Encoder
from redis.asyncio import Connection
from redis.exceptions import InvalidResponse, ResponseError

from mooring.runtime.lanes.packing import make_packer
from mooring.runtime.lanes.replies import MISSING, PUSH, PythonReader, Reader, make_reader

_WHOLE = [
    (b"+OK\r\n", b"OK"),
    (b":-7\r\n", -7),
    (b"$5\r\na\r\nbc\r\n", b"a\r\nbc"),
    (b"$0\r\n\r\n", b""),
    (b"$-1\r\n", None),
    (b"*-1\r\n", None),
    (b"_\r\n", None),
    (b"#t\r\n", True),
    (b",1.5\r\n", 1.5),
    (b"=7\r\ntxt:abc\r\n", b"abc"),
    (b"*3\r\n:1\r\n*1\r\n$1\r\na\r\n$-1\r\n", [1, [b"a"], None]),
    (b"~2\r\n:1\r\n:2\r\n", [1, 2]),
    (b"%1\r\n$1\r\na\r\n*1\r\n:1\r\n", {b"a": [1]}),
    (b">2\r\n$10\r\ninvalidate\r\n_\r\n", [b"invalidate", None]),
]


def _error(text: str) -> Exception:
    return ResponseError(text)


def _hiredis() -> Reader:
    return make_reader(_error, None, "strict")


def _python() -> Reader:
    return PythonReader(_error, None, "strict")


@given(st.lists(st.sampled_from(_WHOLE), min_size=1), st.lists(st.integers(1, 40), min_size=1))
def test_replies_are_the_same_however_they_are_cut(replies: list[tuple[bytes, Any]], cuts: list[int]) -> None:
    stream = b"".join(sent for sent, _ in replies)
    for reader in (_hiredis(), _python()):
        got: list[Any] = []
        at, turn = 0, 0
        while at < len(stream):
            size = cuts[turn % len(cuts)]
            reader.feed(stream[at : at + size])
            at, turn = at + size, turn + 1
            while (reply := reader.gets()) is not MISSING:
                got.append(reply)
        assert got == [expected for _, expected in replies]


@pytest.mark.parametrize("make", [_hiredis, _python])
def test_a_push_message_is_told_from_a_reply(make: Any) -> None:
    reader = make()
    reader.feed(b">1\r\n+moved\r\n*1\r\n+moved\r\n")
    assert [type(reader.gets()), type(reader.gets())] == [PUSH, list]


@pytest.mark.parametrize("make", [_hiredis, _python])
def test_an_error_is_a_value_also_inside_a_list(make: Any) -> None:
    reader = make()
    reader.feed(b"-ERR no\r\n*2\r\n+OK\r\n-ERR no\r\n")
    assert isinstance(reader.gets(), ResponseError)
    inside = reader.gets()
    assert inside[0] == b"OK" and isinstance(inside[1], ResponseError)


@pytest.mark.parametrize("make", [make_reader, PythonReader])
def test_what_cannot_be_decoded_is_raised_and_over(make: Any) -> None:
    reader = make(_error, "utf-8", "strict")
    reader.feed(b"*2\r\n$1\r\n\xff\r\n+a\r\n+next\r\n")
    with pytest.raises(UnicodeDecodeError):
        reader.gets()
    assert reader.gets() == "next"
    assert reader.gets() is MISSING


@pytest.mark.parametrize("make", [make_reader, PythonReader])
def test_what_is_no_reply_is_refused(make: Any) -> None:
    reader = make(_error, None, "strict")
    reader.feed(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(InvalidResponse):
        reader.gets()


_VIEWS: st.SearchStrategy[Any] = st.binary().map(memoryview)
_ARGUMENTS = st.one_of(st.text(), st.binary(), st.integers(), st.floats(), _VIEWS)


@given(st.lists(_ARGUMENTS, max_size=5), st.sampled_from(["utf-8", "latin-1", "utf-16"]))
def test_a_command_is_packed_as_redis_py_packs_it(arguments: list[Any], encoding: str) -> None:
    try:
        connection = Connection(encoding=encoding)
        expected = b"".join(connection.pack_command("SET", *arguments))
    except UnicodeEncodeError as error:
        with pytest.raises(type(error)):
            make_packer(Encoder(encoding, "strict", False))((b"SET", *arguments))
    else:
        assert make_packer(Encoder(encoding, "strict", False))(("SET", *arguments)) == expected
