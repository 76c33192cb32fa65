"""The layout of a call's arguments: takes some out and changes others, and leaves every other character alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

__all__ = ["Action", "Layout", "edit_arguments"]

# Between two arguments stand only blanks, comments, one comma and the parentheses around either argument.
GAP_PART = re.compile(r"#[^\r\n]*|[,()]")
LINE_END = re.compile(r"[\r\n]|\Z")

Replacement = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Action:
    """What becomes of one argument: it stays, goes, gets a keyword, or makes place for `text`."""

    kind: Literal["keep", "drop", "keyword", "replace"] = "keep"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """An argument with the parentheses around it, and where its comma ends, if it has one."""

    start: int
    end: int
    comma: int | None

    @property
    def stop(self) -> int:
        """Where the argument ends, its comma included."""
        return self.end if self.comma is None else self.comma


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the arguments of a call stand in `text`: between `opening` and `closing`, without those parentheses."""

    text: str
    opening: int
    closing: int
    slots: tuple[Slot, ...]

    @classmethod
    def read(cls, text: str, func_end: int, call_end: int, spans: Sequence[tuple[int, int]]) -> Layout:
        """The layout of a call whose function ends at `func_end`, whose arguments have `spans`, in order."""
        closing = call_end - 1
        borders = [*spans, (closing, closing)]
        opening, start = _opening(text, func_end, borders[0][0])
        slots = []
        for (_, value_end), (following, _) in pairwise(borders):
            end, comma, next_start = _gap(text, value_end, following)
            slots.append(Slot(start, end, comma))
            start = next_start
        return cls(text, opening, closing, tuple(slots))

    def comments(self, start: int, end: int) -> bool:
        """Whether a comment stands between two offsets outside any argument."""
        return any(part.group().startswith("#") for part in GAP_PART.finditer(self.text, start, end))

    def gaps(self) -> Iterator[tuple[int, int]]:
        """The stretches outside any argument."""
        position = self.opening
        for slot in self.slots:
            yield position, slot.start
            position = slot.end
        yield position, self.closing


def edit_arguments(layout: Layout, actions: Sequence[Action]) -> Iterator[Replacement]:
    """The replacements that carry out one action per argument."""
    emptied = bool(actions) and all(action.kind == "drop" for action in actions)
    if emptied and not any(layout.comments(*gap) for gap in layout.gaps()):
        yield layout.opening, layout.closing, ""
        return
    for slot, action in zip(layout.slots, actions, strict=True):
        if action.kind == "keyword":
            yield slot.start, slot.start, f"{action.text}="
        elif action.kind == "replace":
            yield slot.start, slot.end, action.text
    for first, last in _runs(layout, actions):
        start, slot = layout.slots[first].start, layout.slots[last]
        if slot.comma is not None and layout.comments(slot.end, slot.comma):
            yield start, slot.end, ""
            yield slot.comma - 1, slot.comma, ""
        else:
            yield _without(layout, actions, first, last)


def _opening(text: str, func_end: int, first: int) -> tuple[int, int]:
    """Where the parenthesis of the call has opened, and where the first argument starts."""
    opening, start = func_end, first
    opened = False
    for part in GAP_PART.finditer(text, func_end, first):
        if part.group() != "(":
            continue
        if opened:
            start = part.start()
            break
        opening, opened = part.end(), True
    return opening, start


def _gap(text: str, end: int, following: int) -> tuple[int, int | None, int]:
    """Where the argument before a gap ends, where its comma ends, and where the argument after the gap starts."""
    comma, start = None, following
    for part in GAP_PART.finditer(text, end, following):
        match part.group():
            case ",":
                comma = part.end()
            case ")" if comma is None:
                end = part.end()
            case "(" if comma is not None and start == following:
                start = part.start()
    return end, comma, start


def _runs(layout: Layout, actions: Sequence[Action]) -> Iterator[tuple[int, int]]:
    """The first and last index of each run of dropped arguments with no comment between them."""
    first: int | None = None
    for index, action in enumerate(actions):
        if action.kind != "drop":
            continue
        if first is None:
            first = index
        following = index + 1
        joined = (
            following < len(actions)
            and actions[following].kind == "drop"
            and not layout.comments(layout.slots[index].end, layout.slots[following].start)
        )
        if not joined:
            yield first, index
            first = None


def _without(layout: Layout, actions: Sequence[Action], first: int, last: int) -> Replacement:
    """The deletion of the arguments `first` to `last`, with the blanks and the comma that nobody needs any more."""
    text, slots = layout.text, layout.slots
    start, stop = slots[first].start, slots[last].stop
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    line_end = LINE_END.search(text, stop)
    rest = text[stop : line_end.start() if line_end else len(text)]
    blanks = len(rest) - len(rest.lstrip())
    before = slots[first - 1] if first and actions[first - 1].kind != "drop" else None
    after = slots[last + 1] if last + 1 < len(slots) and actions[last + 1].kind != "drop" else None
    leads_line = not text[line_start:start].strip()
    closes = rest.lstrip().startswith(")")

    if leads_line and not rest.strip():
        return line_start, _next_line(text, stop), ""
    if before and slots[last].comma is None and closes and not layout.comments(before.end, start):
        return before.end, stop, ""
    if leads_line or (after and rest.strip() and not rest.lstrip().startswith("#")):
        return start, stop + blanks, ""
    if before:
        return len(text[:start].rstrip()), stop, ""
    if after and not layout.comments(stop, after.start):
        return start, after.start, ""
    return start, stop, ""


def _next_line(text: str, offset: int) -> int:
    end = LINE_END.search(text, offset)
    position = end.start() if end else len(text)
    return position + (2 if text.startswith("\r\n", position) else 1)
