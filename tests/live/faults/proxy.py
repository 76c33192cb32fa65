"""A proxy that stands before a real Redis and fails as networks and servers do, when it is told to.

It runs in a thread of its own, so that synchronous and asyncio tests use it alike, and by hand:

    with EmbeddedRedis() as server, FaultProxy(server.port) as proxy:
        proxy.drop_reply("INCR")      # the next reply to INCR never arrives, and its connection breaks
        proxy.black_hole()            # nothing gets through any more, and nobody is told
        proxy.heal()
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from .frames import frame_end, words

__all__ = ["HOST", "FaultProxy"]

HOST = "127.0.0.1"
_READ_ONLY_REPLY = b"-READONLY You can't write against a read only replica.\r\n"
# What is never answered with READONLY: a replica takes these too.
_HARMLESS = frozenset(
    b"HELLO AUTH CLIENT PING GET MGET INFO SELECT LRANGE XRANGE ROLE WAIT ECHO QUIT LLEN EXISTS".split()
)
_RESET = struct.pack("ii", 1, 0)


class _Passage:
    """One client's connection, the connection to the server that stands for it, and the commands under way."""

    def __init__(self, to_client: asyncio.StreamWriter, to_server: asyncio.StreamWriter) -> None:
        self.to_client = to_client
        self.to_server = to_server
        self.asked: deque[bytes] = deque()
        self.deaf = False

    def reset(self) -> None:
        """Break it as a crashed machine would: with RST, without FIN."""
        with contextlib.suppress(OSError, RuntimeError):
            end: socket.socket | None = self.to_client.get_extra_info("socket")
            if end is not None:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.to_client.transport.abort()
        self.to_server.transport.abort()


class FaultProxy:
    """A listener before the server at another port of 127.0.0.1; healthy until told otherwise.

    It listens at `port` of `host`, by default a free one, and speaks TLS to its clients by the context `tls`.
    """

    def __init__(self, server_port: int, *, host: str = HOST, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.server = (HOST, server_port)
        self.host = host
        self.port = port
        self._tls = tls
        self.accepted = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._listener: asyncio.Server | None = None
        self._passages: set[_Passage] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._dropping: Counter[bytes] = Counter()
        self._open = asyncio.Event()
        self._delay = 0.0
        self._drip: tuple[int, float] | None = None
        self._read_only = False

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        self.heal()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def connections(self) -> int:
        """How many clients are connected at this moment."""
        return len(self._passages)

    def heal(self) -> None:
        """Be a healthy network again, for the connections that are left and for new ones."""
        self._tell(self._heal)

    def drop_reply(self, command: str, times: int = 1) -> None:
        """Let the next `times` replies to `command` get lost, each with its connection: the server did run it."""
        self._tell(lambda: self._dropping.update({command.upper().encode(): times}))

    def black_hole(self) -> None:
        """Let nothing through and tell nobody: connections are accepted, and stay silent."""
        self._tell(self._open.clear)

    def slow(self, seconds: float) -> None:
        """Hold up each reply for `seconds`."""
        self._tell(lambda: setattr(self, "_delay", seconds))

    def drip(self, size: int, seconds: float) -> None:
        """Let replies through `size` bytes at a time, `seconds` apart."""
        self._tell(lambda: setattr(self, "_drip", (size, seconds)))

    def reset(self) -> None:
        """Break every connection with RST; new ones work."""
        self._tell(self._break)

    def half_open(self) -> None:
        """Forget every connection without closing it, as a firewall does; new ones work."""
        self._tell(self._deafen)

    def read_only(self, flag: bool = True) -> None:
        """Answer every write with READONLY, as a demoted master does that still listens at the old address."""
        self._tell(lambda: setattr(self, "_read_only", flag))

    def refuse(self) -> None:
        """Stop listening, and break every connection."""
        self._do(self._refuse())

    def accept_again(self) -> None:
        """Listen again, at the same port."""
        self._do(self._listen())

    def turn_to(self, server_port: int) -> None:
        """Lead new connections to another server; those that are open stay where they are."""
        self._tell(lambda: setattr(self, "server", (HOST, server_port)))

    def _heal(self) -> None:
        self._dropping.clear()
        self._delay, self._drip, self._read_only = 0.0, None, False
        self._open.set()

    def _break(self) -> None:
        for passage in list(self._passages):
            passage.reset()

    def _deafen(self) -> None:
        for passage in self._passages:
            passage.deaf = True

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._serve, self.host, self.port, ssl=self._tls)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self._break()

    async def _end(self) -> None:
        await self._refuse()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        try:
            await self._attend(from_client, to_client)
        except (OSError, ValueError, asyncio.CancelledError):
            pass
        finally:
            to_client.transport.abort()
            self._tasks.discard(task)

    async def _attend(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        await self._open.wait()
        from_server, to_server = await asyncio.open_connection(*self.server)
        passage = _Passage(to_client, to_server)
        self._passages.add(passage)
        ways = [
            asyncio.create_task(self._carry_commands(from_client, passage)),
            asyncio.create_task(self._carry_replies(from_server, passage)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._passages.discard(passage)
            to_server.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry_commands(self, source: asyncio.StreamReader, passage: _Passage) -> None:
        async for frame in _frames(source):
            await self._open.wait()
            if passage.deaf:
                continue
            name = words(frame)[0].upper()
            if self._read_only and name not in _HARMLESS and not passage.asked:
                passage.to_client.write(_READ_ONLY_REPLY)
                continue
            passage.asked.append(name)
            passage.to_server.write(frame)
            await passage.to_server.drain()

    async def _carry_replies(self, source: asyncio.StreamReader, passage: _Passage) -> None:
        async for frame in _frames(source):
            # A push (>) answers nobody.
            name = passage.asked.popleft() if passage.asked and frame[:1] != b">" else b""
            if self._dropping[name] > 0:
                self._dropping[name] -= 1
                passage.reset()
                return
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._open.wait()
            if passage.deaf:
                continue
            await self._write(passage, frame)

    async def _write(self, passage: _Passage, frame: bytes) -> None:
        size, pause = self._drip or (len(frame), 0.0)
        for start in range(0, len(frame), size):
            passage.to_client.write(frame[start : start + size])
            await passage.to_client.drain()
            if pause:
                await asyncio.sleep(pause)

    def _tell(self, change: Callable[[], Any]) -> None:
        async def make() -> None:
            change()

        self._do(make())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


async def _frames(source: asyncio.StreamReader) -> Any:
    """Cut a stream into messages."""
    data = bytearray()
    while True:
        while data and (end := frame_end(data)) is not None:
            yield bytes(data[:end])
            del data[:end]
        more = await source.read(65_536)
        if not more:
            return
        data += more
