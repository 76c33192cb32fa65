"""`mooring fix` mixes with nobody's uncommitted work."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mooring.audit.checkout import uncommitted
from mooring.audit.files import SourceFile
from mooring.audit.fixer import Change
from mooring.cli import main

FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
FIXED = "from mooring import create_redis_from_config\nclient = create_redis_from_config()\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two faulty files, committed."""
    folder = tmp_path / "checkout"
    (folder / "a b").mkdir(parents=True)
    for name in ("a b/server.py", "other.py"):
        (folder / name).write_text(FAULTY)
    (folder / "notes.txt").write_text("nothing to fix\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "faulty")
    return folder


def test_a_committed_tree_is_fixed(checkout: Path) -> None:
    assert main(["fix", str(checkout)]) == 0
    assert (checkout / "a b/server.py").read_text() == FIXED


@pytest.mark.parametrize("staged", [False, True])
def test_uncommitted_changes_of_a_file_that_would_change_are_refused(
    checkout: Path, staged: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    file = checkout / "a b/server.py"
    file.write_text(FAULTY + "more = 1\n")
    if staged:
        git(checkout, "add", ".")
    assert main(["fix", str(checkout)]) == 2
    assert capsys.readouterr().err == (
        "mooring: error: a b/server.py: git has uncommitted changes there, which would mix with the fix; commit or"
        " stash them first, or pass --force\n"
    )
    assert (file.read_text(), (checkout / "other.py").read_text()) == (FAULTY + "more = 1\n", FAULTY)
    assert main(["fix", str(checkout), "--force"]) == 0
    assert file.read_text() == FIXED + "more = 1\n"


def test_an_untracked_file_is_refused_too(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "new/deep").mkdir(parents=True)
    (checkout / "new/deep/server.py").write_text(FAULTY)
    assert main(["fix", str(checkout)]) == 2
    assert "new/deep/server.py: git has uncommitted changes" in capsys.readouterr().err
    assert main(["fix", str(checkout / "other.py")]) == 0


def test_uncommitted_changes_elsewhere_do_not_matter(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("changed\n")
    (checkout / "clean.py").write_text("x = 1\n")
    assert main(["fix", str(checkout)]) == 0


@pytest.mark.parametrize("option", ["--diff", "--check"])
def test_what_writes_nothing_is_not_refused(checkout: Path, option: str) -> None:
    (checkout / "other.py").write_text(FAULTY + "more = 1\n")
    assert main(["fix", str(checkout), option]) == 1
    assert (checkout / "other.py").read_text() == FAULTY + "more = 1\n"


def test_a_checkout_within_the_tree_is_asked_itself(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("ignored/\n")
    (tmp_path / "ignored").mkdir()
    (tmp_path / "ignored/server.py").write_text(FAULTY)
    assert main(["fix", str(checkout / "other.py"), str(tmp_path / "ignored/server.py")]) == 0
    git(checkout, "checkout", "-q", ".")
    (checkout / "other.py").write_text(FAULTY + "more = 1\n")
    assert main(["fix", str(checkout / "other.py"), str(tmp_path / "ignored/server.py")]) == 2
    assert "checkout/other.py: git has uncommitted changes" in capsys.readouterr().err


def test_a_file_behind_a_link_is_looked_up_where_it_is(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/linked.py").symlink_to(checkout / "other.py")
    (checkout / "other.py").write_text(FAULTY + "more = 1\n")
    assert main(["fix", str(tmp_path / "outside/linked.py")]) == 2


def test_nobody_is_asked_about_what_would_be_refused(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "other.py").write_text(FAULTY + "more = 1\n")
    monkeypatch.setattr("sys.stdin.readline", lambda: pytest.fail("asked"), raising=False)
    assert main(["fix", str(checkout), "--interactive"]) == 2
    assert "Make this fix" not in capsys.readouterr().out


def test_where_git_cannot_tell_nothing_is_written(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / ".git/HEAD").unlink()
    assert main(["fix", str(checkout)]) == 2
    shown = capsys.readouterr().err
    assert "git cannot look for uncommitted changes: not a git repository" in shown
    assert "pass --force" in shown
    monkeypatch.setenv("PATH", "")
    assert main(["fix", str(checkout)]) == 2
    assert "git cannot be run" in capsys.readouterr().err
    assert (checkout / "other.py").read_text() == FAULTY
    assert main(["fix", str(checkout), "--force"]) == 0


def test_a_created_file_is_one_to_git_as_well(checkout: Path) -> None:
    new = Change(SourceFile("a b/NEW.md", checkout / "a b/NEW.md", ""), "# New\n\nText\n", (), created=True)
    assert uncommitted(checkout, [new.path]) == []
    subprocess.run(["git", "apply", "-"], input=new.diff().encode(), cwd=checkout, check=True)
    assert new.source.location.read_bytes() == new.after
    assert uncommitted(checkout, [new.path]) == [new.path]


def test_a_file_that_was_deleted_and_not_committed_is_not_made_anew(checkout: Path) -> None:
    (checkout / "notes.txt").unlink()
    assert uncommitted(checkout, ["notes.txt", "other.py"]) == ["notes.txt"]
