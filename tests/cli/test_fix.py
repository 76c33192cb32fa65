"""`mooring fix` says per file what it did and what it left; `--diff` only says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mooring.cli import main
from mooring.cli.fix import command

FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
FIXED = "from mooring import create_redis_from_config\nclient = create_redis_from_config()\n"
SECRET = "import redis\nclient = redis.Redis(host='localhost', password='hunter2')\n"


def test_a_fix_is_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.py"
    file.write_text(FAULTY)
    assert main(["fix", "--code-only", str(tmp_path)]) == 0
    assert file.read_text() == FIXED
    told = capsys.readouterr().out
    assert told.startswith("server.py\n  fixed   line 2: Use create_redis_from_config() (MR101, MR201)\n")
    assert "1 fix in 1 file; 0 findings left." in told


def test_a_second_run_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.py"
    file.write_text(FAULTY)
    main(["fix", "--code-only", str(tmp_path)])
    before = file.stat()
    capsys.readouterr()
    assert main(["fix", "--code-only", str(tmp_path)]) == 0
    assert (file.read_text(), file.stat().st_ino) == (FIXED, before.st_ino)
    assert capsys.readouterr().out == "0 fixes in 0 files; 0 findings left.\n"


def test_a_diff_changes_nothing_and_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.py"
    file.write_text(FAULTY)
    assert main(["fix", "--code-only", str(tmp_path), "--diff"]) == 1
    assert file.read_text() == FAULTY
    shown = capsys.readouterr()
    assert shown.out.splitlines()[:3] == ["--- a/server.py", "+++ b/server.py", "@@ -1,2 +1,2 @@"]
    assert shown.err == "mooring: would change 1 file; 0 findings would be left.\n"


def test_an_empty_diff_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server.py").write_text(FIXED)
    assert main(["fix", "--code-only", str(tmp_path), "--diff"]) == 0
    assert capsys.readouterr().out == ""


def test_an_unsafe_fix_waits_to_be_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.py"
    file.write_text(SECRET)
    assert main(["fix", "--code-only", str(tmp_path)]) == 0
    assert file.read_text() == SECRET
    assert "left    line 2: MR101 hardcoded-endpoint: its fix needs --unsafe" in capsys.readouterr().out
    assert main(["fix", "--code-only", str(tmp_path), "--unsafe"]) == 0
    assert file.read_text() == FIXED


@pytest.mark.parametrize("options", [[], ["--diff"], ["--unsafe", "--diff"], ["--unsafe"]])
def test_no_output_shows_a_password(tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server.py").write_text(SECRET + "other = redis.from_url('redis://:hunter2@cache')\n")
    main(["fix", "--code-only", str(tmp_path), *options])
    shown = capsys.readouterr()
    assert "hunter2" not in shown.out + shown.err


def test_a_masked_diff_says_that_it_does_not_apply(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server.py").write_text(SECRET)
    assert main(["fix", "--code-only", str(tmp_path), "--unsafe", "--diff"]) == 1
    shown = capsys.readouterr()
    assert "-client = redis.Redis(host='localhost', password='***')\n" in shown.out
    assert "passwords are masked" in shown.err


def test_only_the_chosen_rules_are_fixed(tmp_path: Path) -> None:
    file = tmp_path / "server.py"
    text = "import aioredis\nclient = aioredis.from_url('redis://localhost')\n"
    file.write_text(text)
    assert main(["fix", "--code-only", str(tmp_path), "--select", "MR401"]) == 0
    assert file.read_text() == text.replace("import aioredis", "from redis import asyncio as aioredis")


def test_tests_are_fixed_on_request(tmp_path: Path) -> None:
    file = tmp_path / "test_server.py"
    file.write_text(FAULTY)
    assert main(["fix", "--code-only", str(tmp_path)]) == 0
    assert file.read_text() == FAULTY
    assert main(["fix", "--code-only", str(tmp_path), "--include-tests"]) == 0
    assert file.read_text() == FIXED


FLEET = Path(__file__).parents[2] / "examples/fleet"


def test_the_example_fleet_is_fixed_once_and_for_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fleet = tmp_path / "fleet"
    shutil.copytree(FLEET, fleet, ignore=shutil.ignore_patterns("__pycache__"))
    before = {file: file.read_bytes() for file in sorted(fleet.rglob("*.*")) if file.is_file()}
    assert main(["fix", "--code-only", str(fleet)]) == 0
    changed = [file for file, content in before.items() if file.read_bytes() != content]
    assert [file.relative_to(fleet).as_posix() for file in changed] == [
        f"servers/{name}/server.py"
        for name in ("billing", "catalog", "customers", "inventory", "notifications", "orders", "shipping", "tickets")
    ]
    for file in changed:
        content = file.read_bytes()
        compile(content, file, "exec")
        assert (b"\r\n" in content) == (b"\r\n" in before[file])
        assert content.count(b"#") == before[file].count(b"#")
    assert main(["audit", str(fleet), "--select", "MR1,MR2,MR3,MR401"]) == 0
    capsys.readouterr()
    assert main(["fix", "--code-only", str(fleet), "--diff"]) == 0


def test_a_file_that_cannot_be_written_exits_with_2_and_the_others_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(FAULTY)
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "a.py" and allowed(path, mode))
    assert main(["fix", "--code-only", str(tmp_path)]) == 2
    assert ((tmp_path / "a.py").read_text(), (tmp_path / "b.py").read_text()) == (FAULTY, FIXED)
    shown = capsys.readouterr()
    assert "a.py\n  not written: cannot be written: it is read-only\n" in shown.out
    assert "1 fix in 1 file" in shown.out
    assert shown.err == "mooring: error: a.py: cannot be written: it is read-only\n"


def test_the_help_fits_a_screen_with_each_option_on_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["fix", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    options = lines[lines.index("Options:") + 1 :]
    assert len(options) == len(command.params)  # PATH is no option, and --help is one
    assert all(line.lstrip().startswith("-") for line in options)
