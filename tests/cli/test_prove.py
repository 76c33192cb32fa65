"""`mooring prove` that is told to stop leaves nothing behind: no server, no stand-in, no Redis, no copy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import mooring

# Never completes the handshake, and ends when its input does.
WAITING = "import sys\nsys.stdin.read()\nimport mcp\n"
UPSTREAM = """\
import time
print("listening on http://127.0.0.1:9", flush=True)
time.sleep(600)
"""


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A place for temporary files; a private Redis refuses a socket whose path is long."""
    with tempfile.TemporaryDirectory(prefix="m-") as name:
        yield Path(name).resolve()


def processes_in(folder: Path) -> list[str]:
    """The processes that work in a folder or below it."""
    found = (os.path.realpath(link) for link in Path("/proc").glob("[0-9]*/cwd"))
    return sorted(path for path in found if path.startswith(f"{folder}/"))


def wait_for(folder: Path, ending: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not any(path.endswith(ending) for path in processes_in(folder)):
        assert process.poll() is None, "it ended before it was told to"
        assert time.monotonic() < deadline, f"nothing ever ran in {ending}"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end_leaves_nothing_behind(
    tmp_path: Path, short_folder: Path, number: signal.Signals
) -> None:
    for path, source in {"servers/waiting/server.py": WAITING, "upstream/fake.py": UPSTREAM}.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(source)
    packages = str(Path(mooring.__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-m", "mooring", "prove", str(tmp_path)],
        env={**os.environ, "TMPDIR": str(short_folder), "PYTHONPATH": packages},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        wait_for(short_folder, "servers/waiting", process)
        process.send_signal(number)
        _, told = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in told
    assert processes_in(short_folder) == []
    assert list(short_folder.iterdir()) == []
