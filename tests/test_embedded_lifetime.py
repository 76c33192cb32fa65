"""A private server lives as long as its owner wants it, and never longer than its owner's process."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.embedded.deadline import comes_true
from mooring.errors import EmbeddedRedisError

STARTED = """
import os, sys, time
from mooring.embedded import EmbeddedRedis
server = EmbeddedRedis(unix_socket=True)
server.start()
"""
TOLD = """
print(server.pid, server.socket_path, flush=True)
"""
PATIENCE = 20.0


def gone(pid: int) -> bool:
    """Tell whether a process has ended, be it waited for or not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@contextmanager
def python(script: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words, process.stderr and process.stderr.read()
    return words


def nothing_is_left(pid: str, socket_path: str) -> bool:
    return gone(int(pid)) and not Path(socket_path).parent.exists()


def test_nothing_is_left_after_the_block() -> None:
    with EmbeddedRedis(unix_socket=True) as server:
        pid, watcher, directory = server.pid, parent_of(server.pid), server.socket_path
        assert directory is not None
        assert directory.parent.stat().st_mode & 0o777 == 0o700
    assert gone(pid)
    assert gone(watcher)
    assert not directory.parent.exists()


def test_nothing_is_left_after_an_exception_in_the_block() -> None:
    server = EmbeddedRedis()
    with pytest.raises(ZeroDivisionError), server:
        _ = 1 / 0
    assert gone(server.pid)


def test_starting_and_stopping_twice_is_once() -> None:
    server = EmbeddedRedis()
    server.stop()
    server.start()
    pid = server.pid
    server.start()
    assert server.pid == pid
    server.stop()
    server.stop()
    assert not server.running
    assert gone(pid)


def test_a_stopped_server_can_be_started_afresh() -> None:
    server = EmbeddedRedis()
    for _ in range(2):
        with server, server.client() as client:
            assert client.set("key", "value", nx=True)


def test_a_paused_server_can_be_stopped() -> None:
    with EmbeddedRedis() as server:
        server.pause()
    assert gone(server.pid)


def test_a_server_outlives_the_thread_that_started_it() -> None:
    server = EmbeddedRedis()
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    with server, server.client() as client:
        assert client.ping()


def leaked_pid() -> int:
    server = EmbeddedRedis()
    server.start()
    pid = server.pid
    del server
    gc.collect()
    return pid


def test_a_server_that_is_never_stopped_warns_and_ends() -> None:
    with pytest.warns(ResourceWarning, match="never stopped"):
        pid = leaked_pid()
    assert gone(pid)


def test_it_ends_with_a_parent_that_is_killed() -> None:
    with python(STARTED + TOLD + "time.sleep(600)") as parent:
        left = told(parent)
        assert not gone(int(left[0]))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert comes_true(lambda: nothing_is_left(*left), PATIENCE)


def test_it_ends_with_a_killed_parent_whose_forked_child_lives_on() -> None:
    forked = "child = os.fork()\nif child == 0: time.sleep(600)\n"
    with python(STARTED + forked + TOLD + "print(child, flush=True); time.sleep(600)") as parent:
        left, (child,) = told(parent), told(parent)
        try:
            parent.send_signal(signal.SIGKILL)
            parent.wait()
            assert comes_true(lambda: nothing_is_left(*left), PATIENCE)
            assert not gone(int(child))
        finally:
            os.kill(int(child), signal.SIGKILL)


def test_it_ends_with_a_parent_that_just_exits() -> None:
    with python(STARTED + TOLD) as parent:
        left = told(parent)
        assert parent.wait() == 0
        assert comes_true(lambda: nothing_is_left(*left), PATIENCE)


def test_a_forked_child_that_stops_it_stops_nothing() -> None:
    script = """
child = os.fork()
if child == 0:
    server.stop()
    sys.exit()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
with server, server.client() as client:
    print(client.ping())
"""
    with python(STARTED + script) as parent:
        output, errors = parent.communicate()
    assert (output, errors) == ("True\n", "")


def test_it_ends_with_its_watcher() -> None:
    with EmbeddedRedis(unix_socket=True) as server:
        directory = server.socket_path
        os.kill(parent_of(server.pid), signal.SIGKILL)
        assert comes_true(lambda: gone(server.pid), PATIENCE)
        assert not server.running
        with pytest.raises(EmbeddedRedisError, match="watcher"):
            server.restart()
    assert directory is not None
    assert not directory.parent.exists()


def test_signals_to_its_watcher_leave_it_running(redis_server: EmbeddedRedis) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(parent_of(redis_server.pid), number)
    with redis_server.client() as client:
        assert client.ping()
    assert redis_server.running
