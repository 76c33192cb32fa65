"""The user's check runs in the tree without a shell, and ends when it hangs or is interrupted."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from mooring.audit.fixer import Trial, trial


def python(code: str) -> str:
    return f"'{sys.executable}' -c \"{code}\""


def test_a_check_runs_in_the_tree_with_nothing_to_read_and_leaves_no_compiled_modules(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("x = 1\n")
    code = "import module, os, sys; print(os.getcwd(), repr(sys.stdin.read()))"
    attempt = Trial(python(code), tmp_path).run()
    assert attempt.passed
    assert attempt.output == f"{tmp_path.resolve()} ''\n"
    assert [file.name for file in tmp_path.iterdir()] == ["module.py"]


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    attempt = Trial(f"{python('import sys; print(sys.argv[1:])')} '$HOME' '*' ; false", tmp_path).run()
    assert attempt.output == "['$HOME', '*', ';', 'false']\n"


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("raise SystemExit(3)", "exits with 3"),
        ("import os; os.kill(os.getpid(), 9)", "is killed by signal 9"),
    ],
)
def test_a_check_that_fails_says_how(tmp_path: Path, code: str, ending: str) -> None:
    attempt = Trial(python(code), tmp_path).run()
    assert (attempt.passed, attempt.ending) == (False, ending)


def test_only_the_end_of_a_long_output_is_kept(tmp_path: Path) -> None:
    attempt = Trial(python("print('x' * 100_000 + 'end')"), tmp_path).run()
    assert attempt.output.endswith("xend\n")
    assert len(attempt.output) == trial.TAIL


def test_a_check_that_hangs_after_the_fix_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "MINUTE", 0.5)
    monkeypatch.setattr(trial, "PATIENCE", 1)
    sleeper = "import subprocess, pathlib; p = subprocess.Popen(['sleep', '60']); "
    sleeper += "pathlib.Path('pid').write_text(str(p.pid)); pathlib.Path('hang').exists() and p.wait()"
    check = Trial(python(sleeper), tmp_path)
    assert check.run().passed
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    (tmp_path / "hang").touch()
    attempt = check.run()
    assert attempt.ending.startswith("is not done after ")
    assert not alive(int((tmp_path / "pid").read_text()))


def test_an_interrupted_check_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    check = Trial(python("import subprocess; p = subprocess.Popen(['sleep', '60']); "
                         "open('pid', 'w').write(str(p.pid)); p.wait()"), tmp_path)  # fmt: skip

    def interrupt() -> None:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        check.run()
    thread.join()
    assert not alive(int((tmp_path / "pid").read_text()))


def alive(process: int) -> bool:
    """Whether a process still runs, a moment later."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        if state == "Z":  # ended, and only waits for its parent to ask
            return False
        time.sleep(0.02)
    return True
