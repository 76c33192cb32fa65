"""A run that is killed at any moment leaves each file old or new, and can be undone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mooring.audit.fixer.disk import PREFIX
from mooring.cli import main

FILES = 200
KILLS = 30
OLD = "import redis\nclient = redis.Redis(host='localhost')\n" + "# ballast\n" * 50
NEW = OLD.replace("import redis", "from mooring import create_redis_from_config").replace(
    "redis.Redis(host='localhost')", "create_redis_from_config()"
)


def start(tree: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mooring", "fix", str(tree)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))


def wait_for_the_journal(state: Path, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and not list(state.rglob("*.zip")):
        time.sleep(0.001)


def contents(tree: Path) -> set[str]:
    return {file.read_text() for file in tree.rglob("*.py")}


def test_a_killed_run_leaves_each_file_old_or_new_and_can_be_undone(tmp_path: Path, state: Path) -> None:
    tree = tmp_path / "tree"
    for number in range(FILES):
        file = tree / f"package_{number % 8}" / f"module_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(OLD)
    chance = random.Random(20260101)
    halfway = 0
    for _ in range(KILLS):
        process = start(tree)
        wait_for_the_journal(state, process)
        time.sleep(chance.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = contents(tree)
        assert found <= {OLD, NEW}
        halfway += len(found) == 2
        assert main(["fix", "--undo", str(tree)]) == 0
        assert contents(tree) == {OLD}
        assert len(list(tree.rglob("*.*"))) == FILES  # no litter
        assert not any(state.rglob("*.zip"))
    assert halfway >= KILLS // 10, "the kills came at moments that prove nothing"


def test_the_run_after_a_killed_one_clears_up_and_finishes(tmp_path: Path, state: Path) -> None:
    (tmp_path / "a.py").write_text(OLD)
    litter = tmp_path / f"{PREFIX}abc.tmp"
    litter.write_text("half")
    assert main(["fix", "--code-only", str(tmp_path)]) == 0
    assert [file.name for file in tmp_path.iterdir()] == ["a.py"]
    assert (tmp_path / "a.py").read_text() == NEW


@pytest.mark.parametrize("wait", [0.0, 0.02])
def test_ctrl_c_while_files_are_written_restores_all(tmp_path: Path, state: Path, wait: float) -> None:
    for number in range(FILES):
        (tmp_path / f"module_{number}.py").write_text(OLD)
    process = start(tmp_path)
    wait_for_the_journal(state, process)
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert contents(tmp_path) == {OLD}
    assert len(list(tmp_path.iterdir())) == FILES


def test_ctrl_c_as_a_file_comes_into_being_leaves_no_litter(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / f"module_{number}.py").write_text(OLD)
    make = tempfile.mkstemp
    here: list[str] = []

    def interrupted(prefix: str, suffix: str, dir: Path) -> tuple[int, str]:  # noqa: A002 - as its original
        descriptor, name = make(prefix=prefix, suffix=suffix, dir=dir)
        if dir == tmp_path:
            here.append(name)
        if len(here) == 2:
            os.close(descriptor)
            raise KeyboardInterrupt
        return descriptor, name

    monkeypatch.setattr(tempfile, "mkstemp", interrupted)
    assert main(["fix", "--code-only", str(tmp_path)]) == 130
    assert len(here) > 2, "nothing was put back"
    assert {file.name for file in tmp_path.iterdir()} == {f"module_{number}.py" for number in range(3)}
    assert contents(tmp_path) == {OLD}
