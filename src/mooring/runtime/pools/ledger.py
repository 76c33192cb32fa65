"""What a pool knows of its connections, without doing any I/O: the part that the pools for threads and tasks share."""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Iterable
from typing import Any, Protocol

from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.pools.aging import Life, Lifespan

__all__ = ["ROTATED", "Ledger", "life_of"]

ROTATED = "rotated"

# Connections that were opened with an exchanged certificate are closed over this time, for not all at once are to
# shake hands anew; seconds.
_SPREAD = 30.0


class Owner(Protocol):
    """A pool."""

    def lost(self, connection: Any) -> None:
        """Take notice that nobody holds a connection any more: take back its place if it was lent."""


class Ledger:
    """The lives of a pool's connections, and who of them is lent."""

    def __init__(self, owner: Owner, places: int, span: Lifespan) -> None:
        # Here and not in each connection: the collector clears the weak references of what it collects.
        self._owner = weakref.ref(owner)
        self.places = places
        self._span = span
        self._streams: dict[Life, Any] = {}
        self._lent: set[Life] = set()

    def new_life(self) -> Life:
        """Make the life of a connection that is not open yet."""
        return Life(self._span)

    def lend(self, life: Life) -> None:
        """Note that somebody has taken the connection."""
        self._lent.add(life)

    def is_lent(self, life: Life) -> bool:
        """Tell whether somebody has taken the connection and not given it back."""
        return life in self._lent

    def take_back(self, life: Life) -> bool:
        """Note that it was given back; false for one that was not lent, as redis-py also gives back such."""
        if life not in self._lent:
            return False
        self._lent.discard(life)
        return True

    def keep_stream(self, life: Life, stream: Any) -> None:
        """Hold the socket or writer of an open connection: lost together with it, it would complain instead of it."""
        self._streams[life] = stream

    def let_go_of_stream(self, life: Life) -> Any:
        """Hold it no more, and return it; None for a connection that is not open."""
        return self._streams.pop(life, None)

    def tell_lost(self, connection: Any) -> None:
        """Tell the pool of a connection that nobody holds any more."""
        owner = self._owner()
        if owner is not None:
            owner.lost(connection)

    def outlive(self) -> None:
        """Let what is lent be closed when it is given back: whoever holds one may open it again before."""
        for life in list(self._lent):
            life.outlived = True

    def retire(self, idle: Iterable[Life]) -> None:
        """Let every connection that is open now end soon, but not all at once."""
        now = time.monotonic()
        for life in (*list(self._lent), *idle):
            life.end_by(now + random.uniform(0.0, _SPREAD), ROTATED)  # noqa: S311 - not for secrets

    def numbers(self, idle: Iterable[Life], waiting: int) -> PoolNumbers:
        """Count; `idle` are the lives of what is open and not lent."""
        lent, idle = list(self._lent), list(idle)
        now = time.monotonic()
        return PoolNumbers(
            size=len(lent) + len(idle),
            in_use=len(lent),
            idle=len(idle),
            waiting=waiting,
            max_connections=self.places,
            oldest_age=max((now - life.opened for life in (*lent, *idle)), default=0.0),
        )


def life_of(connection: Any) -> Life:
    """Return the life of a pool's connection; redis-py's client-side cache puts itself around it."""
    life: Life = getattr(connection, "_conn", connection).life
    return life
