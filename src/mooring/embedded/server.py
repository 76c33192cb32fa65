"""One private redis-server."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mooring.embedded import configuration
from mooring.embedded.binary import find_server
from mooring.embedded.deadline import comes_true
from mooring.embedded.port import HOST, free_port
from mooring.embedded.supervisor import Supervisor
from mooring.errors import EmbeddedRedisError

__all__ = ["EmbeddedRedis"]

_T = TypeVar("_T")

_PORT_ATTEMPTS = 5
_PORT_TAKEN = "Address already in use"
_ANSWER_PATIENCE = 5.0
_LONGEST_SOCKET_PATH = 103
"""Bytes that every system's sockaddr_un holds."""
_LOG_TAIL = 4_000
"""Characters of the log that an error message shows."""


class EmbeddedRedis:
    """A private, real Redis that lives as long as its `with` block, and never longer than its process.

    It listens on 127.0.0.1 at `port`, by default a free one, or with `unix_socket` on a Unix socket alone. With
    `password`, clients must give it. `settings` are further lines of redis.conf, such as `{"appendonly": "yes"}`; by
    default nothing is saved. `server` is the redis-server to run (default: `find_server()`), `timeout` the seconds in
    which it must answer PING (default 20). Its directory is private, temporary and removed in the end.

    Raises EmbeddedRedisError for options that exclude each other, and from `start` if no server could be started.
    Blocks while it starts and ends: call it outside an event loop, or in a thread.
    """

    _arguments: ClassVar[tuple[str, ...]] = ()
    _supervisor: Supervisor | None = None

    def __init__(
        self,
        *,
        port: int | None = None,
        unix_socket: bool = False,
        password: str | None = None,
        settings: Mapping[str, str] | None = None,
        server: Path | None = None,
        timeout: float = 20.0,
    ) -> None:
        if unix_socket and port is not None:
            raise EmbeddedRedisError("unix_socket=True listens on no TCP port: leave port out")
        if password == "":
            raise EmbeddedRedisError("an empty password protects nothing: leave password out, or give one")
        self._wanted_port = port or None
        self._unix_socket = unix_socket
        self._password = password
        self._settings = configuration.checked(settings or {})
        self._server = server
        self._timeout = timeout
        self._directory: Path | None = None
        self._port: int | None = None
        self._pid: int | None = None
        self._version: str | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __del__(self) -> None:
        if self._supervisor is not None and self._supervisor.owned:
            warnings.warn(f"{self!r} was never stopped", ResourceWarning, stacklevel=2, source=self)
            self.stop()

    def __repr__(self) -> str:
        where = self.socket_path or f"{HOST}:{self._port or 'unbound'}"
        state = "stopped" if self._supervisor is None else f"pid {self._pid}"
        return f"<{type(self).__name__} {where}, {state}>"

    @property
    def host(self) -> str:
        """The address it listens on: 127.0.0.1, or nothing with a Unix socket."""
        return "" if self._unix_socket else HOST

    @property
    def port(self) -> int:
        """The TCP port, 0 with a Unix socket; known from the first start on, and kept after the end."""
        return self._known(self._port)

    @property
    def socket_path(self) -> Path | None:
        """The Unix socket, or None on TCP and before the first start."""
        return self._directory / "redis.sock" if self._unix_socket and self._directory else None

    @property
    def password(self) -> str | None:
        """The password that clients must give, or None."""
        return self._password

    @property
    def url(self) -> str:
        """The URL for a client, password and all; known from the first start on."""
        userinfo = "" if self._password is None else f":{quote(self._password, safe='')}@"
        if self._unix_socket:
            return f"unix://{userinfo}{quote(str(self._known(self.socket_path)))}?db=0"
        return f"redis://{userinfo}{HOST}:{self.port}/0"

    @property
    def pid(self) -> int:
        """The process id of the redis-server started last."""
        return self._known(self._pid)

    @property
    def version(self) -> str:
        """The version that the server told when it became ready, such as `7.0.15`."""
        return self._known(self._version)

    @property
    def running(self) -> bool:
        """Whether the server's process lives; a paused one does."""
        return self._supervisor is not None and self._supervisor.running()

    @property
    def log(self) -> str:
        """The end of the server's log, its password left out; empty when it is not started."""
        text = self._raw_log()
        if self._password is not None:
            text = text.replace(configuration.quoted(self._password), "***").replace(self._password, "***")
        return text[-_LOG_TAIL:].strip()

    def start(self) -> None:
        """Start the server and wait until it answers PING; nothing if it runs, a restart if it was killed."""
        if self.running:
            return
        if self._supervisor is not None:
            self.restart()
            return
        server = (self._server or find_server()).absolute()
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            try:
                self._launch(server)
                self._become_ready()
            except BaseException:
                # A free port can be taken before the server binds it; one that was asked for stays taken.
                lost_port = self._wanted_port is None and _PORT_TAKEN in self._raw_log()
                self.stop()
                if not lost_port or attempt == _PORT_ATTEMPTS:
                    raise
            else:
                return

    def stop(self) -> None:
        """End the server and remove its directory; nothing if it is stopped."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.close()

    def restart(self) -> None:
        """Start the server again at the same address and in the same directory, after ending it in good order."""
        self._known(self._supervisor).terminate()
        self._become_ready()

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL); `restart` brings it back."""
        self._known(self._supervisor).kill()

    def pause(self) -> None:
        """Stop the server from answering (SIGSTOP); its port still accepts connections."""
        self._known(self._supervisor).pause()

    def resume(self) -> None:
        """Let a paused server answer again (SIGCONT)."""
        self._known(self._supervisor).resume()

    def client(self, **options: Any) -> redis.Redis:
        """Return a client that does not retry, to set up and to look; `options` are redis-py's.

        The caller closes it.
        """
        defaults = {"protocol": 2, "retry": Retry(NoBackoff(), 0), "socket_timeout": _ANSWER_PATIENCE}
        client: redis.Redis = redis.Redis.from_url(self.url, **{**defaults, **options})
        return client

    def _raw_log(self) -> str:
        try:
            return (self._known(self._directory) / "redis.log").read_text(encoding="utf-8", errors="replace")
        except (OSError, EmbeddedRedisError):
            return ""

    def _launch(self, server: Path) -> None:
        directory = self._directory = Path(tempfile.mkdtemp(prefix="mooring-redis-"))
        try:
            bus = self._settings.get("cluster-enabled") == "yes"
            self._port = 0 if self._unix_socket else self._wanted_port or free_port(bus=bus)
            self._check_socket_path()
            settings = configuration.server_settings(
                self._settings, directory, self._port, self.socket_path, self._password
            )
            configuration.write(settings, directory / "redis.conf")
            command = [str(server), str(directory / "redis.conf"), *self._arguments]
            self._supervisor = Supervisor(directory, command, directory / "redis.log")
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise

    def _check_socket_path(self) -> None:
        if self.socket_path and len(os.fsencode(self.socket_path)) > _LONGEST_SOCKET_PATH:
            raise EmbeddedRedisError(f"{self.socket_path} is too long for a Unix socket: set TMPDIR to a shorter path")

    def _become_ready(self) -> None:
        supervisor = self._known(self._supervisor)
        self._pid = supervisor.start()
        if comes_true(lambda: self._answers() or not supervisor.running(), self._timeout) and supervisor.running():
            return
        failure = f"did not answer PING in {self._timeout:g} s" if supervisor.running() else "ended before it answered"
        raise EmbeddedRedisError(f"redis-server {failure} ({self!r}); its log ends with:\n{self.log}")

    def _answers(self) -> bool:
        """Tell whether PING is answered, and by this very server rather than another that has its port."""
        try:
            with self.client() as client:
                client.ping()
                told = client.info("server")
        except (redis.RedisError, OSError):
            return False
        self._version = str(told["redis_version"])
        return bool(told["process_id"] == self._pid)

    def _known(self, value: _T | None) -> _T:
        if value is None:
            raise EmbeddedRedisError(f"{self!r} is not started: call start(), or use it in a with block")
        return value
