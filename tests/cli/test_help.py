"""Help fits a screen of 80 columns and 24 lines, whole: no summary is cut."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from mooring.cli import group, main


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of every command and subcommand, the group itself first."""
    yield path
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from commands(inner, *path, name)


def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *path: str) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*path, "--help"]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("path", list(commands(group)), ids=lambda path: " ".join(("mooring", *path)))
def test_help_fits_a_screen(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = shown(capsys, monkeypatch, *path)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_each_command_is_told_in_a_line_that_is_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = shown(capsys, monkeypatch)
    listed = lines[lines.index("Commands:") + 1 :]
    assert len(listed) == len(list(commands(group))) - 1
    assert all(re.fullmatch(r"  [a-z]+ +[A-Z].*[^.]\.", line) for line in listed)
