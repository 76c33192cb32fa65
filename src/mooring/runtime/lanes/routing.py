"""Which way a command goes: on a lane that others use too, or on a pooled connection of its own.

Decided by its kind (`commands`), and by what is learned of it: a command whose replies are often large or slow would
hold up those behind it, so it travels alone until it has become light again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mooring.runtime.commands import Traits, patience, traits

__all__ = ["Route", "Routes", "read_route"]

# A command leaves the lanes when more than this share of its last thirty or so calls was heavy.
_LEAVES = 0.1
_KEPT = 1 - 1 / 32
# It returns after so many light calls in a row, the first time; after twice as many each further time.
_TERM, _LONGEST_TERM = 64, 1 << 14
# Where the arguments decide, not the name alone.
_ASKED = frozenset({"XREAD", "XREADGROUP"})
# What administers the server is rare, may be slow, and often tells of the connection that it came on; for HIMPORT
# redis-py prepares the connection.
_APART = frozenset(
    b"ACL BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND CONFIG DEBUG FUNCTION HIMPORT INFO LATENCY MEMORY"
    b" MODULE REPLICAOF SCRIPT SENTINEL SLAVEOF SLOWLOG".split()
)
_REMEMBERED = 2000


class Route:
    """One command's way, and how heavy it has been of late."""

    __slots__ = ("_light", "_noted", "_share", "_term", "alone", "calls", "command", "fixed", "key", "words")

    def __init__(self, key: Any, words: tuple[Any, ...] | None, command: Traits, *, shared: bool) -> None:
        self.key = key
        """What redis-py's response callbacks know it by."""
        self.words = words
        """What a name of several words is sent as; None for one word."""
        self.command = command
        self.fixed = not shared
        self.alone = not shared
        """Whether it takes a pooled connection."""
        self.calls = 0
        """How many have been made; to be counted by whoever makes them."""
        self._noted = 0
        self._share = 0.0
        self._term = _TERM
        self._light = 0

    def held_up(self) -> None:
        """Learn that a call held up others on a lane."""
        gap, self._noted = self.calls - self._noted, self.calls
        self._share = self._share * _KEPT ** max(gap, 1) + 1 - _KEPT
        if self._share > _LEAVES and not self.alone:
            self.alone, self._light = True, 0

    def travelled_alone(self, heavy: bool) -> None:
        """Learn of a call that held up nobody, since it travelled alone; but it would have if it was heavy."""
        self._light = 0 if heavy else self._light + 1
        if self._light >= self._term and not self.fixed:
            self.alone, self._share = False, 0.0
            self._term = min(2 * self._term, _LONGEST_TERM)


class Routes(dict[Any, Route]):
    """The ways of commands by the first argument of `execute_command`, where it alone decides."""

    def find(self, arguments: Sequence[Any]) -> Route:
        """Return the way of a command that is not here, and remember it if its name decides."""
        head = arguments[0]
        route = read_route(arguments)
        if isinstance(head, str | bytes) and route.command.name not in _ASKED and len(self) < _REMEMBERED:
            self[head] = route
        return route


def read_route(arguments: Sequence[Any]) -> Route:
    """Read a command as `execute_command` takes it."""
    head = arguments[0]
    name = head if isinstance(head, str) else bytes(head)
    words = tuple(name.encode().split() if isinstance(name, str) else name.split())
    whole = (*words, *arguments[1:])
    command = traits(whole) if words else Traits("")
    waits = command.wait is not None and patience(whole, command.wait) is not None
    shared = bool(words) and command.shared and not waits and words[0].upper() not in _APART
    return Route(name.upper(), words if len(words) != 1 else None, command, shared=shared)
