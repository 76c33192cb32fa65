"""Which files changed since a revision, as git tells it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from mooring.errors import UsageError

__all__ = ["changed_since"]

UNKNOWN = "Needed a single revision"


def changed_since(root: Path, revision: str) -> frozenset[str]:
    """The files below `root`, relative to it, that differ from `revision` or that git does not know yet.

    Raises `UsageError` where there is no git, no checkout or no such revision.
    """
    asked = f"--changed-since {revision}"
    _git(root, asked, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    differing = _git(root, asked, "diff", "--name-only", "--relative", "-z", "--no-ext-diff", revision, "--", ".")
    untracked = _git(root, asked, "ls-files", "-z", "--others", "--exclude-standard")
    return frozenset({*differing, *untracked} - {""})


def _git(root: Path, asked: str, *arguments: str) -> list[str]:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    except OSError as error:
        raise UsageError(f"{asked}: git cannot be run: {error.strerror}") from error
    if done.returncode:
        reason = os.fsdecode(done.stderr).strip().splitlines() or ["git says no more"]
        told = reason[0].removeprefix("fatal: ")
        raise UsageError(f"{asked}: {'git knows no such revision' if told == UNKNOWN else told}")
    return os.fsdecode(done.stdout).split("\0")
