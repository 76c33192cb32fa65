"""Workflow commands are what GitHub's runner reads, and nothing from the tree can begin one of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mooring.audit.engine import Audit
from mooring.audit.facts import Span, Unreadable
from mooring.report.github import render

from .trees import NOT_UTF8, ODD_NAMES, SECRETS, TREES, audited, finding, leaky, saying

COMMAND = re.compile(r"::(?P<name>\w+) (?P<properties>[^:]*)::(?P<message>.*)")
Command = tuple[str, dict[str, str], str]


def read(text: str) -> list[Command]:
    """The commands of a log as the runner reads them."""
    commands = []
    for line in text.splitlines():
        command = COMMAND.fullmatch(line)
        assert command, line
        properties = dict(part.split("=", 1) for part in command["properties"].split(","))
        told = {key: unescaped(value.replace("%3A", ":").replace("%2C", ",")) for key, value in properties.items()}
        commands.append((command["name"], told, unescaped(command["message"])))
    return commands


def unescaped(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@pytest.mark.parametrize("tree", TREES)
def test_each_finding_and_each_unreadable_file_is_one_command(tree: str, tmp_path: Path) -> None:
    audit = audited(tree, tmp_path)
    text = render(audit)
    commands = read(text)
    assert text.endswith("\n") == bool(commands)
    assert len(commands) == len(audit.findings) + len(audit.unreadable)
    titles = [properties["title"] for _, properties, _ in commands]
    assert titles[: len(audit.findings)] == [f"{one.rule} {one.name}" for one in audit.findings]


def one_command(audit: Audit) -> Command:
    (command,) = read(render(audit))
    return command


def test_a_finding_is_annotated_where_it_is(tmp_path: Path) -> None:
    assert render(saying(tmp_path, finding())) == (
        "::error file=server.py,line=3,endLine=3,col=10,endColumn=39,title=MR101 some-rule"
        "::what is wrong%0ARemedy: what to do\n"
    )


def test_columns_are_told_only_within_one_line(tmp_path: Path) -> None:
    _, properties, _ = one_command(saying(tmp_path, finding(span=Span(3, 10, 5, 2))))
    assert properties.keys() == {"file", "line", "endLine", "title"}
    assert (properties["line"], properties["endLine"]) == ("3", "5")


def test_the_severity_is_githubs_word(tmp_path: Path) -> None:
    commands = read(render(audited("the fleet", tmp_path)))
    words = {properties["title"].split()[0]: name for name, properties, _ in commands}
    assert (words["MR101"], words["MR102"], words["MR303"]) == ("error", "warning", "notice")


def test_a_percent_sign_comes_back_as_one(tmp_path: Path) -> None:
    odd = "100%0A:,%25\r\n"
    _, properties, message = one_command(saying(tmp_path, finding(path=odd, message=odd)))
    assert properties["file"] == odd
    assert message == f"{odd}\nRemedy: what to do"


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_text_of_the_tree_begins_a_command(newline: str, tmp_path: Path) -> None:
    odd = f"a{newline}::error file=x.py::forged"
    unreadable = Unreadable(odd, 1, odd)
    for audit in (
        saying(tmp_path, finding(path=odd)),
        saying(tmp_path, finding(message=odd)),
        saying(tmp_path, finding(remedy=odd)),
        saying(tmp_path, unreadable=(unreadable,)),
    ):
        text = render(audit)
        assert len(text.splitlines()) == 1
        name, properties, _ = one_command(audit)
        assert name == ("warning" if audit.unreadable else "error")
        assert properties["file"] != "x.py"


def test_odd_names_come_back_unless_they_steer(tmp_path: Path) -> None:
    told = {properties["file"] for _, properties, _ in read(render(audited("odd names", tmp_path)))}
    assert told == {re.sub("[\x1b\u202e]", "�", name) for name in ODD_NAMES}


def test_what_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    first, second, *_ = reversed(read(render(audited("unreadable files", tmp_path))))
    assert (first[0], first[1]) == ("warning", {"file": "odd.py", "title": "not audited in full"})
    assert (second[0], second[1]["file"], second[1]["line"]) == ("warning", "broken.py", "2")


@pytest.mark.parametrize("tree", [partial(audited, "secrets"), leaky], ids=["found", "said"])
def test_no_secret_is_told(tree: Callable[[Path], Audit], tmp_path: Path) -> None:
    told = render(tree(tmp_path))
    assert "***" in told
    assert not re.search("|".join(SECRETS), told)


def test_every_character_can_be_written(tmp_path: Path) -> None:
    assert "file=caf�.py" in render(saying(tmp_path, finding(path=NOT_UTF8, message="\udce9"))).encode().decode()
