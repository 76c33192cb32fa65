"""What a rewrite consists of: edits, what a person has to do, and what is to be told about the rest."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from mooring.audit.edits import Edit
from mooring.audit.edits.syntax import Syntax
from mooring.audit.facts import Span

__all__ = ["ByHand", "Change", "File", "Function", "Todo", "Told"]

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class ByHand(Exception):
    """This cannot be rewritten; the message says what a person should do."""


@dataclass(frozen=True, slots=True, order=True)
class Todo:
    """A place that only a person can rewrite, and how; `name` is what aioredis has there and redis-py does not."""

    span: Span
    advice: str
    path: str
    name: str = ""

    def __str__(self) -> str:
        return f"line {self.span.line}: {self.advice}"


@dataclass(frozen=True, slots=True)
class Told:
    """A difference that stays after the rewrite and that a reader must know of."""

    text: str


Change: TypeAlias = Edit | Todo | Told


@dataclass(frozen=True, eq=False)
class File:
    """The syntax of one file, with the way up from each node, and what to say of a node."""

    syntax: Syntax

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node that holds each node."""
        return {child: node for node in ast.walk(self.syntax.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def imported(self) -> frozenset[str]:
        """The modules that `import …` at the top of the file makes usable by their own names."""
        statements = (node for node in self.syntax.tree.body if isinstance(node, ast.Import))
        return frozenset(alias.name for node in statements for alias in node.names if alias.asname is None)

    @cached_property
    def packages(self) -> frozenset[str]:
        """The names under which aioredis itself is imported."""
        return frozenset(
            alias.asname or alias.name
            for node in ast.walk(self.syntax.tree)
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.name == "aioredis"
        )

    @cached_property
    def taken(self) -> dict[str, str]:
        """The names that are imported from aioredis or a module of it, by what they are called here."""
        return {
            alias.asname or alias.name: alias.name
            for node in ast.walk(self.syntax.tree)
            if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "aioredis"
            for alias in node.names
        }

    def code(self, node: ast.expr | ast.keyword) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.syntax.text[start:end]

    def span(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        """Where the text of a node starts and ends."""
        value = node.value if isinstance(node, ast.keyword) else node
        source = self.syntax.source
        return source.offset(node.lineno, source.column(node.lineno, node.col_offset)), self.syntax.end(value)

    def arguments(self, node: ast.Call) -> list[ast.expr | ast.keyword]:
        """The arguments of a call in the order of the source."""
        given: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        return sorted(given, key=self.span)

    def edit(self, start: int, end: int, text: str) -> Edit:
        """The replacement of a stretch of this file."""
        return Edit(self.syntax.source.path, start, end, text)

    def replace(self, node: ast.expr, text: str) -> Edit:
        """The replacement of a node."""
        return self.edit(*self.span(node), text)

    def todo(self, node: ast.expr | ast.stmt | ast.alias, advice: str, name: str = "") -> Todo:
        """What is to be done by hand at a node."""
        source, end_line = self.syntax.source, node.end_lineno or node.lineno
        span = Span(
            node.lineno,
            source.column(node.lineno, node.col_offset),
            end_line,
            source.column(end_line, node.end_col_offset or node.col_offset),
        )
        return Todo(span, advice, source.path, name)

    def todo_at(self, offset: int, advice: str) -> Todo:
        """What is to be done by hand on the line of an offset."""
        line = bisect_right(self.syntax.source.starts, offset)
        return Todo(Span(line, 1, line, len(self.syntax.source.line(line)) + 1), advice, self.syntax.source.path)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes that hold a node, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function(self, node: ast.AST) -> Function | None:
        """The innermost function that a node stands in."""
        return next((above for above in self.above(node) if isinstance(above, Function)), None)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node belongs to."""
        return next(each for each in (node, *self.above(node)) if isinstance(each, ast.stmt))

    def in_coroutine(self, node: ast.AST) -> bool:
        """Whether `await` can stand where a node stands."""
        return isinstance(self.function(node), ast.AsyncFunctionDef)

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements among which one stands."""
        holder = self.parents[statement]
        blocks = (getattr(holder, name, None) for name in ("body", "orelse", "finalbody"))
        return next(block for block in blocks if isinstance(block, list) and statement in block)

    def without_line(self, statement: ast.stmt) -> Edit | None:
        """The deletion of a statement that has its line to itself and company in its block; else None."""
        syntax, start, end = self.syntax, self.syntax.start(statement), self.syntax.end(statement)
        alone = syntax.starts_line(start) and not syntax.text[end : syntax.line_end(end)].strip()
        if not alone or len(self.block(statement)) == 1:
            return None
        return self.edit(syntax.line_start(start), syntax.next_line(end), "")
