"""`mooring fix` tells before it acts, asks where it is told to, proves what it did, and takes it back."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest

from mooring.audit.fixer import execution
from mooring.audit.fixer.trial import Trial
from mooring.cli import main

FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
FIXED = "from mooring import create_redis_from_config\nclient = create_redis_from_config()\n"
SECRET = "import redis\nclient = redis.Redis(host='localhost', password='hunter2')\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def texts(folder: Path) -> dict[str, str]:
    return {file.stem: file.read_text() for file in sorted(folder.glob("*.py"))}


# --- --check ---------------------------------------------------------------------------------------------------------


def test_a_check_says_what_would_be_fixed_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, a=FAULTY, b="x = 1\n")
    assert main(["fix", "--code-only", str(tmp_path), "--check"]) == 1
    assert texts(tmp_path) == {"a": FAULTY, "b": "x = 1\n"}
    assert capsys.readouterr().out == (
        "a.py\n  would fix line 2: Use create_redis_from_config() (MR101, MR201)\n\n"
        "1 fix would be made in 1 file; 0 findings would be left.\n"
    )


def test_a_check_of_what_is_fine_exits_with_0(tmp_path: Path) -> None:
    write(tmp_path, a=FIXED)
    assert main(["fix", str(tmp_path), "--check"]) == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--diff", "--check"],
        ["--check", "-i"],
        ["--undo", "--diff"],
        ["--undo", "--verify", "true"],
        ["--check", "--verify", "true"],
    ],
)
def test_options_that_contradict_each_other_are_refused(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, a=FAULTY)
    assert main(["fix", str(tmp_path), *options]) == 2
    assert "does not go with" in capsys.readouterr().err
    assert texts(tmp_path) == {"a": FAULTY}


def test_a_fix_of_nowhere_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix"]) == 2
    assert "Missing argument 'PATH...'" in capsys.readouterr().err


# --- --interactive ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "fixed"),
    [
        ("y\nn\ny\n", "ac"),
        ("n\ny\nq\n", "b"),
        ("n\na\n", "bc"),
        ("q\n", ""),
        ("y\n", "a"),
        ("", ""),
        ("what\n?\nYES\nno\nn\n", "a"),
    ],
    ids=["some", "quit", "all", "none", "end of answers", "no answer", "help"],
)
def test_only_the_fixes_that_are_wanted_are_made(
    tmp_path: Path, answers: str, fixed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a=FAULTY, b=FAULTY, c=FAULTY)
    monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
    assert main(["fix", str(tmp_path), "-i"]) == 0
    assert texts(tmp_path) == {name: FIXED if name in fixed else FAULTY for name in "abc"}


def test_each_question_shows_what_it_is_about_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, a=SECRET)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert main(["fix", str(tmp_path), "--interactive", "--unsafe"]) == 0
    shown = capsys.readouterr().out
    assert "-client = redis.Redis(host='localhost', password='***')\n" in shown
    assert "+client = create_redis_from_config()\na.py:2: Use create_redis_from_config()" in shown
    assert " (MR101, MR202; unsafe)\nMake" in shown
    assert "Make this fix [y,n,a,q,?]? " in shown
    assert "left    line 2: MR101 hardcoded-endpoint: declined: " in shown
    assert "hunter2" not in shown


def test_declining_one_of_two_fixes_of_a_file_keeps_the_import_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a=FAULTY + "other = redis.Redis(host='localhost', db=1)\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\ny\n"))
    assert main(["fix", str(tmp_path), "-i"]) == 0
    text = texts(tmp_path)["a"]
    assert "import redis\n" in text
    assert "client = redis.Redis(host='localhost')\n" in text
    assert "other = create_redis_from_config(db=1)\n" in text


def test_nobody_to_ask_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, a=FAULTY)
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert main(["fix", str(tmp_path), "-i"]) == 2
    assert "--interactive: standard input is no terminal" in capsys.readouterr().err
    assert texts(tmp_path) == {"a": FAULTY}


# --- --undo ----------------------------------------------------------------------------------------------------------


def test_an_undo_restores_bytes_and_modes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {"a": b"\xef\xbb\xbf" + FAULTY.replace("\n", "\r\n").encode(), "b": FAULTY.encode()}
    for name, content in before.items():
        (tmp_path / f"{name}.py").write_bytes(content)
        (tmp_path / f"{name}.py").chmod(0o755 if name == "a" else 0o600)
    assert main(["fix", "--code-only", str(tmp_path)]) == 0
    assert "create_redis_from_config" in texts(tmp_path)["a"]
    assert main(["fix", "--undo", str(tmp_path)]) == 0
    assert {file.stem: file.read_bytes() for file in tmp_path.glob("*.py")} == before
    assert [stat.S_IMODE((tmp_path / f"{name}.py").stat().st_mode) for name in "ab"] == [0o755, 0o600]
    assert "restored a.py\nrestored b.py\n2 files as before the run of " in capsys.readouterr().out


def test_runs_are_undone_one_after_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, a=FAULTY, b=SECRET)
    main(["fix", str(tmp_path)])
    main(["fix", str(tmp_path), "--unsafe"])
    assert texts(tmp_path) == {"a": FIXED, "b": FIXED}
    assert main(["fix", "--undo", str(tmp_path)]) == 0
    assert texts(tmp_path) == {"a": FIXED, "b": SECRET}
    assert main(["fix", "--undo", str(tmp_path)]) == 0
    assert texts(tmp_path) == {"a": FAULTY, "b": SECRET}
    capsys.readouterr()
    assert main(["fix", "--undo", str(tmp_path)]) == 2
    assert "nothing to undo" in capsys.readouterr().err


def test_a_run_that_changed_nothing_is_none_to_undo(tmp_path: Path) -> None:
    write(tmp_path, a=FAULTY)
    main(["fix", str(tmp_path)])
    main(["fix", str(tmp_path)])
    assert main(["fix", "--undo", str(tmp_path)]) == 0
    assert texts(tmp_path) == {"a": FAULTY}


def test_a_file_that_changed_since_is_left_and_named(
    tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, a=FAULTY, b=FAULTY, c=FAULTY)
    main(["fix", str(tmp_path)])
    (tmp_path / "a.py").write_text(FIXED + "more = 1\n")
    (tmp_path / "c.py").unlink()
    capsys.readouterr()
    assert main(["fix", "--undo", str(tmp_path)]) == 1
    assert texts(tmp_path) == {"a": FIXED + "more = 1\n", "b": FAULTY}
    shown = capsys.readouterr().out
    assert "left     a.py: it changed since it was fixed\n" in shown
    assert "left     c.py: it was removed since it was fixed\n" in shown
    (kept,) = state.rglob("*.zip")
    assert f"What was left held before that run is in {kept}." in shown
    assert main(["fix", "--undo", str(tmp_path)]) == 2  # that run is over


def test_an_undo_goes_no_further_than_it_is_told(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, a=FAULTY)
    main(["fix", str(tmp_path)])
    assert main(["fix", "--undo", str(tmp_path / "one")]) == 0
    assert (texts(tmp_path / "one"), texts(tmp_path / "two")) == ({"a": FAULTY}, {"a": FIXED})
    assert main(["fix", "--undo", str(tmp_path / "two/a.py")]) == 0
    assert texts(tmp_path / "two") == {"a": FAULTY}


def test_an_undo_without_a_path_is_about_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a=FAULTY)
    main(["fix", str(tmp_path / "a.py")])
    monkeypatch.chdir(tmp_path)
    assert main(["fix", "--undo"]) == 0
    assert texts(tmp_path) == {"a": FAULTY}


def test_without_a_journal_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, a=FAULTY)
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv("MOORING_STATE_DIR", str(tmp_path / "no folder"))
    assert main(["fix", str(tmp_path)]) == 2
    assert "cannot keep the journal: Not a directory; set MOORING_STATE_DIR to another" in capsys.readouterr().err
    assert texts(tmp_path) == {"a": FAULTY}


# --- --verify --------------------------------------------------------------------------------------------------------

# Fails where a file of the tree that is named on its command line is fixed.
CHECK = """\
import pathlib, sys
broken = [n for n in sys.argv[2:] if "mooring" in pathlib.Path(n).read_text()]
with pathlib.Path(sys.argv[1]).open("a") as log:
    log.write("run\\n")
