"""From the text of one Python file to the facts in it, by the standard library's parser, or past its errors."""

from __future__ import annotations

import ast
import symtable
import warnings

from mooring.audit.facts import Confidence, Module, Unreadable
from mooring.audit.files import SourceFile
from mooring.audit.python.mentions import mentioned_imports
from mooring.audit.python.statements import Reader

__all__ = ["fault", "parse", "read_module"]


def fault(source: SourceFile) -> Unreadable | None:
    """Why `source` has no syntax tree, if it has none; a third faster than making the tree."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            symtable.symtable(source.text, source.path, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # It also refuses what parses and does not compile.
        tree = parse(source)
        return tree if isinstance(tree, Unreadable) else None
    return None


def parse(source: SourceFile) -> ast.Module | Unreadable:
    """The syntax tree of `source`, or why there is none."""
    try:
        with warnings.catch_warnings():
            # Invalid escapes and the like in somebody else's code are not ours to report.
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except SyntaxError as error:
        return Unreadable(source.path, error.lineno, f"does not parse: {error.msg}")
    except ValueError as error:
        return Unreadable(source.path, None, f"does not parse: {error}")
    except (RecursionError, MemoryError):
        return Unreadable(source.path, None, "does not parse: nested too deeply")


def read_module(source: SourceFile) -> tuple[Module | None, Unreadable | None]:
    """What `source` says by itself, and why that is not all, if it is not.

    A file that does not parse is read as far as it can be mended, with low confidence.
    """
    tree = parse(source)
    unreadable = None
    if isinstance(tree, Unreadable):
        unreadable = tree
        # tree-sitter takes 36 ms to load, and only broken files need it.
        from mooring.audit.python.recovery import recover  # noqa: PLC0415

        recovered = recover(source)
        if recovered is None:
            return None, unreadable
        tree, source = recovered
    try:
        module = Reader(source).read(tree)
    except RecursionError:
        return None, unreadable or Unreadable(source.path, None, "is nested too deeply to be read")
    module.mentioned = mentioned_imports(source, tree)
    if unreadable is not None:
        module.confidence = Confidence.LOW
    return module, unreadable
