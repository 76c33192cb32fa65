"""What is measured: the cells of the grid, few for a look and all for the page."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

__all__ = ["CONCURRENT", "FULL", "MAIN", "QUICK", "THEIRS", "THREADS", "Cell"]

THEIRS = "redis-py"
"""The client that each ratio is to."""

CONCURRENT = (1, 10, 50, 500)
_LOOPS = ("asyncio", "uvloop")
_WAYS = ("tcp", "unix", "tls")
_CALLS = ("get", "set", "mixed")
_BYTES = (64, 1024, 65536)


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the table. `loop` is "threads" where threads call, rather than tasks of an event loop."""

    loop: str = "asyncio"
    way: str = "tcp"
    calls: str = "get"
    size: int = 64
    concurrent: int = 50

    def __str__(self) -> str:
        size = f"{self.size // 1024} KB" if self.size >= 1024 else f"{self.size} B"
        return f"{self.loop}, {self.way}, {self.calls}, {size}, {self.concurrent} at once"


MAIN = tuple(Cell(concurrent=concurrent) for concurrent in CONCURRENT)
"""What targets are set for."""

THREADS = tuple(Cell("threads", concurrent=threads) for threads in (1, 8, 32))
"""Synchronous callers."""

QUICK = (
    *MAIN,
    Cell("uvloop"),
    Cell(way="unix"),
    Cell(way="tls"),
    Cell(calls="set"),
    Cell(calls="mixed"),
    *(Cell(calls=calls, size=65536, concurrent=concurrent) for calls in ("get", "set") for concurrent in CONCURRENT),
    *THREADS,
)
"""One cell of each kind, and all that targets are set for."""

_GRID = itertools.product(_LOOPS, _WAYS, _CALLS, _BYTES, CONCURRENT)
FULL = (*(Cell(*each) for each in _GRID), *THREADS)
"""The whole grid."""
