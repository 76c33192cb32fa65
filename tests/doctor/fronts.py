"""Small listeners that stand where a Redis should, or in front of one."""

from __future__ import annotations

import re
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mooring.embedded import EmbeddedRedis

HOST = "127.0.0.1"
_NAMES = re.compile(rb"\*\d+\r\n\$\d+\r\n(\w+)")
"""The names of the commands in what a client sends."""


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port of 127.0.0.1, each of whose connections is served in a thread; all are closed in the end."""
    accepted: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                stream, _ = listener.accept()
                accepted.append(stream)
                threads.append(threading.Thread(target=attend, args=(stream,)))
                threads[-1].start()

    def attend(stream: socket.socket) -> None:
        with suppress(OSError, ValueError):
            serve(stream)
        with suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)

    with socket.create_server((HOST, 0)) as listener:
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            # Closing alone would leave a thread in accept().
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for stream in accepted:
                with suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
            for stream in accepted:
                stream.close()


@contextmanager
def silent() -> Iterator[int]:
    """A port that accepts and never answers."""
    with listening(_drain) as port:
        yield port


@contextmanager
def answering(reply: str, **others: str) -> Iterator[int]:
    """A port that answers every command with the same line, and those named with their own."""

    def serve(stream: socket.socket) -> None:
        while question := stream.recv(65_536):
            names = _NAMES.findall(question) or [b""]
            stream.sendall("".join(f"{others.get(name.decode(), reply)}\r\n" for name in names).encode())

    with listening(serve) as port:
        yield port


@contextmanager
def closing() -> Iterator[int]:
    """A port that hangs up at the first word."""

    def serve(stream: socket.socket) -> None:
        stream.recv(4096)

    with listening(serve) as port:
        yield port


@contextmanager
def tls(
    server: EmbeddedRedis,
    files: tuple[Path, Path],
    clients_of: Path | None = None,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> Iterator[int]:
    """A TLS port in front of a Redis; with `clients_of`, a CA, clients must show a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    context.maximum_version = newest
    if clients_of is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients_of)

    def serve(stream: socket.socket) -> None:
        # A duplicate: the TLS socket takes its socket away from the one that is closed in the end.
        with (
            socket.create_connection((server.host, server.port)) as behind,
            context.wrap_socket(stream.dup(), server_side=True) as before,
        ):
            while True:
                for source in select.select([before, behind], [], [])[0]:
                    piece = source.recv(65_536)
                    if not piece:
                        return
                    (behind if source is before else before).sendall(piece)

    with listening(serve) as port:
        yield port


def _drain(stream: socket.socket) -> None:
    while stream.recv(4096):
        pass
