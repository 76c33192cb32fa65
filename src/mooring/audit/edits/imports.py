"""Import statements: which there are, and where a new one goes."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mooring.audit.edits import Edit
from mooring.audit.edits.syntax import Syntax

__all__ = ["Block", "ImportNode", "Provided", "Statement", "module_of", "plain_imports", "provide"]

ImportNode = ast.Import | ast.ImportFrom
Block = ast.Try | ast.TryStar | ast.If | ast.With | ast.AsyncWith | ast.For | ast.AsyncFor | ast.While
Owner = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | Block


@dataclass(frozen=True, slots=True)
class Provided:
    """How code can spell a name that an import brings, and the edits that make it so."""

    expression: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """An import that stands directly in the body of `owner`: the module, a function, or a block of either."""

    node: ImportNode
    owner: Owner


def plain_imports(tree: ast.Module) -> Iterator[Statement]:
    """The imports that run whenever their module or function does: none in an `if`, `try`, `with` or class."""
    for owner in ast.walk(tree):
        if isinstance(owner, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            for node in owner.body:
                if isinstance(node, ImportNode):
                    yield Statement(node, owner)


def module_of(node: ImportNode, alias: ast.alias) -> tuple[str, int]:
    """The module that one name of an import comes from, and the number of leading dots."""
    return (alias.name, 0) if isinstance(node, ast.Import) else (node.module or "", node.level)


def provide(syntax: Syntax, module: str, name: str, before: int, beside: Collection[str] = ()) -> Provided:
    """Make `name` of `module` usable from the offset `before` on, with at most one insertion.

    What is imported already is used as it is called there; a name that means something else in the file gets an alias.
    A new import joins those of the packages `beside`, which are of its kind, where there are any.
    """
    above = [node for node in syntax.tree.body if isinstance(node, ImportNode) and syntax.end(node) <= before]
    for node in above:
        for alias in node.names:
            expression = _imported_as(node, alias, module, name)
            if expression and syntax.bound_names[alias.asname or alias.name] == 1:
                return Provided(expression, ())
    local = _free_name(syntax, name, module)
    item = name if local == name else f"{name} as {local}"
    for node in above:
        if isinstance(node, ast.ImportFrom) and (node.module, node.level) == (module, 0) and node.names[0].name != "*":
            return Provided(local, (_extended(syntax, node, item),))
    statement = f"from {module} import {item}"
    blocks = _blocks(syntax, above)
    if not blocks:
        return Provided(local, (_first_import(syntax, statement, before),))
    kindred = next((block for block in reversed(blocks) if _roots(block) & set(beside)), None)
    if kindred is not None:
        return Provided(local, (_joined(syntax, statement, module, kindred),))
    return Provided(local, (_below(syntax, blocks[-1][-1], statement),))


def _imported_as(node: ImportNode, alias: ast.alias, module: str, name: str) -> str:
    """How `name` of `module` is spelt after this import; empty if it brings neither."""
    if isinstance(node, ast.ImportFrom):
        return (alias.asname or name) if (node.module, node.level, alias.name) == (module, 0, name) else ""
    plain = alias.name == module and (alias.asname or "." not in module)
    return f"{alias.asname or module}.{name}" if plain else ""


def _free_name(syntax: Syntax, name: str, module: str) -> str:
    """`name`, or a longer one where that means something in the file."""
    local, prefix = name, f"{module.partition('.')[0]}_"
    # A look at the text spares most files the walk through their trees.
    while local in syntax.text and local in syntax.bound_names.keys() | syntax.used_names:
        local = prefix + local
    return local


def _extended(syntax: Syntax, node: ast.ImportFrom, item: str) -> Edit:
    """Add `item` to a `from` import: in order on one line, on a line of its own in a list of lines."""
    first, last = node.names[0], node.names[-1]
    if first.lineno != last.lineno or first.lineno != node.lineno:
        start = syntax.start(first)
        indent = syntax.text[syntax.line_start(start) : start]
        separator = f",{syntax.source.newline}{indent}" if not indent.strip() else ", "
        return Edit(syntax.source.path, start, start, item + separator)
    following = next((alias for alias in node.names if alias.name > item), None)
    if following is not None:
        start = syntax.start(following)
        return Edit(syntax.source.path, start, start, f"{item}, ")
    end = syntax.end(last)
    return Edit(syntax.source.path, end, end, f", {item}")


def _blocks(syntax: Syntax, imports: Sequence[ImportNode]) -> list[list[ImportNode]]:
    """The imports in runs of adjacent lines; those from `__future__` are in none, for nothing may stand before them."""
    blocks: list[list[ImportNode]] = []
    reached = -1
    for node in imports:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        if syntax.line_start(syntax.start(node)) <= reached:
            blocks[-1].append(node)
        else:
            blocks.append([node])
        reached = syntax.next_line(syntax.end(node))
    return blocks


def _roots(block: Sequence[ImportNode]) -> set[str]:
    return {module_of(node, alias)[0].partition(".")[0] for node in block for alias in node.names}


def _joined(syntax: Syntax, statement: str, module: str, block: Sequence[ImportNode]) -> Edit:
    """The insertion of a `from` import into a block: in order where the block is in order, else at its end."""
    following = _following(syntax, module, block)
    if following is not None:
        start = syntax.start(following)
        return Edit(syntax.source.path, start, start, statement + syntax.source.newline)
    return _below(syntax, block[-1], statement)


def _following(syntax: Syntax, module: str, block: Sequence[ImportNode]) -> ast.ImportFrom | None:
    """The statement of the block that a `from` import of `module` goes before, if the block is in order."""
    froms = [node for node in block if isinstance(node, ast.ImportFrom)]
    keys = [(node.module or "").lower() for node in froms]
    in_order = keys == sorted(keys) and list(block[len(block) - len(froms) :]) == froms
    alone = all(syntax.starts_line(syntax.start(node)) for node in froms)
    if not in_order or not alone or any(node.level for node in froms):
        return None
    return next((node for node, key in zip(froms, keys, strict=True) if key > module.lower()), None)


def _first_import(syntax: Syntax, statement: str, before: int) -> Edit:
    """The insertion of a file's first import: below its docstring and `__future__` imports, set off by blank lines."""
    body, newline = syntax.tree.body, syntax.source.newline
    heads = [
        node
        for index, node in enumerate(body)
        if syntax.end(node) <= before and (isinstance(node, ast.ImportFrom) or (index == 0 and _is_text(node)))
        if not isinstance(node, ast.ImportFrom) or node.module == "__future__"
    ]
    if heads:
        return _below(syntax, heads[-1], statement, apart=True)
    start = _below_header(syntax, syntax.start(body[0]))
    gap = "" if syntax.blank(start) else newline
    return Edit(syntax.source.path, start, start, statement + newline + gap)


def _below(syntax: Syntax, anchor: ast.stmt, statement: str, *, apart: bool = False) -> Edit:
    """The insertion of a statement after `anchor`: on the next line, or behind it where another follows on its line."""
    path, newline = syntax.source.path, syntax.source.newline
    end = syntax.end(anchor)
    if not syntax.ends_line(end):
        return Edit(path, end, end, f"; {statement}")
    start = syntax.next_line(end)
    above = newline if apart else ""
    below = newline if apart and not syntax.blank(start) else ""
    return Edit(path, start, start, above + statement + newline + below)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _below_header(syntax: Syntax, first: int) -> int:
    """Where the first statement starts, with the comments right above it, but below those that open the file."""
    start = attached = syntax.line_start(first)
    while attached > 0:
        above = syntax.line_above(attached)
        if not syntax.text[above:attached].lstrip().startswith("#"):
            return attached
        attached = above
    return start