sys.exit(f"broken: {broken} password='hunter2'" if broken else 0)
"""


def checking(tmp_path: Path, *names: str) -> tuple[Path, str]:
    """A tree of eight faulty files, and a command that fails where one of `names` is fixed."""
    tree = tmp_path / "tree"
    tree.mkdir()
    write(tree, **dict.fromkeys("abcdefgh", FAULTY))
    (tmp_path / "check.py").write_text(CHECK)
    return tree, f"'{sys.executable}' '{tmp_path / 'check.py'}' '{tmp_path / 'log'}' {' '.join(names)}"


def test_a_check_that_passes_keeps_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree, command = checking(tmp_path)
    assert main(["fix", str(tree), "--verify", command]) == 0
    assert set(texts(tree).values()) == {FIXED}
    assert (tmp_path / "log").read_text() == "run\n" * 2
    assert "passes before the fix" in capsys.readouterr().err


@pytest.mark.parametrize("names", [["c"], ["a", "h"], list("abcdefgh")])
def test_the_fixes_that_break_a_check_are_undone_and_named(
    tmp_path: Path, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    tree, command = checking(tmp_path, *(f"{name}.py" for name in names))
    assert main(["fix", str(tree), "--verify", command]) == 1
    assert texts(tree) == {name: FAULTY if name in names else FIXED for name in "abcdefgh"}
    shown = capsys.readouterr()
    named = [line.split(": ")[2] for line in shown.err.splitlines() if "does not pass with this fix" in line]
    assert named == [f"{name}.py" for name in names]
    assert "hunter2" not in shown.err + shown.out
    assert "broken: [" in shown.err
    if len(names) < 8:
        assert main(["fix", "--undo", str(tree)]) == 0
    assert set(texts(tree).values()) == {FAULTY}


def test_a_check_that_fails_before_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree, _ = checking(tmp_path)
    assert main(["fix", str(tree), "--verify", "false"]) == 2
    assert "--verify false: exits with 1 before anything is fixed" in capsys.readouterr().err
    assert set(texts(tree).values()) == {FAULTY}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("", 'needs a command, such as "pytest -q"'),
        ("'unclosed", "cannot be taken apart into words: No closing quotation"),
        ("no-such-program -q", "cannot be run: No such file or directory"),
    ],
)
def test_a_check_that_cannot_be_run_is_wrong_usage(
    tmp_path: Path, command: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, a=FAULTY)
    assert main(["fix", str(tmp_path), "--verify", command]) == 2
    assert reason in capsys.readouterr().err
    assert texts(tmp_path) == {"a": FAULTY}


def test_a_check_is_not_run_where_nothing_would_change(tmp_path: Path) -> None:
    write(tmp_path, a=FIXED)
    assert main(["fix", str(tmp_path), "--verify", "false"]) == 0


@pytest.mark.parametrize("run", [1, 2, 3, 5])
def test_ctrl_c_during_a_check_restores_everything(
    tmp_path: Path, run: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tree, command = checking(tmp_path, "c.py", "f.py")
    ran, made = Trial.run, []

    def interrupted(trial: Trial) -> object:
        made.append(ran(trial))
        if len(made) == run:
            raise KeyboardInterrupt
        return made[-1]

    monkeypatch.setattr(Trial, "run", interrupted)
    assert main(["fix", str(tree), "--verify", command]) == 130
    assert set(texts(tree).values()) == {FAULTY}
    capsys.readouterr()
    assert main(["fix", "--undo", str(tree)]) == (2 if run == 1 else 0)  # before the first, there is no journal
    assert set(texts(tree).values()) == {FAULTY}


def test_the_search_for_what_breaks_a_check_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tree, command = checking(tmp_path, "a.py", "h.py")
    monkeypatch.setattr(execution, "RUNS", 3)
    assert main(["fix", str(tree), "--verify", command]) == 1
    assert (tmp_path / "log").read_text() == "run\n" * 5
    assert "3 runs did not tell whether because of this fix" in capsys.readouterr().err
    assert texts(tree)["a"] == texts(tree)["h"] == FAULTY


def test_what_the_check_itself_changed_is_not_undone_but_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    write(tree, a=FAULTY, b=FAULTY)
    rude = "import pathlib; p = pathlib.Path('a.py'); t = p.read_text(); s = 'mooring' in t; "
    rude += "s and p.write_text(t + '# seen\\n'); raise SystemExit(s)"
    assert main(["fix", str(tree), "--verify", f'"{sys.executable}" -c "{rude}"']) == 2
    assert texts(tree)["a"].startswith(FIXED + "# seen\n")
    assert "a.py: not undone: it changed on disk since it was fixed" in capsys.readouterr().err


def test_a_file_edited_while_the_check_ran_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    write(tree, a=FAULTY, b=FAULTY)
    edit = "import pathlib; p = pathlib.Path('a.py'); p.write_text('edited = 1\\n')"
    assert main(["fix", str(tree), "--verify", f'"{sys.executable}" -c "{edit}"']) == 2
    assert texts(tree) == {"a": "edited = 1\n", "b": FIXED}
    assert "a.py: it changed on disk since it was read; run again" in capsys.readouterr().err
