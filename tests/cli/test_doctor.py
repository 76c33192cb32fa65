"""`mooring doctor` exits with the class of what is wrong, waits where it is told to, and shows no secret."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mooring.cli import main
from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port

COMMAND = [sys.executable, "-m", "mooring", "doctor"]


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but the tests themselves names a Redis."""
    monkeypatch.setenv("MOORING_ENVIRONMENT", "ci")
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_well_server_exits_with_0(secure_redis: EmbeddedRedis, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--url", secure_redis.url]) == 0
    shown, errors = capsys.readouterr()
    assert errors == ""
    assert shown.endswith(": all is well.\n")
    assert str(secure_redis.password) not in shown


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_form_shows_a_password(secure_redis: EmbeddedRedis, form: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*COMMAND, "--url", f"redis://:hunter2@127.0.0.1:{secure_redis.port}", *form],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert "hunter2" not in done.stdout + done.stderr
    assert "**********" in done.stdout


def test_settings_come_from_the_environment_of_the_named_connection(
    redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CACHE_REDIS_URL", redis_server.url)
    assert main(["doctor", "cache", "--json", "--pool", "9000", "--replicas", "2"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == "cache"
    assert {value["origin"] for value in told["settings"] if value["key"] == "port"} == {"CACHE_REDIS_URL"}
    codes = {finding["code"] for step in told["steps"] for finding in step["findings"]}
    assert {"open-redis", "clients-over-limit"} <= codes


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--url", "redis://nosuch.invalid"], 3, "the name does not resolve"),
        (["--url", "redis://127.0.0.1:1"], 4, "no connection"),
        (["--url", "http://cache"], 2, "argument url"),
        (["--url", "redis://cache:notaport"], 2, "port"),
        (["1cache"], 2, "1cache"),
        (["--timeout", "0"], 2, "--timeout"),
        (["--replicas", "0"], 2, "--replicas"),
    ],
)
def test_each_class_has_its_exit_code(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *arguments]) == code
    shown, errors = capsys.readouterr()
    assert words in shown + errors
    assert "Traceback" not in errors
    if code == 2:
        assert shown == ""


def test_waiting_ends_when_the_server_comes(capsys: pytest.CaptureFixture[str]) -> None:
    server = EmbeddedRedis(port=free_port(), password="hunter2")
    server.start()
    url = server.url
    server.kill()
    later = threading.Timer(1.5, server.restart)
    later.start()
    try:
        assert main(["doctor", "--url", url, "--wait", "30"]) == 0
    finally:
        later.join()
        server.stop()
    shown, errors = capsys.readouterr()
    assert shown.endswith(": all is well.\n")
    # Told once, not at every look.
    assert errors.count("mooring: waiting: ") == errors.count("refused") == 1


def test_waiting_ends_with_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--url", "redis://127.0.0.1:1", "--wait", "0.1", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["outcome"]["code"] == 4


def test_findings_are_nothing_to_wait_for(redis_server: EmbeddedRedis, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--url", redis_server.url, "--wait", "600"]) == 1
    assert capsys.readouterr().err == ""


def test_an_interrupt_is_quiet() -> None:
    with subprocess.Popen(
        [*COMMAND, "--url", "redis://127.0.0.1:1", "--wait", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        waiting = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        shown, errors = process.communicate(timeout=30)
    assert waiting.startswith("mooring: waiting: ")
    assert (process.returncode, shown, errors.strip()) == (130, "", "")


def test_the_help_tells_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    words = (
        "if all",
        "if clients",
        "on wrong",
        "if the name",
        "without a",
        "without TLS",
        "on authentication",
        "on the",
    )
    assert not [f"{code} {word}" for code, word in enumerate(words) if f"{code} {word}" not in told]
