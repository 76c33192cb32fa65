"""The parent's side of `watcher.py`: one watcher, one server command, one private directory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from mooring.errors import EmbeddedRedisError

__all__ = ["Supervisor"]

_WATCHER = Path(__file__).with_name("watcher.py")
_QUIT_PATIENCE = 10.0
"""Seconds that a watcher gets to kill its server and leave."""


class Supervisor:
    """Starts a watcher and asks it; usable from any thread.

    The watcher runs in a session of its own, so that an interrupt from the terminal reaches the parent alone.
    """

    def __init__(self, directory: Path, command: list[str], log: Path) -> None:
        self._directory = directory
        self._owner = os.getpid()
        self._lock = threading.Lock()
        arguments = [sys.executable, "-I", "-S", str(_WATCHER), str(self._owner), str(directory), *command]
        self._line, watchers_end = socket.socketpair()
        try:
            with watchers_end, log.open("ab") as output:
                line = watchers_end.fileno()
                self._watcher = subprocess.Popen(
                    arguments, stdin=line, stdout=line, stderr=output, start_new_session=True
                )
        except OSError as error:
            self._line.close()
            message = f"cannot start a process to watch over redis-server with {sys.executable!r}: {error}"
            raise EmbeddedRedisError(message) from error

    @property
    def owned(self) -> bool:
        """Tell whether this process started the watcher, rather than a process that this one was forked from."""
        return os.getpid() == self._owner

    def start(self) -> int:
        """Start the server unless it runs, and return its process id."""
        return int(self._ask("start"))

    def terminate(self) -> None:
        """End the server with SIGTERM, so that it saves what it is set to save."""
        self._ask("terminate")

    def kill(self) -> None:
        """End the server with SIGKILL."""
        self._ask("kill")

    def pause(self) -> None:
        """Stop the server from running."""
        self._ask("pause")

    def resume(self) -> None:
        """Let a paused server run on."""
        self._ask("resume")

    def running(self) -> bool:
        """Tell whether the server's process lives: a paused one does, one whose watcher was killed does not.

        A forked child cannot ask, and gets False.
        """
        try:
            return self._ask("status") == "running"
        except EmbeddedRedisError:
            return False

    def close(self) -> None:
        """Kill the server, remove the directory and wait for the watcher.

        In a forked child, only let go of the connection: the server belongs to the parent.
        """
        with self._lock:
            if self.owned:
                self._quit()
                # The watcher does this too, unless it was killed itself.
                shutil.rmtree(self._directory, ignore_errors=True)
            self._line.close()
            self._watcher.poll()

    def _quit(self) -> None:
        with suppress(OSError):  # it may be gone already
            self._write("quit")
        try:
            self._watcher.wait(_QUIT_PATIENCE)
        except subprocess.TimeoutExpired:
            self._watcher.kill()
            self._watcher.wait()

    def _ask(self, request: str) -> str:
        if not self.owned:
            # Two processes would read each other's answers.
            message = f"only process {self._owner}, which started this redis-server, can make it {request}"
            raise EmbeddedRedisError(message)
        with self._lock:
            try:
                self._write(request)
                answer = self._read()
            except OSError as error:
                raise EmbeddedRedisError(f"the watcher of redis-server is gone: {error}") from error
        outcome, _, value = answer.partition(" ")
        if outcome != "ok":
            raise EmbeddedRedisError(f"redis-server cannot {request}: {value}")
        return value

    def _write(self, request: str) -> None:
        self._line.sendall(f"{request}\n".encode())

    def _read(self) -> str:
        answer = b""
        while not answer.endswith(b"\n"):
            part = self._line.recv(4096)
            if not part:
                raise ConnectionResetError("it closed the connection")
            answer += part
        return answer.decode().strip()
