"""A syntax tree for a file that Python's parser refuses: what cannot be parsed is blanked out, line by line.

Fleets are full of such files (Python 2, newer syntax, merge markers, damage by other tools), and what is right in them
is as telling as anywhere. tree-sitter knows where the broken statement begins and ends; the rest keeps its lines, and
lines whose indentation had to be changed remember by how much, so that columns stay true.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace

import tree_sitter_python
from tree_sitter import Language, Node, Parser

from mooring.audit.files import SourceFile

__all__ = ["recover"]

# Each attempt parses the whole file once more; a file that is broken in more places than this is given up.
ATTEMPTS = 80
# A broken statement longer than this has swallowed what follows it: only its first line is blanked.
LONGEST = 40
INDENT = re.compile(r"[ \t]*")
OLD_EXCEPT = re.compile(
    r"^(?P<head>[ \t]*except[ \t]+[^:#,()]+?)(?P<name>[ \t]*,[ \t]*\w+)(?P<tail>[ \t]*:)", re.MULTILINE
)
OLD_STATEMENTS = frozenset({"print_statement", "exec_statement"})
OPENED_AT = re.compile(r" on line (\d+)$")


def recover(source: SourceFile) -> tuple[ast.Module, SourceFile] | None:
    """The syntax tree of what can be parsed of `source`, or None if too little can."""
    repair = Repair(source)
    for _ in range(ATTEMPTS):
        text = "\n".join(repair.lines)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
        except SyntaxError as error:
            if not repair.mend(error):
                return None
        except (ValueError, RecursionError, MemoryError):
            return None
        else:
            moved = repair.shifts.keys() | source.shifts.keys()
            shifts = {line: repair.shifts.get(line, 0) + source.shifts.get(line, 0) for line in moved}
            return tree, replace(source, text=text, shifts=shifts, editable=False)
    return None


class Repair:
    """The lines of a file, made to parse one error at a time."""

    def __init__(self, source: SourceFile) -> None:
        text = OLD_EXCEPT.sub(lambda m: m["head"] + " " * len(m["name"]) + m["tail"], source.text.replace("\0", " "))
        self.lines = [line.rstrip("\r") for line in re.split(r"\r\n|\r|\n", text)]
        self.shifts: dict[int, int] = {}
        self._blanked: set[int] = set()
        self._root = Parser(Language(tree_sitter_python.language())).parse("\n".join(self.lines).encode()).root_node
        for node in _nodes(self._root, OLD_STATEMENTS):
            self._blank(node.start_point.row, node.end_point.row)

    def mend(self, error: SyntaxError) -> bool:
        """Change the text where `error` says; False if nothing is left to change."""
        row = min(max((error.lineno or 1) - 1, 0), len(self.lines) - 1)
        if isinstance(error, IndentationError):
            opened = OPENED_AT.search(error.msg or "")
            if opened:
                return self._blank_header(int(opened.group(1)) - 1)
            if self._move(row):
                return True
        if row in self._blanked:
            # The error is a consequence of something before it.
            row = next((r for r in range(row - 1, -1, -1) if r not in self._blanked and self.lines[r].strip()), -1)
        if row < 0:
            return False
        first, last = self._statement(row)
        return self._blank(first, last)

    def _statement(self, row: int) -> tuple[int, int]:
        """The rows of the smallest statement around a row, as tree-sitter sees it."""
        column = len(self._indent(row))
        node: Node | None = self._root.descendant_for_point_range((row, column), (row, column + 1))
        while node is not None and not node.type.endswith("_statement") and node.type != "ERROR":
            node = node.parent
        if node is None or node.end_point.row - node.start_point.row > LONGEST:
            return row, row
        return min(node.start_point.row, row), max(node.end_point.row, row)

    def _blank(self, first: int, last: int) -> bool:
        """Put `pass` in place of some rows; False if they were blanked before."""
        rows = [row for row in range(first, min(last + 1, len(self.lines))) if row not in self._blanked]
        if not rows:
            return False
        self._blanked.update(rows)
        indent = self._indent(rows[0])
        for row in rows:
            self.lines[row] = ""
        self.lines[rows[0]] = f"{indent}pass"
        return True

    def _blank_header(self, row: int) -> bool:
        """A block that has no body: its header goes."""
        return row not in self._blanked and self._blank(row, row)

    def _move(self, row: int) -> bool:
        """Move the block that begins at `row` to the left, to the indentation of a line above it."""
        width = len(self._indent(row))
        outer = {len(self._indent(r)) for r in range(row) if self.lines[r].strip() and len(self._indent(r)) < width}
        above = next((r for r in range(row - 1, -1, -1) if self.lines[r].strip()), None)
        wanted = len(self._indent(above)) if above is not None else 0
        if wanted >= width:
            wanted = max(outer, default=0)
        step = width - wanted
        if step <= 0:
            return False
        for index in range(row, len(self.lines)):
            line = self.lines[index]
            if line.strip():
                if len(self._indent(index)) < width:
                    break
                self.lines[index] = line[step:]
                self.shifts[index + 1] = self.shifts.get(index + 1, 0) + step
        return True

    def _indent(self, row: int) -> str:
        match = INDENT.match(self.lines[row])
        return match.group() if match else ""


def _nodes(root: Node, types: frozenset[str]) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in types:
            yield node
        else:
            stack.extend(node.children)
