"""The stand-in for the fleet's upstream services, where the fleet ships one."""

from __future__ import annotations

import re
import select
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

_URL = re.compile(r"https?://[^\s]+")
_PATIENCE = 30.0
_GRACE = 5.0


@contextmanager
def serve_upstream(fleet: Path, env: Mapping[str, str]) -> Iterator[str | None]:
    """Run the fleet's own stand-in while the block lasts, and give its base URL; None where the fleet ships none.

    Raises `ProofError` if it does not say where it listens within 30 seconds.
    """
    script = fleet / SCRIPT
    if not script.is_file():
        yield None
        return
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, script.name, "--port", "0"],
            cwd=script.parent,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        )
        try:
            if process.stdout is None:
                raise ProofError(f"{SCRIPT} gives no output to read its address from")
            yield _announced(process.stdout, output)
        finally:
            _stop(process)


def _announced(pipe: IO[bytes], output: IO[bytes]) -> str:
    deadline = time.monotonic() + _PATIENCE
    text = b""
    while (left := deadline - time.monotonic()) > 0:
        readable, _, _ = select.select([pipe], [], [], left)
        chunk = pipe.read1() if readable else b""  # type: ignore[attr-defined]
        if not chunk:
            break
        text += chunk
        found = _URL.search(text.decode(errors="replace"))
        if found and b"\n" in text:
            return found.group().rstrip("/")
    output.seek(0)
    written = output.read().decode(errors="replace")
    reason = cause(written) or last_line(written) or f"nothing printed in {_PATIENCE:g} s"
    raise ProofError(f"{SCRIPT} did not say where it listens: {reason}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
