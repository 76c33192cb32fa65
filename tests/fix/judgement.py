"""What is wrong with a fixed file, told from its text, the edits and the result: no trust in the fixer is needed.

One round of the fixer makes edits and then drops the imports that they left without a use. So a file is judged in two
steps: every node of the syntax tree that no edit touches stands where the edits moved it, and what is dropped after
that are imports alone.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mooring.audit.edits import Edit, apply
from mooring.audit.files import SourceFile, decode

__all__ = ["faults"]

NEWLINE = re.compile(r"\r\n|\r|\n")
# Comments about the statement beside them, which go with an import that goes.
PRAGMA = re.compile(r"#\s*(?:noqa|type:\s*ignore|pylint:|pyright:|isort:|fmt:|nosec)", re.IGNORECASE)

Placed = ast.stmt | ast.expr | ast.alias | ast.arg | ast.keyword
# Where a node stands, what it is, and in which statements.
Place = tuple[int, int, str, tuple[str, ...]]


def faults(before: SourceFile, edits: Sequence[Edit], text: str) -> Iterator[str]:
    """What is wrong with `text`, into which `edits` and the dropping of imports have made `before`."""
    edited = apply(before.text, edits)
    yield from _broken(before, text)
    try:
        trees = [_tree(before.text), _tree(edited), _tree(text)]
    except SyntaxError:
        yield "it does not parse"
        return
    yield from _moved(before, edits, trees[0], edited, trees[1])
    if _without_imports(trees[1]) != _without_imports(trees[2]):
        yield "more than imports went with what nothing uses"
    yield from _comment_faults(before.text, text)
    strange = set(NEWLINE.findall(text)) - set(NEWLINE.findall(before.text))
    if strange:
        yield f"it has newlines that it did not have: {strange}"


def _comments(text: str) -> Counter[str]:
    """The comments of a module."""
    tokens = tokenize.generate_tokens(io.StringIO(text, newline="").readline)
    return Counter(token.string.rstrip() for token in tokens if token.type == tokenize.COMMENT)


def _broken(before: SourceFile, text: str) -> Iterator[str]:
    data = before.encode(text)
    if decode(data) != (text, before.encoding, before.bom):
        yield "its bytes are not read back as they were written"
    if _compiles(before.text) and not _compiles(text):
        yield "it does not compile any more"


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<module>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _moved(
    before: SourceFile, edits: Sequence[Edit], tree: ast.Module, edited: str, result: ast.Module
) -> Iterator[str]:
    """The nodes outside all edits that are not what and where they were, seen from either side."""
    after = replace(before, text=edited)
    there, back = sorted(set(edits)), []
    for edit in there:
        start = edit.start + sum(len(e.text) - (e.end - e.start) for e in there if e < edit)
        back.append(Edit(edit.path, start, start + len(edit.text), before.text[edit.start : edit.end]))
    for one, changes, other, word in ((before, there, after, "lost"), (after, back, before, "new")):
        mine, theirs = (tree, result) if one is before else (result, tree)
        missing = Counter(_expected(one, mine, changes)) - Counter(_places(other, theirs))
        for (start, end, dump, _), _ in missing.most_common(3):
            yield f"{word} outside the edits: {start}..{end} {dump[:60]}"


def _expected(source: SourceFile, tree: ast.Module, edits: Sequence[Edit]) -> Iterator[Place]:
    """Where the nodes that no edit touches stand once the edits are made."""
    for start, end, dump, path in _places(source, tree):
        if not any(_touches(edit, start, end) for edit in edits):
            moved = sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.end <= start)
            yield start + moved, end + moved, dump, path


def _touches(edit: Edit, start: int, end: int) -> bool:
    if edit.start != edit.end:
        return edit.start < end and start < edit.end
    # Whole lines stand before a node, but an `await` there, or a name behind it, may belong to it.
    lines = edit.text.endswith(("\n", "\r"))
    return start < edit.start <= end or (start == edit.start and not lines)


def _places(source: SourceFile, node: ast.AST, path: tuple[str, ...] = ()) -> Iterator[Place]:
    for child in ast.iter_child_nodes(node):
        # A statement may well become an asynchronous one.
        inner = (*path, type(child).__name__.removeprefix("Async")) if isinstance(child, ast.stmt) else path
        if isinstance(child, Placed):
            yield *_span(source, child), ast.dump(child), path
        # Python 3.11 cannot tell where the parts of an f-string stand; it is judged as a whole.
        if not isinstance(child, ast.JoinedStr):
            yield from _places(source, child, inner)


def _span(source: SourceFile, node: Placed) -> tuple[int, int]:
    first: Placed = node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list:
        first = node.decorator_list[0]  # which Python leaves out of the span
    last, column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    start = source.offset(first.lineno, source.column(first.lineno, first.col_offset))
    return start, source.offset(last, source.column(last, column))


def _without_imports(tree: ast.Module) -> str:
    """A tree without its imports, and without what holds nothing else; a fallback to None is no more than that."""

    class Remover(ast.NodeTransformer):
        def visit_Import(self, _node: ast.Import) -> None:
            return None

        def visit_ImportFrom(self, _node: ast.ImportFrom) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.stmt | None:
            self.generic_visit(node)
            more = any(isinstance(part, ast.Call) for part in ast.walk(node.test))
            return node if more or not all(map(_is_nothing, [*node.body, *node.orelse])) else None

        def visit_Try(self, node: ast.Try) -> ast.stmt | None:
            self.generic_visit(node)
            fallbacks = [statement for handler in node.handlers for statement in handler.body]
            return node if not all(map(_is_nothing, [*node.body, *fallbacks])) else None

    return ast.dump(Remover().visit(tree))


def _is_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Assign) and ast.unparse(node.value) == "None")


def _comment_faults(before: str, after: str) -> Iterator[str]:
    try:
        old, new = _comments(before), _comments(after)
    except (tokenize.TokenError, SyntaxError):
        return  # what only the parser can read is not judged here
    lost = [comment for comment in (old - new).elements() if not PRAGMA.match(comment)]
    if lost:
        yield f"comments lost: {lost}"
    if new - old:
        yield f"comments out of nowhere: {list((new - old).elements())}"
