"""One visit to one server: from its name to an authenticated connection, every step timed and under a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self, TypeVar

from mooring.doctor.access import Credentials, enter
from mooring.doctor.diagnosis import Look, Step
from mooring.doctor.dialling import Line, dial, dial_socket
from mooring.doctor.losses import lost
from mooring.doctor.resolution import resolve
from mooring.doctor.tls import secure, speaks_tls
from mooring.doctor.tls_faults import unasked
from mooring.doctor.trust import Trust
from mooring.doctor.wire import Gibberish, HungUp, Wire, WireError

__all__ = ["Server", "Visit"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is and how to get in. `trust` is None for plaintext, `path` is a Unix socket's."""

    host: str
    port: int
    path: str | None = None
    trust: Trust | None = None
    server_name: str | None = None
    credentials: Credentials = field(default_factory=Credentials)
    db: int = 0

    @property
    def endpoint(self) -> str:
        """Where, in short."""
        if self.path is not None:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def shielded(self) -> bool:
        """Whether strangers are kept out by something other than a password."""
        return self.path is not None or (self.trust is not None and self.trust.presents_certificate)


class Visit:
    """Gathers the steps at one server; `over` once nothing further can be told of it. Closes what it opened."""

    def __init__(self, server: Server, timeout: float) -> None:
        self.server = server
        self.steps: list[Step] = []
        self._timeout = timeout
        self._open = ExitStack()
        self._line: Line | None = None
        self._wire: Wire | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def over(self) -> bool:
        """Whether the last step ended it."""
        return bool(self.steps) and self.steps[-1].look.ends

    def enter(self) -> None:
        """Resolve, connect, encrypt and authenticate, as far as it goes."""
        line = self._line = self._dialled()
        if line is None:
            return
        stream = self._open.enter_context(line.stream)
        server, timeout = self.server, self._timeout
        if (trust := server.trust) is not None:
            name = server.server_name or server.host
            encrypted = self._take("tls", lambda: secure(line, name, trust, timeout))
            if encrypted is None:
                return
            stream = encrypted
        secrets = tuple(filter(None, [server.credentials.password]))
        self._wire = self._open.enter_context(Wire(stream, secrets))
        self.look("auth", lambda wire: enter(wire, server.credentials, server.db))

    def look(self, name: str, probe: Callable[[Wire], Look]) -> Look | None:
        """Take a step on the open connection, nothing if the visit is over."""
        wire = self._wire
        if wire is None or self.over:
            return None
        began = time.perf_counter()
        look = self._answered(wire, probe)
        self._record(name, began, look)
        return look

    def _dialled(self) -> Line | None:
        server, timeout = self.server, self._timeout
        if (path := server.path) is not None:
            return self._take("socket", lambda: dial_socket(path, timeout))
        addresses = self._take("dns", lambda: resolve(server.host, server.port, timeout))
        return self._take("tcp", lambda: dial(addresses, server.port, timeout)) if addresses else None

    def _answered(self, wire: Wire, probe: Callable[[Wire], Look]) -> Look:
        wire.allow(self._timeout)
        try:
            return probe(wire)
        except WireError as error:
            finding = unasked() if self._needs_tls(error) else lost(error, self._timeout)
            return Look("no usable answer", findings=(finding,), ends=True)

    def _needs_tls(self, error: WireError) -> bool:
        """Whether the server did not understand because it speaks TLS."""
        if self._line is None or self.server.trust is not None or self.server.path is not None:
            return False
        return isinstance(error, HungUp | Gibberish) and speaks_tls(self._line, self.server.host, self._timeout)

    def _take(self, name: str, probe: Callable[[], tuple[Look, _T]]) -> _T:
        began = time.perf_counter()
        look, value = probe()
        self._record(name, began, look)
        return value

    def _record(self, name: str, began: float, look: Look) -> None:
        self.steps.append(Step(name, self.server.endpoint, time.perf_counter() - began, look))
