"""The journal knows what a run replaced, before it replaces anything, and nobody but its owner can read it."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from mooring.audit.files import SourceFile
from mooring.audit.fixer import Change, execute, undo
from mooring.audit.fixer.journal import LONGEST, MOST, record, runs, state_folder
from mooring.audit.fixer.outcome import FixOutcome
from mooring.audit.fixer.rollout import Rollout
from mooring.errors import UsageError

from .standing import STILL


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for journals."""
    monkeypatch.setenv("MOORING_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An empty tree."""
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def change(tree: Path, name: str, before: str | None, after: str) -> Change:
    """A change of a file that holds `before`, or of one that is to be made."""
    source = SourceFile(name, tree / name, before or "")
    if before is not None:
        source.location.write_text(before)
    return Change(source, after, (), created=before is None)


def run(tree: Path, *changes: Change) -> None:
    record(tree, changes)
    rollout = Rollout(changes)
    rollout.show(rollout.groups)
    assert not rollout.failures


def test_a_created_file_is_removed_by_an_undo(tree: Path) -> None:
    outcome = FixOutcome(
        (
            change(tree, "MIGRATION.md", None, "# New\n"),
            change(tree, "pyproject.toml", "[project]\n", "[project]\n# x\n"),
        ),
        (),
        (),
        0,
    )
    assert execute(outcome, tree, lambda: STILL).failures == ()
    assert (tree / "MIGRATION.md").read_text() == "# New\n"
    undone = undo([tree])
    assert {path.name for path in undone.restored} == {"MIGRATION.md", "pyproject.toml"}
    assert [(file.name, file.read_text()) for file in tree.iterdir()] == [("pyproject.toml", "[project]\n")]


def test_a_file_that_was_to_be_created_and_is_there_by_now_is_left(tree: Path) -> None:
    new = change(tree, "MIGRATION.md", None, "# New\n")
    (tree / "MIGRATION.md").write_text("mine")
    done = execute(FixOutcome((new,), (), (), 0), tree, lambda: STILL)
    assert [failure.reason for failure in done.failures] == ["it changed on disk since it was read; run again"]
    assert (tree / "MIGRATION.md").read_text() == "mine"
    with pytest.raises(UsageError, match="nothing to undo"):
        undo([tree])


def test_the_journal_is_its_owners_alone(tree: Path, state: Path) -> None:
    kept = record(tree, [change(tree, "a.py", "password = 'hunter2'\n", "")])
    assert stat.S_IMODE(kept.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.file.parent.stat().st_mode) == 0o700
    assert kept.file.parent == state / "fix"


def test_a_run_that_never_wrote_is_undone_by_doing_nothing(tree: Path) -> None:
    record(tree, [change(tree, "a.py", "old", "new")])
    assert undo([tree]).restored == (tree / "a.py",)
    assert (tree / "a.py").read_text() == "old"
    assert list(runs()) == []


def test_a_half_written_run_is_undone_where_it_wrote(tree: Path) -> None:
    changes = [change(tree, "a.py", "old", "new"), change(tree, "b.py", "old", "new")]
    record(tree, changes)
    (tree / "a.py").write_text("new")
    assert undo([tree]).left == ()
    assert [(tree / name).read_text() for name in ("a.py", "b.py")] == ["old", "old"]


def test_an_undone_mode_is_that_of_before(tree: Path) -> None:
    made = change(tree, "a.py", "old", "new")
    made.source.location.chmod(0o751)
    run(tree, made)
    made.source.location.chmod(0o600)
    undo([tree])
    assert stat.S_IMODE(made.source.location.stat().st_mode) == 0o751


def test_two_names_of_one_file_are_one_entry(tree: Path) -> None:
    first = change(tree, "a.py", "old", "new")
    (tree / "link.py").symlink_to("a.py")
    run(tree, first, Change(SourceFile("link.py", tree / "link.py", "old"), "new", ()))
    assert undo([tree / "link.py"]).restored == (tree / "a.py",)
    assert (tree / "link.py").read_text() == "old"
    assert (tree / "link.py").is_symlink()


def test_what_cannot_be_put_back_is_left_and_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tree, change(tree, "a.py", "old", "new"))
    monkeypatch.setattr("os.access", lambda *_: False)
    undone = undo([tree])
    assert [failure.reason for failure in undone.left] == ["cannot be written: it is read-only"]
    assert undone.kept is not None
    assert undone.kept.is_file()


def test_old_runs_and_too_many_of_a_tree_are_forgotten(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    record(other, [change(other, "a.py", "old", "new")])
    ancient = state_folder() / f"{time.time_ns() - LONGEST - 1:020}-feed.zip"
    ancient.write_bytes(b"")
    for number in range(MOST + 3):
        record(tree, [change(tree, "a.py", "old", f"new {number}")])
    kept = list(runs())
    assert len([one for one in kept if one.root == tree]) == MOST
    assert [one.root for one in kept if one.root != tree] == [other]
    assert kept[0].when > kept[-1].when


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_journal_is_named_with_its_remedy(tree: Path, content: bytes) -> None:
    run(tree, change(tree, "a.py", "old", "new"))
    damaged = state_folder() / f"{time.time_ns():020}-feed.zip"
    damaged.write_bytes(content)
    with pytest.raises(UsageError, match=rf"{damaged.name}.* is damaged; remove it"):
        undo([tree])
    damaged.unlink()
    assert undo([tree]).left == ()


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"MOORING_STATE_DIR": "/own", "XDG_STATE_HOME": "/xdg", "HOME": "/home/me"}, "/own/fix"),
        ({"XDG_STATE_HOME": "/xdg", "HOME": "/home/me"}, "/xdg/mooring/fix"),
        ({"HOME": "/home/me"}, "/home/me/.local/state/mooring/fix"),
    ],
)
def test_the_journal_is_where_state_belongs(
    variables: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MOORING_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert state_folder() == Path(place)


def test_no_place_for_state_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOORING_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    with pytest.raises(UsageError, match="set MOORING_STATE_DIR"):
        state_folder()
