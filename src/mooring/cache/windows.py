"""How a budget is declared. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Budget", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` calls in any `seconds`."""

    limit: int
    seconds: float

    def __post_init__(self) -> None:
        if self.limit < 1 or self.milliseconds < 10:
            raise ValueError("a window allows at least one call, and is at least 0.01 s long")

    @property
    def milliseconds(self) -> int:
        """Its length as Redis counts."""
        return round(self.seconds * 1000)


@dataclass(frozen=True, slots=True)
class Budget:
    """All windows of one kind of call, each of which must have room.

    `concurrency` calls may be under way at once (default 0: any number). The share `reserve` (default 0.3) of each
    window is kept from the background, which may have one call at least.
    """

    windows: tuple[Window, ...]
    concurrency: int = 0
    reserve: float = 0.3

    def __post_init__(self) -> None:
        if not self.windows or self.concurrency < 0 or not 0 <= self.reserve <= 1:
            raise ValueError("a budget has a window, a concurrency of 0 or more, and a reserve from 0 to 1")
