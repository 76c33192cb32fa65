"""What a lane tells: of itself to whoever opened it, and of its end to those whose commands were on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from redis.exceptions import RedisError

    from mooring.runtime.lanes.lane import Lane

__all__ = ["LaneEvents", "LaneLost"]


class LaneLost(Exception):
    """The lane ended before a command's reply. Tells whether it was sent, and so may have run; never leaves Mooring."""

    def __init__(self, error: RedisError, sent: bool) -> None:
        super().__init__(error, sent)
        self.error = error
        self.sent = sent


class LaneEvents(Protocol):
    """Who is told what a lane sees."""

    def burdened(self, command: Any) -> None:
        """Hear that the reply to a command was large or slow, and held up those behind it."""

    def pushed(self, lane: Lane, message: list[Any]) -> None:
        """Hear a message of RESP3 that answers no command."""

    def ended(self, lane: Lane, error: RedisError | None) -> None:
        """Hear that the lane's socket is closed; without an error if it was meant to be."""
