"""The process between Mooring and one private redis-server, so that neither outlives the other.

Run as a script, `watcher.py PARENT_PID DIRECTORY COMMAND...`, with the standard library alone; Mooring never imports
it. It owns the server as its child, and DIRECTORY as its to remove. Requests come on standard input, one word a line;
each but `quit` is answered on standard output by one line, `ok VALUE` or `error REASON`:

    start      run COMMAND                         → its process id
    terminate  SIGTERM, then SIGKILL if it lingers → its exit status
    kill       SIGKILL                             → its exit status
    pause      SIGSTOP                             → its status
    resume     SIGCONT                             → its status
    status     → "running", or its exit status, or "none" before the first start
    quit       end

It ends on `quit`, when its input closes, and when its parent is gone, whichever comes first; the last also covers a
child that the parent forked and that still holds the connection. Ending kills the server and removes DIRECTORY.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

GRACE = 5.0
"""Seconds that a terminated server gets to save and leave."""

PARENT_CHECK = 0.5
"""Seconds between two looks at whether the parent still lives."""

PR_SET_PDEATHSIG = 1


def die_with_watcher() -> None:
    """Ask Linux to kill the server should the watcher itself be killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """The server process, started and ended as often as asked."""

    def __init__(self, directory: str, command: list[str]) -> None:
        self._directory = directory
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Run the command unless it runs, its output going where the watcher's errors go; return its process id."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                stderr=sys.stderr,
                process_group=0,
                # Unsafe only beside threads, and tied to the thread that forks: the watcher has just one.
                preexec_fn=die_with_watcher if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        return str(self._process.pid)

    def terminate(self) -> str:
        """Let the server save and leave, and kill it when it does not."""
        self._send(signal.SIGTERM)
        self._send(signal.SIGCONT)
        if self._process is not None:
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                return self.kill()
        return self.status()

    def kill(self) -> str:
        """Kill the server at once, and with it a child that saves."""
        self._send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        return self.status()

    def pause(self) -> str:
        """Stop the server from running; its sockets stay open."""
        self._send(signal.SIGSTOP)
        return self.status()

    def resume(self) -> str:
        """Let a paused server run on."""
        self._send(signal.SIGCONT)
        return self.status()

    def status(self) -> str:
        """Tell whether the server runs."""
        if self._process is None:
            return "none"
        status = self._process.poll()
        return "running" if status is None else str(status)

    def _send(self, number: signal.Signals) -> None:
        # Until it is waited for, the process id cannot become a stranger's.
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)


def requests(parent: int) -> Iterator[str]:
    """Yield each request until there can be no more."""
    while os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin.fileno()], [], [], PARENT_CHECK)
        if readable:
            text = os.read(sys.stdin.fileno(), 1024).decode()
            if not text:
                return
            yield from text.split()


def answer(server: Server, request: str) -> str:
    """Carry one request out."""
    actions = {
        "start": server.start,
        "terminate": server.terminate,
        "kill": server.kill,
        "pause": server.pause,
        "resume": server.resume,
        "status": server.status,
    }
    try:
        return f"ok {actions[request]()}"
    except (OSError, subprocess.SubprocessError) as error:
        return f"error {error}"


def main(parent: int, directory: str, command: list[str]) -> None:
    """Serve requests, then leave nothing behind."""
    # A signal meant for the parent may reach the watcher too; the parent's end, not the signal, ends the watcher.
    # A handler, unlike SIG_IGN, is not inherited by the server.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    server = Server(directory, command)
    try:
        for request in requests(parent):
            if request == "quit":
                break
            os.write(sys.stdout.fileno(), f"{answer(server, request)}\n".encode())
    except BrokenPipeError:
        pass  # the parent died before it read the answer
    finally:
        server.kill()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
