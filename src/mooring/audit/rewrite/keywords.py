"""The keyword arguments of one call: added in its layout, changed, or taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from mooring.audit.edits import Edit
from mooring.audit.facts import Argument, Call, Constant
from mooring.audit.files import SourceFile
from mooring.audit.rewrite.arguments import Action, Layout, Slot, edit_arguments
from mooring.audit.rewrite.given import code_of

__all__ = ["Keywords"]


@dataclass(frozen=True)
class Keywords:
    """The arguments of `call` in `source`."""

    source: SourceFile
    call: Call

    @cached_property
    def arguments(self) -> list[Argument]:
        """They, in the order of the source."""
        return sorted(self.call.arguments, key=lambda argument: argument.span)

    @cached_property
    def layout(self) -> Layout:
        """Where they stand."""
        offset, func, whole = self.source.offset, self.call.func_span, self.call.span
        spans = [
            (offset(a.span.line, a.span.column), offset(a.span.end_line, a.span.end_column)) for a in self.arguments
        ]
        func_end, call_end = offset(func.end_line, func.end_column), offset(whole.end_line, whole.end_column)
        return Layout.read(self.source.text, func_end, call_end, spans)

    def put(self, keyword: str, code: str, position: int | None = None) -> tuple[Edit, ...] | None:
        """Give an argument the value `code`: at its place, which must hold a literal, else behind all others."""
        given = self.call.argument(keyword, position)
        if given is None:
            return tuple(
                Edit(self.source.path, *replacement) for replacement in _added(self.layout, f"{keyword}={code}")
            )
        if not isinstance(given.value, Constant):
            return None
        span = given.value_span
        start = self.source.offset(span.line, span.column)
        return (Edit(self.source.path, start, start + len(code_of(self.source, span)), code),)

    def drop(self, keywords: Collection[str]) -> tuple[Edit, ...] | None:
        """Take arguments out; None where a comment would go with one."""
        return self.change([Action("drop") if one.keyword in keywords else Action() for one in self.arguments])

    def change(self, actions: Sequence[Action]) -> tuple[Edit, ...] | None:
        """Carry out one action per argument, in the order of the source; None where a comment would go with one."""
        slots = zip(self.layout.slots, actions, strict=True)
        gone = [slot for slot, action in slots if action.kind in ("drop", "replace")]
        if any(_holds_comment(self.layout.text[slot.start : slot.end]) for slot in gone):
            return None
        return tuple(Edit(self.source.path, *replacement) for replacement in edit_arguments(self.layout, actions))


def _holds_comment(code: str) -> bool:
    return "#" in code and ("\n" in code or "\r" in code)


def _added(layout: Layout, argument: str) -> Iterator[tuple[int, int, str]]:
    """The insertions of an argument behind the last: on a line of its own where that has one."""
    if not layout.slots:
        yield layout.opening, layout.opening, argument
        return
    text, last = layout.text, layout.slots[-1]
    indent = _own_line(layout, last)
    line_end = _line_end(text, last.stop)
    comma = last.comma is not None
    if indent is None:
        yield (last.stop, last.stop, f" {argument},") if comma else (last.end, last.end, f", {argument}")
        return
    newline = "\r\n" if text.startswith("\r\n", line_end) else text[line_end]
    line = f"{newline}{indent}{argument}"
    if comma:
        yield line_end, line_end, f"{line},"
    elif last.end == line_end:
        yield line_end, line_end, f",{line}"
    else:  # a comment stands in between, and stays beside what it is about
        yield last.end, last.end, ","
        yield line_end, line_end, line


def _own_line(layout: Layout, slot: Slot) -> str | None:
    """The indentation of an argument that has its line for itself, apart from a comment; None if it has not."""
    text = layout.text
    start = max(text.rfind("\n", 0, slot.start), text.rfind("\r", 0, slot.start)) + 1
    rest = text[slot.stop : _line_end(text, slot.stop)].strip()
    alone = not text[start : slot.start].strip() and (not rest or rest.startswith("#"))
    return text[start : slot.start] if alone else None


def _line_end(text: str, offset: int) -> int:
    ends = [end for end in (text.find("\n", offset), text.find("\r", offset)) if end >= 0]
    return min(ends, default=len(text))
