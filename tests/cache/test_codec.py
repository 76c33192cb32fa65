"""What goes in comes out, or is a miss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mooring.cache import codec
from mooring.cache.codec import COMPRESSED_FROM, Entry, Unfaithful, decode, decode_value, encode, encode_value

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
STAMP = bytes(range(16))


@given(PLAIN)
def test_a_plain_value_comes_back_as_it_was(value: Any) -> None:
    back = decode_value(encode_value(value))
    assert back == value
    assert type(back) is type(value)


@given(
    st.integers(0, 10**16 - 1), st.floats(0, 1e6), st.binary(max_size=3000), st.booleans(),
    st.dictionaries(st.text(), st.text(), max_size=3),
)  # fmt: skip
def test_an_entry_comes_back_as_it_was(
    born: int, ttl: float, payload: bytes, negative: bool, validators: dict[str, str]
) -> None:
    entry = Entry(born, ttl, STAMP, payload, negative, tuple(validators.items()))
    back = decode(encode(entry))
    assert back is not None
    assert back.ttl == pytest.approx(ttl, abs=0.001)
    assert replace(back, ttl=ttl) == entry


@pytest.mark.parametrize("payload", [b"short", b"long" * 1000])
def test_damage_anywhere_is_a_miss(payload: bytes) -> None:
    entry = Entry(1_790_000_000_000_000, 60.0, STAMP, payload, validators=(("etag", '"1"'),))
    data = encode(entry)
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x40
        assert decode(bytes(damaged)) is None


@pytest.mark.parametrize("data", [None, b"", b"M1", b"something else altogether, and long enough to be an entry"])
def test_what_is_no_entry_is_a_miss(data: bytes | None) -> None:
    assert decode(data) is None


def test_a_long_payload_is_compressed_and_a_short_one_is_not() -> None:
    short = Entry(1, 60.0, STAMP, b"a" * (COMPRESSED_FROM - 1))
    long = Entry(1, 60.0, STAMP, b"a" * COMPRESSED_FROM)
    assert len(encode(short)) > COMPRESSED_FROM
    assert len(encode(long)) < 100


@pytest.mark.parametrize("payload", [b"short", b"long" * 1000])
def test_the_same_bytes_are_read_once(payload: bytes) -> None:
    first, again = (decode(encode(Entry(2, 60.0, STAMP, payload))) for _ in range(2))
    assert first is not None
    assert first is again


def test_what_is_remembered_is_bounded_in_number_and_in_size() -> None:
    # Sixty kilobytes of one letter are stored as less than a hundred bytes.
    for size in range(3_000):
        decode(encode(Entry(size, 60.0, STAMP, b"a" * (20 * size))))
    assert 0 < len(codec._remembered) <= 1_024
    assert max(len(entry.payload) for entry in codec._remembered.values()) <= 4_096


@dataclass
class Point:
    x: int


@pytest.mark.parametrize("value", [(1, 2), {1, 2}, Point(1), 2**64, object(), [Point(1)], {"when": {1: (2,)}}])
def test_a_value_that_would_change_on_the_way_is_refused(value: object) -> None:
    with pytest.raises(Unfaithful, match="cannot be cached"):
        encode_value(value)
