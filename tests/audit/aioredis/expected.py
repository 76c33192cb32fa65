"""What the programs for aioredis 1.x came to, measured with aioredis 1.3.1 on Redis 6.2.

The results of `main`, and the keys that were left in Redis with their types, their values and whether they expire.
"""

from __future__ import annotations

from typing import Any

__all__ = ["EXPECTED"]

EXPECTED: dict[str, tuple[Any, dict[str, Any]]] = {
    "strings": (
        [True, True, True, True, True, False, "1", None, True, True, ["7", "8", "9"], 8, 12, 2, 2],
        {
            "a": ("string", "1", True),
            "b": ("string", "2", True),
            "c": ("string", "3", True),
            "d": ("string", "4", True),
            "e": ("string", "5", True),
            "f": ("string", "12", False),
        },
    ),
    "expiry": (
        [True, True, True, True, True, -1, True, False],
        {"gone": ("string", "x", True), "kept": ("string", "x", True)},
    ),
    "hashes": (
        [
            {"a": "b", "x": "1", "y": "2", "z": "3", "p": "4", "q": "5"},
            "b",
            ["1", None],
            1,
            3,
            3.5,
            True,
            2,
            [("a", "b"), ("n", "3.5"), ("x", "1"), ("y", "2"), ("z", "3")],
        ],
        {"h": ("hash", {"a": "b", "x": "1", "y": "2", "z": "3", "n": "3.5"}, False)},
    ),
    "sorted sets": (
        [
            1,
            3,
            0,
            2,
            ["one", "two", "three", "more", "five"],
            [("one", 1.5), ("two", 2), ("three", 3), ("more", 4.5), ("five", 5)],
            ["two", "three"],
            [("five", 5), ("more", 4.5)],
            ["two", "three"],
            ["three", "more", "five"],
            ["two", "three"],
            [("one", 1.5), ("two", 2), ("three", 3), ("more", 4.5), ("five", 5)],
            ["more", "three"],
            4,
            2,
            4,
            2,
            1,
            4,
            [("three", 3), ("two", 4)],
            4,
            1,
        ],
        {
            "inter": ("zset", [("two", 10)], False),
            "other": ("zset", [("two", 10)], False),
            "union": ("zset", [("three", 3), ("more", 4.5), ("five", 5), ("two", 14)], False),
            "z": ("zset", [("three", 3), ("two", 4), ("more", 4.5), ("five", 5)], False),
        },
    ),
    "lists and sets": (
        [
            3,
            ["1", "2", "3"],
            4,
            1,
            3,
            True,
            True,
            "between",
            1,
            ["a", "b", "c"],
            "b",
            ["b"],
            ["a", "b", "c"],
            2,
            ["a", "b", "c"],
            ["l", "m", "s", "t", "u"],
            "l",
            "first",
            None,
        ],
        {
            "m": ("list", ["between"], False),
            "s": ("set", ["a", "b", "c"], False),
            "t": ("set", ["b"], False),
            "u": ("set", ["a", "c"], False),
        },
    ),
    "bytes": (
        [b"\xff\x00", {b"f": b"v"}, [b"h"], b"string"],
        {"a": ("string", b"\xff\x00", False), "h": ("hash", {"f": "v"}, False)},
    ),
    "encoding per call": (["väl", ["x", "y"]], {"l": ("list", ["x", "y"], False), "my-key": ("string", "väl", False)}),
    "transaction": (
        [1, True, True, 1, "1"],
        {
            "a": ("string", "1", True),
            "h": ("hash", {"a": "1", "b": "2"}, False),
            "n": ("string", "1", False),
            "z": ("zset", [("one", 1)], False),
        },
    ),
    "futures": ([1, "1", 2], {"a": ("string", "1", False), "n": ("string", "2", False)}),
    "errors": (
        ["reply", True, "transaction", True, True],
        {"a": ("string", "x", False), "b": ("string", "y", False), "c": ("string", "z", False)},
    ),
    "channel": ([[1, 1], ["hello", "stop"]], {}),
    "channel as iterator": ([b"one", {"two": 2}], {}),
    "pool of connections": ([b"1", 1, b"2"], {"a": ("string", "1", False), "n": ("string", "1", False)}),
    "scripts": ([1, ["a", "b", 2], ["x", "1", 1], ["k", "v", 1], [1], 0, None], {}),
    "many at once": (
        [1, 1, 1, True],
        {
            "a": ("string", "1", False),
            "b": ("string", "1", False),
            "board": ("zset", [("a", 1), ("b", 1), ("c", 1)], False),
            "c": ("string", "1", False),
            "d": ("string", "1", True),
            "h": ("hash", {"a": "1"}, False),
            "log": ("list", ["sent"], False),
            "s": ("set", ["1"], False),
        },
    ),
}
