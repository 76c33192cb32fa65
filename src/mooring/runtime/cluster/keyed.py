"""Which commands go to the one node that has their keys, and where in them the keys stand.

Read from the server's own table, which redis-py's Cluster client asks for. Whatever has no key, or goes to several
nodes, is left to redis-py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis.commands import READ_COMMANDS
from redis.crc import key_slot

from mooring.runtime.lanes.routing import Route, Routes

__all__ = ["Keyed", "KeyedCommands"]

# Of these the subcommand tells where the key stands.
_CONTAINERS = frozenset({"OBJECT", "XGROUP", "XINFO"})
# A channel is no key, but its slot is where these go.
_PUBLISHING = frozenset({"PUBLISH", "SPUBLISH"})
# redis-py asks any node for what concerns an index.
_SEARCH = "FT."


class Keyed:
    """One command of a Cluster."""

    __slots__ = ("_alone", "_place", "has_keys", "reads", "route")

    def __init__(self, route: Route, place: int | None, *, alone: bool = True) -> None:
        """Make a command of one route, with its first key at `place`: 0 if that depends, None if it has no key."""
        self.route = route
        self.has_keys = place is not None
        self.reads = route.key in READ_COMMANDS
        """Whether redis-py lets replicas answer it, where they may."""
        self._place = place or 0
        self._alone = alone

    def slot(self, arguments: Sequence[Any], encode: Callable[[Any], bytes]) -> int | None:
        """Tell the slot of its key; None if there may be several, or another way to find them."""
        place = self._place
        if not place or len(arguments) <= place or not (self._alone or len(arguments) == place + 1):
            return None
        return key_slot(encode(arguments[place]))


class KeyedCommands(dict[Any, Keyed]):
    """The commands by the first argument of `execute_command`, where it alone decides."""

    def __init__(self, flagged: Mapping[str, Any]) -> None:
        """Make a memory; `flagged` are the commands that redis-py sends to nodes by their name."""
        super().__init__()
        self._flagged = flagged
        self._routes = Routes()

    def find(self, arguments: Sequence[Any], table: Mapping[str, Any]) -> Keyed:
        """Read a command that is not here by the server's table of commands, and remember it if its name decides."""
        head = arguments[0]
        route = self._routes.get(head) or self._routes.find(arguments)
        found = self._read(head, route, table)
        if head in self._routes:
            self[head] = found
        return found

    def _read(self, head: Any, route: Route, table: Mapping[str, Any]) -> Keyed:
        # redis-py takes names in bytes for its own only by chance.
        if not isinstance(head, str) or not head or route.key in self._flagged or route.key.startswith(_SEARCH):
            return Keyed(route, None)
        if head.split()[0].upper() in _CONTAINERS:
            return Keyed(route, 0)
        row = table.get(head.lower())
        if row is None:
            return Keyed(route, None)
        if "pubsub" in row["flags"]:
            return Keyed(route, 1 if route.key in _PUBLISHING else None)
        if "movablekeys" in row["flags"]:
            return Keyed(route, 0)
        first, last = int(row["first_key_pos"]), int(row["last_key_pos"])
        return Keyed(route, first if first > 0 else None, alone=first == last)
