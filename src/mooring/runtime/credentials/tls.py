"""TLS connections: one context for all that are made alike, and a server name of one's own.

redis-py makes a context for each connection, which reads the system's certificates each time (tens of milliseconds),
takes the host for the server's name, and leaves the check of that name off up to 5.x. Here contexts are shared, and
made anew once one of their files has changed.
"""

from __future__ import annotations

import functools
import inspect
import socket
import ssl
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import redis
import redis.asyncio

from mooring.config.tls import VERIFY_MODES, read_min_version, read_verify_mode
from mooring.runtime.credentials.watching import file_state

__all__ = ["AsyncTLSConnection", "CertificateWatch", "TLSConnection", "TLSTerms"]


@dataclass(frozen=True)
class TLSTerms:
    """What TLS is made with. `server_name` is the name that the server must prove, if not the host's."""

    verify: str = "required"
    check_hostname: bool = True
    server_name: str | None = None
    ca_certs: str | None = None
    ca_path: str | None = None
    ca_data: str | None = field(default=None, repr=False)
    certfile: str | None = None
    keyfile: str | None = None
    password: str | None = field(default=None, repr=False)
    min_version: ssl.TLSVersion | None = None
    ciphers: str | None = None
    include_verify_flags: tuple[ssl.VerifyFlags, ...] = ()
    exclude_verify_flags: tuple[ssl.VerifyFlags, ...] = ()

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> TLSTerms:
        """Read redis-py's `ssl_...` arguments."""
        verify = read_verify_mode(arguments.get("ssl_cert_reqs", "required"))
        texts = ("server_name", "ca_certs", "ca_path", "ca_data", "certfile", "keyfile", "password", "ciphers")
        return cls(
            verify=verify,
            check_hostname=verify != "none" and bool(arguments.get("ssl_check_hostname", True)),
            min_version=read_min_version(arguments.get("ssl_min_version")),
            include_verify_flags=tuple(arguments.get("ssl_include_verify_flags") or ()),
            exclude_verify_flags=tuple(arguments.get("ssl_exclude_verify_flags") or ()),
            **{name: arguments.get(f"ssl_{name}") for name in texts},
        )

    def state(self) -> Hashable:
        """Tell by equality whether the files are the same, with the same content."""
        return tuple(file_state(path) for path in (self.ca_certs, self.certfile, self.keyfile) if path is not None)

    def context(self) -> ssl.SSLContext:
        """Return the context for these terms and what their files hold now. Raises `OSError` for an unfit file.

        While files that were fit are being exchanged, and do not fit each other, it is the one from before.
        """
        try:
            return self.fresh_context()
        except OSError:
            if self not in _fit:
                raise
            return _fit[self]

    def fresh_context(self) -> ssl.SSLContext:
        """Return the context for what the files hold now. Raises `OSError` for an unfit file."""
        context = _fit[self] = _context(self, self.state())
        return context


# The context of each terms that could be made last. Few services have more than a handful of endpoints.
_fit: dict[TLSTerms, ssl.SSLContext] = {}


class CertificateWatch:
    """Tells whether the files have changed that a pool's connections are made with, TLS or not."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._terms = TLSTerms.from_arguments(arguments)
        self._state = self._terms.state()

    def differs(self) -> bool:
        """Look at the files, without opening them."""
        return self._terms.state() != self._state

    def accept(self) -> bool:
        """Take the files as they are now, and tell whether they are fit: another look may find the exchange done.

        Reads certificates, which takes tens of milliseconds.
        """
        state = self._terms.state()
        try:
            self._terms.fresh_context()
        except OSError:
            return False
        self._state = state
        return True


class TLSConnection(redis.SSLConnection):
    """redis-py's connection over TLS, to a server that may be called otherwise than its host."""

    def __init__(self, **arguments: Any) -> None:
        self._terms = TLSTerms.from_arguments(arguments)
        super().__init__(**_known(arguments, redis.SSLConnection))

    def _connect(self) -> ssl.SSLSocket:
        plain: socket.socket = redis.Connection._connect(self)
        try:
            return self._terms.context().wrap_socket(plain, server_hostname=self._terms.server_name or self.host)
        except BaseException:
            plain.close()
            raise


class AsyncTLSConnection(redis.asyncio.SSLConnection):
    """The same for asyncio."""

    def __init__(self, **arguments: Any) -> None:
        self._terms = TLSTerms.from_arguments(arguments)
        super().__init__(**_known(arguments, redis.asyncio.SSLConnection))

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {
            **redis.asyncio.Connection._connection_arguments(self),
            "ssl": self._terms.context(),
            "server_hostname": self._terms.server_name or self.host,
        }


# Few services have more than a handful of servers and certificates; the oldest goes when files have changed.
@functools.lru_cache(maxsize=32)
def _context(terms: TLSTerms, files: Hashable) -> ssl.SSLContext:  # noqa: ARG001  # the files are read again if they change
    context = ssl.create_default_context()
    if terms.ca_certs is not None or terms.ca_path is not None or terms.ca_data is not None:
        context.load_verify_locations(terms.ca_certs, terms.ca_path, terms.ca_data)
    context.check_hostname = terms.check_hostname
    context.verify_mode = VERIFY_MODES[terms.verify]
    for flag in terms.include_verify_flags:
        context.verify_flags |= flag
    for flag in terms.exclude_verify_flags:
        context.verify_flags &= ~flag
    if terms.certfile is not None:
        password = terms.password or ""
        # OpenSSL would ask the terminal for a password that it is not given.
        context.load_cert_chain(terms.certfile, terms.keyfile, password=lambda: password)
    if terms.min_version is not None:
        context.minimum_version = terms.min_version
    if terms.ciphers is not None:
        context.set_ciphers(terms.ciphers)
    return context


def _known(arguments: Mapping[str, Any], connection_class: type) -> dict[str, Any]:
    """Leave out what this version of redis-py has no word for: its asyncio half learnt some of TLS later."""
    words = _words(connection_class)
    return {key: value for key, value in arguments.items() if not key.startswith("ssl_") or key in words}


@functools.cache
def _words(connection_class: type) -> frozenset[str]:
    return frozenset(inspect.signature(connection_class).parameters)
