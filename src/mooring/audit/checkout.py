"""What git has not got of the files in a checkout: what a fix would mix with, and git could not bring back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from mooring.errors import UsageError

__all__ = ["uncommitted"]

# Where the name starts in an entry: after two letters and a blank.
NAME = 3
FORCE = "mend that, or pass --force"


def uncommitted(root: Path, paths: Iterable[str]) -> list[str]:
    """Those of `paths` below `root` that are modified, staged or untracked in their checkout.

    What is outside of any, and what git ignores, is none of its business. Each file's own checkout is asked, since a
    tree may hold several. Raises `UsageError` where git cannot tell.
    """
    found = []
    dirty: dict[Path, frozenset[str]] = {}
    for path in paths:
        file = (root / path).resolve()
        top = next((folder for folder in file.parents if (folder / ".git").exists()), None)
        if top is None:
            continue
        if top not in dirty:
            dirty[top] = frozenset(_dirty(top))
        if file.relative_to(top).as_posix() in dirty[top]:
            found.append(path)
    return found


def _dirty(top: Path) -> Iterator[str]:
    """What `git status` names in a checkout, relative to its top."""
    status = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=all"]
    try:
        done = subprocess.run(["git", "-C", str(top), "--no-optional-locks", *status], capture_output=True, check=False)
    except OSError as error:
        raise UsageError(
            f"{top}: git cannot be run to look for uncommitted changes: {error.strerror}; {FORCE}"
        ) from error
    if done.returncode:
        reason = os.fsdecode(done.stderr).strip().splitlines() or ["it says no more"]
        told = reason[0].removeprefix("fatal: ")
        raise UsageError(f"{top}: git cannot look for uncommitted changes: {told}; {FORCE}")
    for entry in os.fsdecode(done.stdout).split("\0"):
        yield entry[NAME:]
