"""The tree on disk: which of its files are read."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pathspec

from mooring.errors import UsageError

__all__ = ["common_root", "walk"]

# Never part of a project, whether or not a .gitignore says so.
SKIPPED_DIRECTORIES = frozenset(
    {
        "__pycache__", ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", ".mypy_cache", ".ruff_cache",
        ".pytest_cache", "node_modules", "site-packages", "dist-packages", ".eggs", "_vendor", "third_party", "vendor",
    }
)  # fmt: skip
READ = (".py", ".ipynb", ".yaml", ".yml")
# Manifests without such an ending: Procfile, Procfile.dev; .env, .env.local, prod.env, no samples; a kustomization.
NAMED = re.compile(
    r"(?!.*(?:example|sample|template|dist))(?:Procfile(?:\.[\w.-]+)?|\.env(?:\.[\w.-]+)?|[\w.-]+\.env|Kustomization)",
    re.IGNORECASE,
)


def common_root(paths: Sequence[Path]) -> Path:
    """The folder that holds all `paths`."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    common = folders[0]
    for folder in folders[1:]:
        while common not in (folder, *folder.parents):
            common = common.parent
    return common


def walk(root: Path, paths: Iterable[Path], exclude: Iterable[str] = (), base: Path | None = None) -> Iterator[str]:
    """The Python files, notebooks and manifests at or below `paths`, relative to `root`, each once, in order.

    In a checkout these are the files that git tracks or would track; elsewhere the `.gitignore` files decide. What
    `exclude` matches (git's patterns, relative to `base`, which is `root` by default), virtual environments and
    vendored code are passed over. A symbolic link to a directory is not followed, so that no loop can trap the walk. A
    path named outright is always taken, ignored or not.
    """
    excluded = Excluded(exclude, base or root)
    seen: set[str] = set()
    for start in paths:
        if not start.exists():
            raise UsageError(f"{start}: no such file or directory")
        above = Path(os.path.relpath(start, root)).as_posix()
        prefix = "" if above == "." else f"{above}/"
        for name in [""] if start.is_file() else _listed(start, excluded):
            path = f"{prefix}{name}" if name else above
            if path not in seen:
                seen.add(path)
                yield path


class Excluded:
    """What the user excludes: git's patterns, relative to a folder."""

    def __init__(self, patterns: Iterable[str], base: Path) -> None:
        lines = list(patterns)
        self._spec = pathspec.GitIgnoreSpec.from_lines(lines) if lines else None
        self._base = base

    def __call__(self, path: str) -> bool:
        """Whether `path` is excluded; a folder's ends in a slash."""
        if self._spec is None:
            return False
        slash = "/" if path.endswith("/") else ""
        return self._spec.match_file(Path(os.path.relpath(path, self._base)).as_posix() + slash)


def _listed(start: Path, excluded: Excluded) -> Iterator[str]:
    """The files below a folder, relative to it, by git where it can tell."""
    tracked = _tracked(start)
    if tracked is None:
        yield from _below(str(start), "", _rules_above(start), excluded)
        return
    known: dict[str, bool] = {"": False}
    for name in tracked:
        if _is_read(name) and not _passed_over(str(start), posixpath.dirname(name), known):
            path = f"{start}/{name}"
            if _is_file(path) and not excluded(path):
                yield name


def _is_read(path: str) -> bool:
    """Whether a file is read, by its name."""
    return path.endswith(READ) or NAMED.fullmatch(posixpath.basename(path)) is not None


def _tracked(start: Path) -> list[str] | None:
    """What git tracks or would track below `start`, or None outside a checkout and where git cannot tell."""
    if not any((folder / ".git").exists() for folder in (start, *start.parents)):
        return None
    git = ["git", "-C", str(start)]
    try:
        if subprocess.run([*git, "check-ignore", "-q", "."], capture_output=True, check=False).returncode == 0:
            return None  # named outright, so wanted all the same
        listed = subprocess.run(
            [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return sorted(set(os.fsdecode(listed).split("\0")) - {""})


def _passed_over(start: str, folder: str, known: dict[str, bool]) -> bool:
    """Whether a folder below `start` is, or lies in, one that is never part of a project."""
    if folder not in known:
        above, name = posixpath.split(folder)
        known[folder] = _passed_over(start, above, known) or _foreign(name, f"{start}/{folder}")
    return known[folder]


def _foreign(name: str, path: str) -> bool:
    """Whether a folder is never part of a project; so is a virtual environment, whatever it is called."""
    return name in SKIPPED_DIRECTORIES or os.path.lexists(f"{path}/pyvenv.cfg")


# The rules of a `.gitignore`, with the folder that they are relative to.
Ignored = tuple[str, pathspec.GitIgnoreSpec]


def _below(folder: str, prefix: str, inherited: list[Ignored], excluded: Excluded) -> Iterator[str]:
    rules = [*inherited, *_gitignore(folder)]
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            shut = f"{entry.path}/"
            if not _foreign(name, entry.path) and not excluded(shut) and not _left_out(shut, rules):
                yield from _below(entry.path, f"{prefix}{name}/", rules, excluded)
        elif _is_read(name) and _is_file(entry.path) and not (excluded(entry.path) or _left_out(entry.path, rules)):
            yield prefix + name


def _is_file(path: str) -> bool:
    """Whether a path is a file, or a link to nowhere: whoever reads that says why it cannot be read."""
    return os.path.isfile(path) or (os.path.islink(path) and not os.path.exists(path))  # noqa: PTH110, PTH113, PTH114


def _left_out(path: str, rules: list[Ignored]) -> bool:
    """What the nearest .gitignore that says anything decides, as in git; a folder's path ends in a slash."""
    for folder, spec in reversed(rules):
        verdict = spec.check_file(path.removeprefix(folder).removeprefix("/")).include
        if verdict is not None:
            return verdict
    return False


def _gitignore(folder: str) -> list[Ignored]:
    try:
        lines = Path(folder, ".gitignore").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [(folder, pathspec.GitIgnoreSpec.from_lines(lines))]


def _rules_above(start: Path) -> list[Ignored]:
    """The .gitignore files between the checkout that holds `start` and `start` itself."""
    parents = list(start.parents)
    for depth, parent in enumerate(parents):
        if (parent / ".git").exists():
            rules = [rule for folder in reversed(parents[: depth + 1]) for rule in _gitignore(str(folder))]
            return [] if _left_out(f"{start}/", rules) else rules
    return []
