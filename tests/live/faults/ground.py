"""What a fault happens to: a real server behind a proxy, and how clients reach it."""

from __future__ import annotations

import functools
import os
import socket
import ssl
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import redis
from redis.credentials import CredentialProvider
from tests.certificates import Authority

from mooring.embedded import EmbeddedRedis

from .ledger import Ledger
from .proxy import HOST, FaultProxy

__all__ = [
    "OTHER_HOST",
    "Certified",
    "Ground",
    "Guarded",
    "Named",
    "Proxied",
    "behind_a_password",
    "behind_a_proxy",
    "behind_tls",
    "under_a_name",
]

# What was acknowledged is on the disk, so that a killed server has no excuse.
DURABLE = {"appendonly": "yes", "appendfsync": "always"}

OTHER_HOST = "127.0.0.2"
"""Another address of this machine."""

_NAME = "redis.moves.test"


@dataclass(kw_only=True)
class Ground(ABC):
    """Servers, and how to reach them: `arguments` are Mooring's words for it.

    `theirs` are redis-py's, where they differ. With `confirmed`, a write counts as acknowledged only when WAIT says
    that a replica has it. `client` and `ledger` are those of the load, while there is one.
    """

    arguments: Mapping[str, Any]
    theirs: Mapping[str, Any] | None = None
    confirmed: bool = False
    client: Any = None
    ledger: Ledger = field(default_factory=Ledger)

    @abstractmethod
    def look(self) -> AbstractContextManager[redis.Redis]:
        """Return a plain client, with `decode_responses`, of whoever holds the data now."""


@dataclass(kw_only=True)
class Proxied(Ground):
    """One durable server, reached through a proxy; `plain` goes past it."""

    server: EmbeddedRedis
    proxy: FaultProxy
    plain: redis.Redis

    def look(self) -> AbstractContextManager[redis.Redis]:
        """Return the client that is open already: a login may have changed since."""
        return nullcontext(self.plain)


@dataclass(kw_only=True)
class Certified(Proxied):
    """The same over TLS, by `context`; clients trust what is in the file of `authority`."""

    folder: Path
    context: ssl.SSLContext
    trusted: Path


@dataclass(kw_only=True)
class Guarded(Proxied):
    """The same, where a password is asked for, which clients find in `file`."""

    file: Path


@dataclass(kw_only=True)
class Named(Proxied):
    """The same under a name that leads to `proxy` or to `other`, another address with the same port."""

    other: FaultProxy
    addresses: dict[str, str]

    def lead_to(self, address: str) -> None:
        """Let the name lead somewhere else from now on."""
        self.addresses[_NAME] = address


@contextmanager
def behind_a_proxy(**arguments: Any) -> Iterator[Proxied]:
    """A server behind a proxy; `arguments` are further ones for its clients."""
    with ExitStack() as stack:
        server, plain = _server(stack)
        proxy = stack.enter_context(FaultProxy(server.port))
        yield Proxied(
            arguments={"url": f"redis://{HOST}:{proxy.port}/0", **arguments},
            theirs={"url": f"redis://{HOST}:{proxy.port}/0"},
            server=server,
            proxy=proxy,
            plain=plain,
        )


@contextmanager
def behind_tls() -> Iterator[Certified]:
    """A server behind a proxy that speaks TLS, whose certificate can be replaced."""
    with ExitStack() as stack:
        folder = _folder(stack)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority = Authority(folder / "0")
        pair = authority.issue("localhost")
        context.load_cert_chain(pair.certificate, pair.key)
        trusted = folder / "trusted.crt"
        trusted.write_bytes(authority.file.read_bytes())
        server, plain = _server(stack)
        proxy = stack.enter_context(FaultProxy(server.port, tls=context))
        yield Certified(
            arguments={"url": f"rediss://localhost:{proxy.port}/0", "ssl_ca_certs": str(trusted)},
            server=server,
            proxy=proxy,
            plain=plain,
            folder=folder,
            context=context,
            trusted=trusted,
        )


@contextmanager
def behind_a_password() -> Iterator[Guarded]:
    """A server with a password, which its clients are told by the file that REDIS_PASSWORD_FILE names."""
    with ExitStack() as stack:
        file = _folder(stack) / "password"
        file.write_text("the first")
        stack.enter_context(patch.dict(os.environ, {"REDIS_PASSWORD_FILE": str(file)}))
        server, plain = _server(stack, password="the first")
        proxy = stack.enter_context(FaultProxy(server.port))
        address = {"host": HOST, "port": proxy.port}
        yield Guarded(
            arguments=address,
            theirs={**address, "credential_provider": _Reader(file)},
            server=server,
            proxy=proxy,
            plain=plain,
            file=file,
        )


@contextmanager
def under_a_name() -> Iterator[Named]:
    """A server behind two proxies at two addresses, and a name that leads to one of them."""
    with ExitStack() as stack:
        server, plain = _server(stack)
        proxy = stack.enter_context(FaultProxy(server.port))
        other = stack.enter_context(FaultProxy(server.port, host=OTHER_HOST, port=proxy.port))
        addresses = {_NAME: HOST}
        stack.enter_context(patch.object(socket, "getaddrinfo", functools.partial(_look_up, addresses)))
        yield Named(
            arguments={"url": f"redis://{_NAME}:{proxy.port}/0"},
            server=server,
            proxy=proxy,
            plain=plain,
            other=other,
            addresses=addresses,
        )


class _Reader(CredentialProvider):
    """How redis-py's own clients can be made to follow a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get_credentials(self) -> tuple[str]:
        return (self._file.read_text(),)

    async def get_credentials_async(self) -> tuple[str]:
        # redis-py's own prints a remark each time.
        return self.get_credentials()


def _server(stack: ExitStack, password: str | None = None) -> tuple[EmbeddedRedis, redis.Redis]:
    server = stack.enter_context(EmbeddedRedis(password=password, settings=DURABLE))
    plain = stack.enter_context(server.client(decode_responses=True))
    plain.ping()
    return server, plain


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mooring-faults-")))


# As it was before any test put another in its place.
_getaddrinfo = socket.getaddrinfo


def _look_up(addresses: Mapping[str, str], host: Any, *arguments: Any, **options: Any) -> Any:
    return _getaddrinfo(addresses.get(host, host), *arguments, **options)
