"""A report is given again only while everything that it came from is as it was."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mooring.audit.answers import Answer, Question
from mooring.audit.store import Store

from .opening import Opener

REPORT = Answer("all is well\n", found=False)


@pytest.fixture
def store(tmp_path: Path, open_store: Opener) -> Store:
    return open_store(tmp_path / "cache")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    for name in ("a.py", "b.py"):
        file = folder / name
        file.write_text("x = 1\n")
        os.utime(file, (time.time() - 100,) * 2)
    return folder


def asked(store: Store, tree: Path, *words: str) -> Question:
    return Question(store, words, tree, sorted(path.name for path in tree.glob("*.py")))


def answered(store: Store, tree: Path, *consulted: Path) -> None:
    asked(store, tree, "text").keep(REPORT, [str(path) for path in consulted])


def test_a_report_is_given_again(store: Store, tree: Path) -> None:
    assert asked(store, tree, "text").answer() is None
    answered(store, tree)
    assert asked(store, tree, "text").answer() == REPORT


def test_another_question_is_another_report(store: Store, tree: Path) -> None:
    answered(store, tree)
    assert asked(store, tree, "json").answer() is None


def test_a_changed_file_is_looked_at_again(store: Store, tree: Path) -> None:
    answered(store, tree)
    (tree / "a.py").write_text("y = 22\n")
    assert asked(store, tree, "text").answer() is None


def test_a_change_of_the_same_length_and_the_same_time_is_seen(store: Store, tree: Path) -> None:
    file = tree / "a.py"
    file.write_text("x = 1\n")
    answered(store, tree)
    times = file.stat().st_mtime_ns
    file.write_text("x = 2\n")
    os.utime(file, ns=(times, times))
    assert asked(store, tree, "text").answer() is None


def test_a_new_and_a_lost_file_are_seen(store: Store, tree: Path) -> None:
    answered(store, tree)
    (tree / "c.py").write_text("")
    assert asked(store, tree, "text").answer() is None
    (tree / "c.py").unlink()
    assert asked(store, tree, "text").answer() == REPORT
    (tree / "b.py").unlink()
    assert asked(store, tree, "text").answer() is None


def test_a_file_that_was_only_consulted_counts(store: Store, tree: Path) -> None:
    configuration = tree / "pyproject.toml"
    answered(store, tree, configuration)
    assert asked(store, tree, "text").answer() == REPORT
    configuration.write_text("[tool.mooring]\n")
    assert asked(store, tree, "text").answer() is None


def test_what_changes_while_it_is_read_is_not_kept(store: Store, tree: Path) -> None:
    question = asked(store, tree, "text")
    (tree / "a.py").write_text("changed = True\n")
    question.keep(REPORT, [])
    assert asked(store, tree, "text").answer() is None


def test_of_a_folder_that_was_consulted_only_its_names_count(store: Store, tree: Path) -> None:
    report = tree / "report.json"
    report.write_text("1")
    answered(store, tree, tree)
    report.unlink()
    report.write_text("another")
    assert asked(store, tree, "text").answer() == REPORT
    (tree / "requirements.txt").write_text("redis==5.0.4\n")
    assert asked(store, tree, "text").answer() is None
