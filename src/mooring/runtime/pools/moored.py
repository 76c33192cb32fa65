"""Connections that know their pool: their age, the login that they showed, and who is to hear that they are lost.

A pool makes its connections of whatever class it was given with this one in front. Its work is done where redis-py
connects, so that commands cost nothing more, and where a subscriber reads: that is the only time in which somebody who
keeps a connection for days can be made to show a new login. `async_moored` has the twin for asyncio.
"""

from __future__ import annotations

import functools
import select
import sys
import time
from typing import Any

from redis.client import PubSub
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from mooring.runtime import hooks
from mooring.runtime.credentials import watching
from mooring.runtime.pools.berth import Berthed
from mooring.runtime.pools.ledger import ROTATED

__all__ = ["AUTH_PAUSE", "ENTRIES", "OK", "Moored", "closing_reason", "moored"]

AUTH_PAUSE = 5.0
"""Seconds until a connection whose new login was refused shows it again; it keeps the old one meanwhile."""

ENTRIES = 3
"""How often a login is shown when connecting: the one at hand, one that is read anew, and the one from before."""

OK = (b"OK", "OK")
"""What the server says to a login that it accepts."""


class Moored(Berthed):
    """Goes in front of one of redis-py's connections."""

    _listening = False
    _polled = False
    # The generation of the login that was shown while listening, until the server says what it thinks of it.
    _showing: int | None = None

    def connect(self, *args: Any, **options: Any) -> None:
        """Connect, or show the new login where it is connected already."""
        if self._sock is None:  # type: ignore[attr-defined]
            self._enter(*args, **options)
        elif self.life.generation != self._credentials.generation and not self._listening:
            try:
                self.show_login()
            except (RedisError, OSError):
                self.disconnect()
                self._enter(*args, **options)

    def show_login(self) -> None:
        """Show the server the present login on a connection that is open; what it refuses is shown again later."""
        if time.monotonic() < self.life.auth_after:
            return
        generation = self._credentials.generation
        arguments = self._credentials.get_credentials()
        if arguments:
            self.send_command("AUTH", *arguments, check_health=False)  # type: ignore[attr-defined]
            try:
                super().read_response(disconnect_on_error=False)  # type: ignore[misc]
            except (AuthenticationError, ResponseError):
                self.life.auth_after = time.monotonic() + AUTH_PAUSE
                return
        self._got_in(generation)

    def is_clean(self) -> bool:
        """Tell whether nothing waits to be read from an open connection that nobody uses.

        What does is a reply that is not the next command's, or the end: the server has closed it.
        """
        reader = getattr(self._parser, "_reader", None)  # type: ignore[attr-defined]
        return not (self._poll.poll(0) or (reader is not None and reader.has_data()))

    def disconnect(self, *args: Any, **options: Any) -> None:
        """Disconnect, and tell of it."""
        was_open = self._sock is not None  # type: ignore[attr-defined]
        super().disconnect(*args, **options)  # type: ignore[misc]
        if self._ledger is not None:
            self._ledger.let_go_of_stream(self.life)
        if was_open and hooks.active is not None:
            age = time.monotonic() - self.life.opened
            hooks.active.closed(self._endpoint, age, self._reason or closing_reason())
        self._reason = self._showing = None

    def register_connect_callback(self, callback: Any) -> None:
        """Take note of who listens: from now on the connection is read by a subscriber only."""
        self._listening = self._listening or isinstance(callback.__self__, PubSub)
        super().register_connect_callback(callback)  # type: ignore[misc]

    def deregister_connect_callback(self, callback: Any) -> None:
        """Take note that nobody listens any more."""
        if isinstance(callback.__self__, PubSub):
            self._listening = False
        super().deregister_connect_callback(callback)  # type: ignore[misc]

    def can_read(self, timeout: float = 0) -> Any:
        """Wait until there is something to read; a subscriber looks to its login meanwhile."""
        if not self._listening:
            return super().can_read(timeout)  # type: ignore[misc]
        self._polled = True
        until = time.monotonic() + (timeout or 0)
        while True:
            self._keep_in()
            left = until - time.monotonic()
            found = super().can_read(max(0.0, min(left, watching.INTERVAL)))  # type: ignore[misc]
            if found or left <= watching.INTERVAL:
                return found

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Read a reply, or a subscriber's next message."""
        # Without a push request it is a reply that is read, as when the subscriber's connection shakes hands anew.
        if not (self._listening and options.get("push_request")):
            return super().read_response(*args, **options)  # type: ignore[misc]
        polled, self._polled = self._polled, False
        while True:
            if not polled:
                while not self.can_read(watching.INTERVAL):
                    pass
                self._polled = False
            try:
                response = super().read_response(*args, **options)  # type: ignore[misc]
            except (AuthenticationError, ResponseError):
                if self._showing is None:
                    raise
                self._showing, self.life.auth_after = None, time.monotonic() + AUTH_PAUSE
            else:
                if self._showing is None or response not in OK:
                    return response
                self._got_in(self._showing)
                self._showing = None
            if polled:
                # Nothing for the subscriber, who wanted to wait no longer.
                return None

    def _connect(self) -> Any:
        # The generation first: a login that changes meanwhile is shown once more rather than never.
        generation = self._credentials.generation
        began = time.monotonic()
        opened = super()._connect()  # type: ignore[misc]
        self._poll = select.poll()
        self._poll.register(opened.fileno(), select.POLLIN)
        self.life.begin(began, generation)
        if self._ledger is not None:
            self._ledger.keep_stream(self.life, opened)
        return opened

    def _enter(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        for entry in range(1, ENTRIES + 1):
            seen = self._credentials.generation
            try:
                super().connect(*args, **options)  # type: ignore[misc]
            except AuthenticationError:
                if entry == ENTRIES or not self._credentials.refresh(seen):
                    raise
            else:
                break
        self._credentials.accepted(self.life.generation)
        if hooks.active is not None:
            hooks.active.connected(self._endpoint, time.monotonic() - began)

    def _keep_in(self) -> None:
        """Let a subscriber show a new login: in between where RESP3 allows it, else by subscribing anew."""
        life, credentials = self.life, self._credentials
        if life.generation == credentials.generation or self._showing is not None:
            return
        if self._sock is None or time.monotonic() < life.auth_after:  # type: ignore[attr-defined]
            return
        if str(self.protocol) == "3":  # type: ignore[attr-defined]
            generation, arguments = credentials.generation, credentials.get_credentials()
            if arguments:
                self.send_command("AUTH", *arguments, check_health=False)  # type: ignore[attr-defined]
                self._showing = generation
            else:
                life.generation = generation
        else:
            self.leave(ROTATED)
            self.disconnect()
            self._enter()

    def _got_in(self, generation: int) -> None:
        self.life.generation = generation
        self._credentials.accepted(generation)

    def __del__(self) -> None:
        if self._ledger is not None:
            self._ledger.tell_lost(self)
        super().__del__()  # type: ignore[misc]


@functools.cache
def moored(connection_class: type, mooring: type) -> type:
    """Put a mooring in front of a class of connections."""
    return type(f"Moored{connection_class.__name__}", (mooring, connection_class), {"__module__": __name__})


def closing_reason() -> str:
    """Tell whether a connection is closed for an error that is being handled, or in good order."""
    return "shutdown" if sys.exc_info()[1] is None else "error"
