"""The stand-alone server: it answers, bounds who takes too long, and closes cleanly, in a forked child too."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from mooring.embedded.port import free_port
from mooring.integrations import endpoint
from mooring.integrations.endpoint import HealthServer, serve_health


def ask(server: HealthServer, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_worker_answers_as_a_service_does() -> None:
    with serve_health(0, "127.0.0.1", metrics=False) as server:
        assert ask(server, "/livez") == (200, b"ok\n")
        status, body = ask(server, "/readyz?verbose")
        assert (status, json.loads(body)["ready"]) == (200, True)
        assert ask(server, "/readyz", "HEAD") == (200, b"")
        assert ask(server, "/metrics")[0] == 404
        assert ask(server, "/other")[0] == 404
        assert ask(server, "/livez", "POST")[0] == 501


def test_a_worker_without_redis_is_not_ready() -> None:
    url = f"redis://:hunter2@127.0.0.1:{free_port()}"
    with serve_health(0, "127.0.0.1", metrics=False, timeout=0.3, url=url) as server:
        status, body = ask(server, "/readyz")
    assert status == 503
    assert b"hunter2" not in body


def test_closing_frees_the_port_and_ends_the_thread() -> None:
    server = serve_health(0, "127.0.0.1", metrics=False)
    port = server.port
    server.close()
    assert "mooring-health" not in {thread.name for thread in threading.enumerate()}
    with serve_health(port, "127.0.0.1", metrics=False) as again:
        assert again.port == port


def test_a_taken_port_is_an_error_at_once() -> None:
    with serve_health(0, "127.0.0.1", metrics=False) as server, pytest.raises(OSError, match="in use"):
        serve_health(server.port, "127.0.0.1", metrics=False)


def test_those_who_say_nothing_keep_nobody_from_being_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "_SECONDS", 0.2)
    with serve_health(0, "127.0.0.1", metrics=False) as server:
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3 * endpoint._AT_ONCE)]
        try:
            began = time.monotonic()
            assert ask(server, "/livez")[0] == 200
            # Three rounds of those at once, each cut off within a fraction of a second.
            assert time.monotonic() - began < 8.0
        finally:
            for one in silent:
                one.close()


def test_closing_cuts_off_who_is_still_there() -> None:
    server = serve_health(0, "127.0.0.1", metrics=False)
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        silent.sendall(b"GET /livez")
        time.sleep(0.1)
        server.close()
        assert silent.recv(1) == b""


PROGRAM = """
import os, sys
from mooring import RedisConnectionManager
from mooring.integrations.endpoint import serve_health
server = serve_health(0, "127.0.0.1", metrics=False)
child = os.fork()
if not child:
    sys.stdin.read()
    os._exit(0)
port = server.port
server.close()
with serve_health(port, "127.0.0.1", metrics=False): print("the port is free")
RedisConnectionManager.instance().close()
"""


def test_a_forked_child_does_not_keep_the_port() -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    ) as process:
        shown, errors = process.communicate("", timeout=60)
    assert (shown, errors) == ("the port is free\n", "")
