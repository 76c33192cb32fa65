"""The command line says in one line what went wrong, and never shows a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from mooring.cli import group, main
from mooring.errors import MooringError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What the command `audit` raises, to be filled by the test."""
    raised: list[BaseException] = []

    @click.command("audit")
    def command() -> None:
        raise raised[0]

    monkeypatch.setattr(type(group), "get_command", lambda *_: command)
    return raised


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MooringError("a.yaml: no such thing"), 2, "mooring: error: a.yaml: no such thing\n"),
        (PermissionError(13, "Permission denied", "out.json"), 2, "mooring: error: out.json: Permission denied\n"),
        (KeyboardInterrupt(), 130, "\n"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    failing: list[BaseException],
    error: BaseException,
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing.append(error)
    assert main(["audit"]) == code
    assert capsys.readouterr() == ("", message)


def test_a_bug_is_told_without_traceback_or_what_it_was_about(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    failing.append(ValueError("redis://:hunter2@cache"))
    assert main(["audit"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("mooring: error: internal error: ValueError at ")
    assert message.count("\n") == 1
    assert "hunter2" not in message


def test_wrong_usage_exits_with_2(failing: list[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    failing.append(click.UsageError("Not like this."))
    assert main(["audit"]) == 2
    assert capsys.readouterr().err.endswith("Error: Not like this.\n")


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sail"]) == 2
    assert "No such command 'sail'" in capsys.readouterr().err


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert "\n  audit " in listed
    assert "\n  fix " in listed


def test_the_version_loads_no_tool() -> None:
    code = (
        "import sys; from mooring.cli import main; assert main(['--version']) == 0\n"
        "loaded = {'yaml', 'tree_sitter', 'pathspec', 'rich', 'jinja2', 'mooring.audit'} & sys.modules.keys()\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("mooring, version ")


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"m{number}.py").write_text("import redis\nc = redis.Redis()\n")
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "mooring", "audit", tmp_path], stdout=writing, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writing)
        os.read(reading, 10)
        os.close(reading)
        _, errors = process.communicate()
    assert errors == ""
