"""`mooring watch` shows what a server tells, ends when it is told to, and exits as the doctor does."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mooring.cli import main
from mooring.cli.watch import sight
from mooring.cli.watch.endpoints import pool_lines
from mooring.cli.watch.sight import Watcher
from mooring.config.settings import RedisSettings
from mooring.embedded import EmbeddedRedis

COMMAND = [sys.executable, "-W", "error", "-m", "mooring", "watch"]
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schema" / "watch-1.json").read_text())


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but the tests themselves names a Redis."""
    monkeypatch.setenv("MOORING_ENVIRONMENT", "ci")
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    # A server that is not there is tried for this long.
    monkeypatch.setattr(sight, "_PATIENCE", 0.3)


def test_one_look_tells_round_trips_server_and_clients_by_name(
    redis_server: EmbeddedRedis, capsys: pytest.CaptureFixture[str]
) -> None:
    with redis_server.client() as client:
        client.client_setname("billing")
        assert main(["watch", "--once", "--url", redis_server.url]) == 0
    shown, errors = capsys.readouterr()
    assert errors == ""
    assert "round trips: 10 pings" in shown
    assert f"version {client_version(redis_server)}" in shown
    assert any(line.startswith("billing ") for line in shown.splitlines())
    assert "mooring-watch" not in shown


def client_version(server: EmbeddedRedis) -> str:
    with server.client() as client:
        return str(client.info()["redis_version"])


def test_the_password_is_never_shown_and_json_follows_its_schema(
    secure_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CACHE_REDIS_URL", secure_redis.url)
    assert main(["watch", "cache", "--once", "--json"]) == 0
    shown, _ = capsys.readouterr()
    told = json.loads(shown)
    jsonschema.validate(told, SCHEMA)
    assert (told["name"], told["round_trips"]["pings"]) == ("cache", 10)
    assert str(secure_redis.password) not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--url", "redis://nosuch.invalid"], 3, "the name does not resolve"),
        (["--url", "redis://127.0.0.1:1"], 4, "no connection"),
        (["--url", "http://cache"], 2, "argument url"),
        (["1cache"], 2, "1cache"),
        (["--interval", "0"], 2, "--interval"),
        (["--endpoint", "file:///etc/passwd"], 2, "--endpoint"),
    ],
)
def test_each_failure_of_the_first_look_has_the_doctors_exit_code(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "--once", *arguments]) == code
    shown, errors = capsys.readouterr()
    assert words in errors
    assert "Traceback" not in errors
    assert shown == ""


def test_a_wrong_password_is_class_6_and_not_repeated(
    secure_redis: EmbeddedRedis, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "--once", "--url", f"redis://:hunter2@127.0.0.1:{secure_redis.port}"]) == 6
    assert "hunter2" not in "".join(capsys.readouterr())


def test_a_user_without_rights_sees_the_round_trips_and_why_there_is_no_more(
    redis_server: EmbeddedRedis, capsys: pytest.CaptureFixture[str]
) -> None:
    with redis_server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "narrow", "on", ">pw", "+ping", "+client|setname")
        try:
            assert main(["watch", "--once", "--url", f"redis://narrow:pw@127.0.0.1:{redis_server.port}"]) == 0
        finally:
            admin.execute_command("ACL", "DELUSER", "narrow")
    shown = capsys.readouterr().out
    assert "round trips" in shown
    assert "CLIENT LIST is not for this user" in shown


def test_pools_are_read_from_a_services_metrics(
    redis_server: EmbeddedRedis, capsys: pytest.CaptureFixture[str]
) -> None:
    service = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import mooring, sys\n"
            "from mooring.integrations.endpoint import serve_health\n"
            "with serve_health(0, '127.0.0.1') as server:\n"
            "    mooring.create_redis_from_config(max_connections=7).ping()\n"
            "    print(server.port, flush=True)\n"
            "    sys.stdin.read()\n",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "REDIS_URL": redis_server.url},
    )
    with service:
        assert service.stdout is not None
        endpoint = f"http://127.0.0.1:{int(service.stdout.readline())}/metrics"
        arguments = ["watch", "--once", "--json", "--url", redis_server.url]
        dead = "http://127.0.0.1:1/metrics"
        assert main([*arguments, "--endpoint", endpoint, "--endpoint", dead]) == 0
        service.communicate("")
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, SCHEMA)
    (pool,) = told["pools"]
    assert (pool["idle"], pool["max_connections"], pool["breaker"]) == (1, 7, "closed")
    (problem,) = told["problems"]
    assert "127.0.0.1: Connection refused" in problem


def test_elsewhere_each_look_is_written_below_the_last_and_an_interrupt_ends_it_with_0(
    redis_server: EmbeddedRedis,
) -> None:
    with subprocess.Popen(
        [*COMMAND, "--url", redis_server.url, "--interval", "0.1", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        looks = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert [look["round_trips"]["pings"] for look in looks] == [10, 20, 30]


def test_an_outage_is_shown_and_survived() -> None:
    with EmbeddedRedis() as server, Watcher(RedisSettings.load(), {"url": server.url}) as watcher:
        assert len(watcher.look().round_trips) == 10
        server.kill()
        lost = watcher.look()
        assert lost.round_trips == ()
        assert lost.problems
        server.restart()
        while not watcher.look().round_trips:
            pass


def test_on_a_terminal_the_view_is_live(redis_server: EmbeddedRedis) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    with subprocess.Popen(
        [*COMMAND, "--url", redis_server.url, "--interval", "0.1"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        shown = b""
        # Written anew in place: the cursor goes up between two looks.
        while b"20 pings" not in shown or b"\x1b[1A" not in shown:
            shown += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    os.close(ours)
    assert (process.returncode, errors) == (0, b"")


def test_a_pools_breaker_is_that_of_its_server() -> None:
    text = """\
mooring_redis_breaker_state{endpoint="cache:6379",state="open"} 1.0
mooring_redis_breaker_state{endpoint="cache:6379",state="closed"} 0.0
mooring_redis_pool_connections{endpoint="cache:6379/0",state="in_use"} 3.0
mooring_redis_pool_connections{endpoint="other:6379/0",state="in_use"} 1.0
process_open_fds 7.0
"""
    lines = pool_lines("api:8080", text_string_to_metric_families(text))
    assert [(line.endpoint, line.in_use, line.breaker) for line in lines] == [
        ("cache:6379/0", 3, "open"),
        ("other:6379/0", 1, "closed"),
    ]
