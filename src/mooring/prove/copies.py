"""Copies of a tree: what is measured and fixed is never the user's own."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from mooring.errors import ProofError

__all__ = ["copy_tree"]

# Neither source nor configuration of a service, and often large.
_LEFT_OUT = frozenset(
    {
        "__pycache__", ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "node_modules",
        ".mypy_cache", ".ruff_cache", ".pytest_cache",
    }
)  # fmt: skip


def copy_tree(source: Path, target: Path) -> None:
    """Copy a directory to `target`, which must not exist, so that no write there can reach `source`.

    A symbolic link becomes what it points at; one that leads to a directory above itself, or nowhere, is left out, and
    so are sockets, pipes, version control, caches and virtual environments. Raises `ProofError` where a file cannot be
    read. The folder that holds `target` is left out too, so that a copy within the tree does not copy itself.
    """
    try:
        _copy(source, target, frozenset({os.path.realpath(target.parent)}))
    except OSError as error:
        raise ProofError(f"cannot copy {source}: {error.strerror or error}: {error.filename}") from error


def _copy(source: Path, target: Path, above: frozenset[str]) -> None:
    real = os.path.realpath(source)
    if real in above:
        return
    target.mkdir(parents=True)
    for entry in os.scandir(source):
        if entry.is_dir():
            if entry.name not in _LEFT_OUT and not os.path.lexists(os.path.join(entry.path, "pyvenv.cfg")):  # noqa: PTH118
                _copy(Path(entry.path), target / entry.name, above | {real})
        elif entry.is_file():
            shutil.copyfile(entry.path, target / entry.name)
            # Whoever may run it still may; and the fixer can write it, even where the original is read-only.
            (target / entry.name).chmod(stat.S_IMODE(entry.stat().st_mode) | stat.S_IWUSR)
