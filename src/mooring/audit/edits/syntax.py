"""A parsed file whose nodes are found again in its text."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mooring.audit.edits.names import bound_names, undefined_names, used_names
from mooring.audit.files import SourceFile

__all__ = ["LINE_REST", "Syntax", "parse"]

LINE_END = re.compile(r"\r\n|\r|\n|\Z")
# What may follow the last statement of a line.
LINE_REST = re.compile(r"[ \t\f]*;?[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
BLANK_LINE = re.compile(r"[ \t\f]*(?:\r\n|\r|\n)")


@dataclass(frozen=True, eq=False)
class Syntax:
    """The syntax tree of `source`; all positions are offsets into its text."""

    source: SourceFile
    tree: ast.Module

    @property
    def text(self) -> str:
        """The text that the offsets count in."""
        return self.source.text

    @cached_property
    def used_names(self) -> set[str]:
        """Every name that the file uses."""
        return used_names(self.tree, self.text)

    @cached_property
    def bound_names(self) -> Counter[str]:
        """How often each name is bound in the file."""
        return bound_names(self.tree)

    @cached_property
    def undefined_names(self) -> set[str]:
        """The names that are used where nothing defines them; raises `SyntaxError` if the file does not compile."""
        return undefined_names(self.text, self.used_names, self.bound_names)

    @cached_property
    def f_strings(self) -> list[tuple[int, int]]:
        """Where each f-string starts and ends."""
        return [(self.start(node), self.end(node)) for node in ast.walk(self.tree) if isinstance(node, ast.JoinedStr)]

    def start(self, node: ast.stmt | ast.expr | ast.alias) -> int:
        """Where a node starts; a decorated definition starts with its first decorator."""
        line, column = node.lineno, node.col_offset
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list:
            # The `@` before the first decorator is part of it, and stands first in its line.
            return self.line_start(self.start(node.decorator_list[0]))
        return self.source.offset(line, self.source.column(line, column))

    def end(self, node: ast.stmt | ast.expr | ast.alias) -> int:
        """Where a node ends."""
        line, column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self.source.offset(line, self.source.column(line, column))

    def line_start(self, offset: int) -> int:
        """Where the line of `offset` starts."""
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def line_end(self, offset: int) -> int:
        """Where the line of `offset` ends, before its newline."""
        match = LINE_END.search(self.text, offset)
        return match.start() if match else len(self.text)

    def next_line(self, offset: int) -> int:
        """Where the line after that of `offset` starts."""
        match = LINE_END.search(self.text, offset)
        return match.end() if match else len(self.text)

    def line_above(self, offset: int) -> int:
        """Where the line before the one that starts at `offset` starts."""
        return self.line_start(offset - (2 if self.text.startswith("\r\n", offset - 2) else 1))

    def starts_line(self, offset: int) -> bool:
        """Whether only blanks stand before `offset` on its line."""
        return not self.text[self.line_start(offset) : offset].strip()

    def ends_line(self, offset: int) -> bool:
        """Whether no further code stands after `offset` on its line."""
        return LINE_REST.match(self.text, offset) is not None

    def blank(self, offset: int) -> bool:
        """Whether the line that starts at `offset` holds nothing (the end of the file counts)."""
        return offset >= len(self.text) or BLANK_LINE.match(self.text, offset) is not None


@lru_cache(maxsize=8)
def parse(source: SourceFile) -> Syntax | None:
    """The syntax of a file, or None where Python's own parser refuses it, and where its text is not its own."""
    if not source.editable:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in somebody else's code are not ours to report
            return Syntax(source, ast.parse(source.text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
