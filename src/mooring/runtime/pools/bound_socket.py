"""A socket on which nothing outlasts the running call, however slowly the bytes come.

redis-py sets a timeout once, for each read: a server that sends a byte every four seconds would keep a caller for
ever. Here each read and write is given what is left of the call's deadline. Outside of calls, as for a subscriber, the
socket's own timeout holds.
"""

from __future__ import annotations

import math
import time
from typing import Any

from mooring.runtime.deadline import UNTIL

__all__ = ["BoundSocket"]

# Setting a timeout is a system call, so a difference as small as this is let be; seconds.
_SLACK = 0.01


class BoundSocket:
    """Stands in for a socket, or a TLS socket, that is connected. Only what may wait is its own."""

    __slots__ = ("_asked", "_granted", "_socket", "_usual")

    def __init__(self, socket: Any) -> None:
        usual = socket.gettimeout()
        self._socket = socket
        self._usual = self._asked = self._granted = math.inf if usual is None else usual

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def settimeout(self, seconds: float | None) -> None:
        """Set the timeout for what follows; one that is not the usual one holds within calls too."""
        self._socket.settimeout(seconds)
        self._asked = self._granted = math.inf if seconds is None else seconds

    def sendall(self, *arguments: Any) -> Any:
        """Send, within the call's time."""
        left = self._left()
        # What is sent in part cannot be sent on.
        self._grant(left, floor=left / 2)
        return self._socket.sendall(*arguments)

    def recv(self, *arguments: Any) -> Any:
        """Receive, within the call's time."""
        self._grant(self._left())
        while True:
            try:
                return self._socket.recv(*arguments)
            except TimeoutError:
                if not self._grant_more():
                    raise

    def recv_into(self, *arguments: Any) -> Any:
        """Receive, within the call's time."""
        self._grant(self._left())
        while True:
            try:
                return self._socket.recv_into(*arguments)
            except TimeoutError:
                if not self._grant_more():
                    raise

    def _left(self) -> float:
        """Tell how long what is next may take. Raises `TimeoutError` when the call's time is up."""
        until = UNTIL.get()
        if until is None:
            return self._asked
        left = until - time.monotonic()
        if self._asked < left and self._asked != self._usual:
            return self._asked
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def _grant(self, seconds: float, floor: float = 0.0) -> None:
        # Setting a timeout is a system call. One that is too short, from the command before, is mended if it runs out.
        if not floor <= self._granted <= seconds + _SLACK:
            self._socket.settimeout(None if seconds == math.inf else seconds)
            self._granted = seconds

    def _grant_more(self) -> bool:
        """Tell whether there is still time, after what had been granted ran out."""
        left = self._left()
        is_timeout = left == self._asked or UNTIL.get() is None
        if is_timeout and self._granted >= left - _SLACK:
            return False
        self._socket.settimeout(None if left == math.inf else left)
        self._granted = left
        return True
