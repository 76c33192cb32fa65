"""A server that answers as a test says: replies, silence, bytes that drip, connections that break."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

__all__ = ["DRIP", "HANG_UP", "SILENCE", "Heard", "ScriptedServer", "always", "in_turn"]

HANG_UP = b"<hang up>"
SILENCE = b"<silence>"
DRIP = b"<drip>"
OK = b"+OK\r\n"
# What redis-py says when it connects.
_HANDSHAKE = frozenset({"CLIENT", "AUTH", "SELECT"})


@dataclass(frozen=True)
class Heard:
    """A command that arrived, how often one of its name had come before, and on which connection; both from 0."""

    name: str
    arguments: tuple[bytes, ...]
    before: int
    connection: int


Script = Callable[[Heard], bytes]


def always(reply: bytes) -> Script:
    return lambda _: reply


def in_turn(*replies: bytes) -> Script:
    """Answer one after the other, then always with the last."""
    return lambda heard: replies[min(heard.before, len(replies) - 1)]


@dataclass
class ScriptedServer:
    """Answers each command as `script` says, after it has counted it as run. `greet` is asked for each connection."""

    script: Script
    greet: Callable[[int], bytes] = lambda _: OK
    ran: Counter[str] = field(default_factory=Counter)
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._done.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0?protocol=2"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._done.is_set():
                connection, _ = self._listener.accept()
                with self._lock:
                    number, self.connections = self.connections, self.connections + 1
                    self._open.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection, number))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            for words in _commands(lines):
                name = words[0].decode().upper()
                if name in _HANDSHAKE:
                    reply = self.greet(number)
                else:
                    with self._lock:
                        heard = Heard(name, words[1:], self.ran[name], number)
                        self.ran[name] += 1
                        self.heard.append(heard)
                    reply = self.script(heard)
                if reply == HANG_UP:
                    return
                if reply == DRIP:
                    self._drip(connection)
                elif reply != SILENCE:
                    connection.sendall(reply)

    def _drip(self, connection: socket.socket) -> None:
        connection.sendall(b"$100000\r\n")
        while not self._done.wait(0.02):
            connection.sendall(b"x")


def _commands(lines: Iterator[bytes]) -> Iterator[tuple[bytes, ...]]:
    for line in lines:
        if line.startswith(b"*"):
            yield tuple(_word(lines) for _ in range(int(line[1:])))


def _word(lines: Iterator[bytes]) -> bytes:
    length = int(next(lines)[1:])
    word = b""
    while len(word) < length + 2:
        word += next(lines)
    return word[:length]


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until a condition holds, and fail when it does not within a generous time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.005)
