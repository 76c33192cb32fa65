"""The connections of `moored` for asyncio.

Here the loop's own tending reaches a subscriber that waits for a message: it sends AUTH in between, or ends the
connection so that the subscriber opens the next one and subscribes anew.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable
from typing import Any

from redis.asyncio.client import PubSub
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from mooring.runtime import hooks
from mooring.runtime.pools.berth import Berthed
from mooring.runtime.pools.ledger import ROTATED
from mooring.runtime.pools.moored import AUTH_PAUSE, ENTRIES, OK, closing_reason

__all__ = ["AsyncMoored"]


class AsyncMoored(Berthed):
    """Goes in front of one of redis-py's asyncio connections."""

    _listening = False
    # Whether a subscriber waits for a message, and whether its connection was ended under it.
    _waits = False
    _cut = False
    _showing: int | None = None

    async def connect(self, *args: Any, **options: Any) -> None:
        """Connect, or show the new login where it is connected already."""
        if not self.is_connected:  # type: ignore[attr-defined]
            await self._enter(*args, **options)
        elif self.life.generation != self._credentials.generation and not self._listening:
            try:
                await self.show_login()
            except (RedisError, OSError):
                await self.disconnect(nowait=True)
                await self._enter(*args, **options)

    async def show_login(self) -> None:
        """Show the server the present login on a connection that is open; what it refuses is shown again later."""
        if time.monotonic() < self.life.auth_after:
            return
        generation = self._credentials.generation
        arguments = await self._credentials.get_credentials_async()
        if arguments:
            await self.send_command("AUTH", *arguments, check_health=False)  # type: ignore[attr-defined]
            try:
                await super().read_response(disconnect_on_error=False)  # type: ignore[misc]
            except (AuthenticationError, ResponseError):
                self.life.auth_after = time.monotonic() + AUTH_PAUSE
                return
        self._got_in(generation)

    def is_clean(self) -> bool:
        """Tell whether nothing waits to be read from an open connection that nobody uses.

        What does is a reply that is not the next command's, or the end: the server has closed it.
        """
        stream, reader = self._reader, getattr(self._parser, "_reader", None)  # type: ignore[attr-defined]
        return not (stream._buffer or stream.at_eof() or stream.exception() or (reader and reader.has_data()))

    async def disconnect(self, *args: Any, **options: Any) -> None:
        """Disconnect, and tell of it."""
        was_open = self.is_connected  # type: ignore[attr-defined]
        reason = self._reason or closing_reason()
        try:
            await super().disconnect(*args, **options)  # type: ignore[misc]
        finally:
            self._reason = self._showing = None
            if self._ledger is not None:
                self._ledger.let_go_of_stream(self.life)
            if was_open and hooks.active is not None:
                hooks.active.closed(self._endpoint, time.monotonic() - self.life.opened, reason)

    def register_connect_callback(self, callback: Any) -> None:
        """Take note of who listens: from now on the connection is read by a subscriber only."""
        self._listening = self._listening or isinstance(callback.__self__, PubSub)
        super().register_connect_callback(callback)  # type: ignore[misc]

    def deregister_connect_callback(self, callback: Any) -> None:
        """Take note that nobody listens any more."""
        if isinstance(callback.__self__, PubSub):
            self._listening = False
        super().deregister_connect_callback(callback)  # type: ignore[misc]

    def read_response(self, *args: Any, **options: Any) -> Awaitable[Any]:
        """Read a reply, or a subscriber's next message."""
        if self._listening and options.get("push_request"):
            return self._listen(*args, **options)
        # Handed on, not awaited: a command pays for no further coroutine.
        reading: Awaitable[Any] = super().read_response(*args, **options)  # type: ignore[misc]
        return reading

    async def tend_subscriber(self) -> None:
        """Let a subscriber that waits for a message show a new login."""
        if self._waits and self._is_behind():
            if str(self.protocol) == "3":  # type: ignore[attr-defined]
                await self._show_in_between()
            else:
                self._cut = True
                self._writer.close()  # type: ignore[attr-defined]

    async def _connect(self) -> None:
        # The generation first: a login that changes meanwhile is shown once more rather than never.
        generation = self._credentials.generation
        began = time.monotonic()
        await super()._connect()  # type: ignore[misc]
        self.life.begin(began, generation)
        if self._ledger is not None:
            self._ledger.keep_stream(self.life, self._writer)  # type: ignore[attr-defined]

    async def _enter(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        for entry in range(1, ENTRIES + 1):
            seen = self._credentials.generation
            try:
                await super().connect(*args, **options)  # type: ignore[misc]
            except AuthenticationError:
                if entry == ENTRIES or not await self._credentials.arefresh(seen):
                    raise
            else:
                break
        self._credentials.accepted(self.life.generation)
        if hooks.active is not None:
            hooks.active.connected(self._endpoint, time.monotonic() - began)

    async def _listen(self, *args: Any, **options: Any) -> Any:
        patient = options.get("timeout") in (None, float("inf"))
        while True:
            await self._keep_in()
            try:
                self._waits = True
                response = await super().read_response(*args, **options)  # type: ignore[misc]
            except (AuthenticationError, ResponseError):
                if self._showing is None:
                    raise
                self._showing, self.life.auth_after = None, time.monotonic() + AUTH_PAUSE
            except (RedisConnectionError, OSError):
                if not self._cut:
                    raise
                await self._subscribe_anew()
            else:
                if self._showing is None or response not in OK:
                    return response
                self._got_in(self._showing)
                self._showing = None
            finally:
                self._waits = self._cut = False
            if not patient:
                # Nothing for the subscriber, who wanted to wait no longer than so long for a message.
                return None

    async def _keep_in(self) -> None:
        if not self._is_behind():
            return
        if str(self.protocol) == "3":  # type: ignore[attr-defined]
            await self._show_in_between()
        else:
            await self._subscribe_anew()

    def _is_behind(self) -> bool:
        life = self.life
        return (
            life.generation != self._credentials.generation
            and self._showing is None
            and self.is_connected  # type: ignore[attr-defined]
            and time.monotonic() >= life.auth_after
        )

    async def _show_in_between(self) -> None:
        generation = self._credentials.generation
        arguments = await self._credentials.get_credentials_async()
        if not arguments:
            self.life.generation = generation
        elif self._is_behind():
            self._showing = generation
            await self.send_command("AUTH", *arguments, check_health=False)  # type: ignore[attr-defined]

    async def _subscribe_anew(self) -> None:
        self.leave(ROTATED)
        await self.disconnect(nowait=True)
        await self._enter()

    def _got_in(self, generation: int) -> None:
        self.life.generation = generation
        self._credentials.accepted(generation)

    def __del__(self) -> None:
        if self._ledger is not None:
            self._ledger.tell_lost(self)
        # redis-py's fails where no loop runs any more, as at the end of the process.
        with contextlib.suppress(RuntimeError):
            super().__del__()  # type: ignore[misc]
