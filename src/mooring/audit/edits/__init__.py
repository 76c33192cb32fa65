"""Edits as data. A fix is a set of replacements of spans, graded by how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Edit", "Fix", "Safety", "apply", "choose"]


class Safety(StrEnum):
    """How far a fix can be trusted."""

    SAFE = "safe"  # means the same wherever the environment is set up as the message says
    UNSAFE = "unsafe"  # right as a rule, but may change what the program does: applied on request only
    DISPLAY = "display-only"  # a suggestion to read, never applied


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the characters `start` to `end` of the file at `path` (offsets into its decoded text) by `text`."""

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One change with a title; its edits are applied together or not at all."""

    title: str
    edits: tuple[Edit, ...]
    safety: Safety


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Make edits of one file; the same edit given twice is made once.

    An insertion at the border of a replacement stays on its side of it. Raises `ValueError` where edits overlap.
    """
    parts = []
    position = 0
    previous: Edit | None = None
    for edit in sorted(set(edits)):
        if previous is not None and _clash(previous, edit):
            raise ValueError(f"{edit.path}: edits overlap at offset {edit.start}")
        parts += [text[position : edit.start], edit.text]
        position = edit.end
        previous = edit
    return "".join([*parts, text[position:]])


def choose(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes that can be made in one go: each that does not touch what an earlier one changes.

    Two fixes may share an edit, an added import for one; a fix left out has its turn once the others are made.
    """
    taken: dict[str, set[Edit]] = {}
    chosen = []
    for fix in fixes:
        if not any(_clash(edit, other) for edit in fix.edits for other in taken.get(edit.path, ())):
            chosen.append(fix)
            for edit in fix.edits:
                taken.setdefault(edit.path, set()).add(edit)
    return chosen


def _clash(one: Edit, other: Edit) -> bool:
    if one == other:
        return False
    if one.start == other.start and one.end == other.end:
        return True  # two insertions at one place, or two opinions on one span
    return one.start < other.end and other.start < one.end
