"""The tree on disk: which files matter, and their text with every character where it was."""

from __future__ import annotations

import codecs
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pathspec

from mooring.errors import UsageError

__all__ = ["SourceFile", "Undecodable", "decode", "is_test", "read", "walk"]

# Never part of a project, whether or not a .gitignore says so.
SKIPPED_DIRECTORIES = frozenset(
    {
        "__pycache__", ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", ".mypy_cache", ".ruff_cache",
        ".pytest_cache", "node_modules", "site-packages", "dist-packages", ".eggs", "_vendor", "third_party", "vendor",
    }
)  # fmt: skip
MANIFEST_SUFFIXES = (".yaml", ".yml")
LINE = re.compile(r"\r\n|\r|\n")
# PEP 263: a declaration on one of the first two lines, the first of which may otherwise hold only a comment.
CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?\r?$")


class Undecodable(ValueError):
    """The bytes of a file are not text in the encoding that it declares."""


@dataclass(frozen=True)
class SourceFile:
    """One file: `path` relative to the root with `/`, its decoded text with newlines as they stand, without the BOM."""

    path: str
    location: Path
    text: str
    encoding: str = "utf-8"
    bom: bool = False

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line starts."""
        return [0, *(match.end() for match in LINE.finditer(self.text))]

    @property
    def newline(self) -> str:
        r"""The newline that an added line must end with: the file's first, else `\n`."""
        match = LINE.search(self.text)
        return match.group() if match else "\n"

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its newline."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, both from 1."""
        return self.starts[line - 1] + column - 1

    def column(self, line: int, byte_offset: int) -> int:
        """The column (from 1, in characters) of a UTF-8 byte offset into a line, as `ast` gives it."""
        text = self.line(line)
        if text.isascii():
            return byte_offset + 1
        return len(text.encode()[:byte_offset].decode(errors="ignore")) + 1

    def encode(self, text: str) -> bytes:
        """The bytes of `text` as this file is encoded."""
        return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)


def decode(data: bytes) -> tuple[str, str, bool]:
    """The text of a Python file, its encoding and whether it began with a BOM (PEP 263).

    Raises `Undecodable` where the bytes are not what the file declares.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    if bom:
        data = data[3:]
    encoding = "utf-8"
    for line in data.split(b"\n", 2)[:2]:
        declared = CODING.match(line)
        if declared:
            encoding = declared.group(1).decode("ascii", "replace")
            break
        if not BLANK.match(line):
            break
    try:
        return data.decode(encoding), encoding, bom
    except LookupError as error:
        raise Undecodable(f"unknown encoding {encoding!r}") from error
    except UnicodeDecodeError as error:
        raise Undecodable(f"not {encoding}: byte {error.start} is {data[error.start]:#04x}") from error


def read(root: Path, path: str, data: bytes) -> SourceFile:
    """The file at `path` under `root`, whose bytes are `data`."""
    text, encoding, bom = decode(data)
    return SourceFile(path, root / path, text, encoding, bom)


def walk(root: Path, paths: Iterable[Path], exclude: Iterable[str] = ()) -> Iterator[str]:
    """The Python files and manifests at or below `paths`, relative to `root`, each once, in order.

    In a checkout these are the files that git tracks or would track; elsewhere the `.gitignore` files decide. What
    `exclude` matches (git's patterns), virtual environments and vendored code are passed over. A symbolic link to a
    directory is not followed, so that no loop can trap the walk. A path named outright is always taken, ignored or not.
    """
    excluded = pathspec.GitIgnoreSpec.from_lines(exclude)
    seen: set[str] = set()
    for start in paths:
        if not start.exists():
            raise UsageError(f"{start}: no such file or directory")
        for file in [start] if start.is_file() else _listed(root, start, excluded):
            relative = Path(os.path.relpath(file, root)).as_posix()
            if relative not in seen:
                seen.add(relative)
                yield relative


def is_test(path: str) -> bool:
    """Whether the contract calls this path a test: `test_*.py`, `*_test.py`, `conftest.py` or anything in `tests/`."""
    *folders, name = path.split("/")
    stem = name.removesuffix(".py")
    return "tests" in folders or stem.startswith("test_") or stem.endswith("_test") or name == "conftest.py"


def _listed(root: Path, start: Path, excluded: pathspec.GitIgnoreSpec) -> Iterator[Path]:
    """The files below a folder, by git where it can tell."""
    tracked = _tracked(start)
    if tracked is None:
        yield from _below(root, start, _rules_above(start), excluded)
        return
    environments: dict[Path, bool] = {}
    for name in tracked:
        path = start / name
        folders = Path(name).parts[:-1]
        if not _matters(path.name) or not SKIPPED_DIRECTORIES.isdisjoint(folders):
            continue
        if _in_environment(start, path.parent, environments) or not path.is_file():
            continue
        if not excluded.match_file(Path(os.path.relpath(path, root)).as_posix()):
            yield path


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


def _in_environment(start: Path, folder: Path, known: dict[Path, bool]) -> bool:
    """Whether a folder lies in a virtual environment that was committed."""
    if folder not in known:
        inside = os.path.lexists(folder / "pyvenv.cfg")
        known[folder] = inside or (folder != start and _in_environment(start, folder.parent, known))
    return known[folder]


Ignored = tuple[Path, pathspec.GitIgnoreSpec]


def _below(root: Path, folder: Path, inherited: list[Ignored], excluded: pathspec.GitIgnoreSpec) -> Iterator[Path]:
    rules = [*inherited, *_gitignore(folder)]
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            skipped = entry.name in SKIPPED_DIRECTORIES or os.path.lexists(path / "pyvenv.cfg")
            if not skipped and not _ignored(path, rules, excluded, root, "/"):
                yield from _below(root, path, rules, excluded)
        elif _matters(entry.name) and entry.is_file() and not _ignored(path, rules, excluded, root, ""):
            yield path


def _matters(name: str) -> bool:
    return name.endswith((".py", *MANIFEST_SUFFIXES))


def _ignored(path: Path, rules: list[Ignored], excluded: pathspec.GitIgnoreSpec, root: Path, mark: str) -> bool:
    if excluded.match_file(Path(os.path.relpath(path, root)).as_posix() + mark):
        return True
    return _left_out(path, rules, mark)


def _left_out(path: Path, rules: list[Ignored], mark: str) -> bool:
    """What the nearest .gitignore that says anything decides, as in git; `mark` is a slash for a folder."""
    for folder, spec in reversed(rules):
        verdict = spec.check_file(path.relative_to(folder).as_posix() + mark).include
        if verdict is not None:
            return verdict
    return False


def _gitignore(folder: Path) -> list[Ignored]:
    try:
        lines = (folder / ".gitignore").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [(folder, pathspec.GitIgnoreSpec.from_lines(lines))]


def _rules_above(start: Path) -> list[Ignored]:
    """The .gitignore files between the checkout that holds `start` and `start` itself."""
    parents = list(start.parents)
    for depth, parent in enumerate(parents):
        if (parent / ".git").exists():
            rules = [rule for folder in reversed(parents[: depth + 1]) for rule in _gitignore(folder)]
            return [] if _left_out(start, rules, "/") else rules
    return []
