"""No client: one socket, hiredis and futures, which is the least that a reply awaited in asyncio takes.

Commands are packed beforehand where they can be, and sent together once per turn of the event loop. There is no bound,
no deadline, no retry, and nothing is looked up.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import hiredis

__all__ = ["Bare", "bare", "connected", "packed"]


class Bare(asyncio.Protocol):
    """One connected socket."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._queue: list[bytes] = []
        self._waiting: deque[Callable[[object], object]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have a transport to write to."""
        self.transport = cast("asyncio.Transport", transport)

    def send(self, packed: bytes, answered: Callable[[object], object]) -> None:
        """Send at once while nothing is under way, otherwise with what else comes in this turn."""
        if not self._waiting:
            self.transport.write(packed)
        else:
            if not self._queue:
                self._loop.call_soon(self._flush)
            self._queue.append(packed)
        self._waiting.append(answered)

    def ask(self, packed: bytes) -> asyncio.Future[object]:
        """Send, and return what will have the reply."""
        future: asyncio.Future[object] = asyncio.Future(loop=self._loop)
        self.send(packed, future.set_result)
        return future

    def data_received(self, data: bytes) -> None:
        """Give replies to those who wait for them."""
        self._reader.feed(data)
        gets, answered = self._reader.gets, self._waiting.popleft
        while (reply := gets()) is not False:
            answered()(reply)

    def _flush(self) -> None:
        packed, self._queue = self._queue, []
        self.transport.write(b"".join(packed))


def packed(*words: str | bytes) -> bytes:
    """Pack a command."""
    # hiredis takes tuples of any length; its stub says one.
    command: Any = words
    return cast("bytes", hiredis.pack_command(command))


_get = functools.cache(functools.partial(packed, "GET"))


async def connected(address: dict[str, Any]) -> Bare:
    """Connect to an address, given as redis-py's arguments."""
    loop = asyncio.get_running_loop()
    if path := address.get("unix_socket_path"):
        _, protocol = await loop.create_unix_connection(Bare, path)
        return protocol
    trusted = ssl.create_default_context(cafile=address["ssl_ca_certs"]) if address.get("ssl") else None
    _, protocol = await loop.create_connection(Bare, address["host"], address["port"], ssl=trusted)
    return protocol


@contextlib.asynccontextmanager
async def bare(
    address: dict[str, Any], _: int
) -> AsyncIterator[tuple[Callable[[str], Awaitable[object]], Callable[[str, bytes], Awaitable[object]]]]:
    """Open the least that there can be, as if it were a client."""
    protocol = await connected(address)
    try:
        yield (
            lambda key: protocol.ask(_get(key)),
            lambda key, value: protocol.ask(packed("SET", key, value)),
        )
    finally:
        protocol.transport.close()
