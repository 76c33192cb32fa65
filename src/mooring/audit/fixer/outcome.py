"""What fixing came to, as data: what changed, what was refused, what is left for a person."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mooring.audit.edits import Fix
from mooring.audit.files import SourceFile
from mooring.audit.rule import Finding

__all__ = ["Applied", "Change", "Declined", "Failure", "Fate", "FixOutcome", "Left", "Refused"]

# Only a line feed ends a line of a diff, as for git and patch; a carriage return before it belongs to the line.
DIFF_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Applied:
    """A fix that was made: for which rules and findings, and at which line of the text that it was made in."""

    path: str
    line: int
    rules: tuple[str, ...]
    title: str
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A fix that was undone because its file would have been worse off."""

    finding: Finding
    fix: Fix
    reason: str


@dataclass(frozen=True, slots=True)
class Declined:
    """A fix that the user did not want."""

    finding: Finding
    fix: Fix


@dataclass(frozen=True, slots=True)
class Left:
    """A finding that stays, and why."""

    finding: Finding
    reason: str


class Fate(StrEnum):
    """What became of a change that does not stand."""

    NOT_WRITTEN = "not written"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"  # because nothing stands that it goes with
    NOT_UNDONE = "not undone"  # because somebody else changed the file in the meantime


@dataclass(frozen=True, slots=True)
class Failure:
    """A changed file that could not be written, or whose change was undone; why, and what became of it."""

    path: str
    reason: str
    fate: Fate = Fate.NOT_WRITTEN


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after, and the fixes in between; where it is `created`, there is none before."""

    source: SourceFile
    text: str
    applied: tuple[Applied, ...]
    created: bool = False

    @property
    def path(self) -> str:
        """The file, relative to the root of the audit."""
        return self.source.path

    @property
    def before(self) -> bytes | None:
        """What the file holds before the change; None where there is no file."""
        return None if self.created else self.source.encode(self.source.text)

    @property
    def after(self) -> bytes:
        """What the file holds after the change."""
        return self.source.encode(self.text)

    def diff(self) -> str:
        """The change as a unified diff that `patch -p1` and `git apply` take, secrets and all."""
        mark = "\ufeff" if self.source.bom else ""
        lines = difflib.unified_diff(
            [] if self.created else DIFF_LINE.findall(mark + self.source.text),
            DIFF_LINE.findall(mark + self.text),
            "/dev/null" if self.created else f"a/{self.path}",
            f"b/{self.path}",
        )
        return "".join(_ended(lines))


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """Everything that fixing came to; `rounds` is how often it looked again, `declined` what the user did not want."""

    changes: tuple[Change, ...]
    refused: tuple[Refused, ...]
    left: tuple[Left, ...]
    rounds: int
    declined: tuple[Declined, ...] = ()


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
