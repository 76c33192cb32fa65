"""The stand-in for the fleet's upstream services, where the fleet ships one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mooring.errors import ProofError
from mooring.prove.reasons import cause, last_line

__all__ = ["SCRIPT", "serve_upstream"]

SCRIPT = Path("upstream/fake.py")
"""Where a fleet keeps it: started with `--port 0`, it prints a line with its base URL once it listens."""

_LEASH = Path(__file__).with_name("leash.py")
_URL = re.compile(rb"https?://\S+(?=\s)")
_PATIENCE = 30.0
_LOOK_AGAIN = 0.05
_GRACE = 5.0
_HEAD = 64 * 1024


@contextmanager
def serve_upstream(fleet: Path, env: Mapping[str, str]) -> Iterator[str | None]:
    """Run the fleet's own stand-in while the block lasts, and give its base URL; None where the fleet ships none.

    Raises `ProofError` if it does not say where it listens within 30 seconds.
    """
    script = fleet / SCRIPT
    if not script.is_file():
        yield None
        return
    # Files, not pipes: nobody reads on once the address is known, and a full pipe would stop it in its tracks.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, str(_LEASH), str(os.getpid()), script.name, "--port", "0"],
            cwd=script.parent,
            env={**env, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            yield _announced(process, output, errors)
        finally:
            _stop(process)


def _announced(process: subprocess.Popen[bytes], output: IO[bytes], errors: IO[bytes]) -> str:
    deadline = time.monotonic() + _PATIENCE
    ended = False
    while not ended and time.monotonic() < deadline:
        # Asked before the file is read, so that its last words count.
        ended = process.poll() is not None
        found = _URL.search(_head(output))
        if found:
            return found.group().decode(errors="replace").rstrip("/")
        time.sleep(_LOOK_AGAIN)
    written = _head(errors).decode(errors="replace")
    unsaid = "it printed no address" + ("" if ended else f" within {_PATIENCE:g} s")
    raise ProofError(f"{SCRIPT} did not say where it listens: {cause(written) or last_line(written) or unsaid}")


def _head(file: IO[bytes]) -> bytes:
    # The child writes through the same open file, so its own offset must stay: read at a position instead.
    return os.pread(file.fileno(), _HEAD, 0)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
