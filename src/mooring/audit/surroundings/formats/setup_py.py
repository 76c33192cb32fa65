"""`setup.py`: the lists of text that its call of `setup` is given, if they are written out in the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mooring.audit.edits.syntax import Syntax, parse
from mooring.audit.files import SourceFile
from mooring.audit.surroundings.formats.arrays import Array, Element
from mooring.audit.surroundings.formats.listing import Format, Listing, Rank, Unsupported, name_of

__all__ = ["SETUP_PY"]

LISTS = {"install_requires": Rank.MAIN, "tests_require": Rank.GROUP}
EXTRAS = "extras_require"


def _listings(source: SourceFile) -> list[Listing]:
    syntax = _parsed(source)
    return [
        listing
        for node in ast.walk(syntax.tree)
        if isinstance(node, ast.Call) and _is_setup(node.func)
        for keyword in node.keywords
        for listing in _of_keyword(syntax, keyword)
    ]


def _parsed(source: SourceFile) -> Syntax:
    syntax = parse(source)
    if syntax is None:
        raise Unsupported("does not parse")
    return syntax


def _is_setup(func: ast.expr) -> bool:
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    return name == "setup"


def _of_keyword(syntax: Syntax, keyword: ast.keyword) -> Iterator[Listing]:
    value = _resolved(syntax, keyword.value)
    if keyword.arg in LISTS:
        yield _array(syntax, keyword.arg, value, LISTS[keyword.arg])
    elif keyword.arg == EXTRAS:
        if not isinstance(value, ast.Dict):
            raise Unsupported(f"computes {EXTRAS}")
        for extra in value.values:
            yield _array(syntax, EXTRAS, _resolved(syntax, extra), Rank.EXTRA)


def _resolved(syntax: Syntax, value: ast.expr) -> ast.expr:
    """What a name stands for that the module gives one value."""
    if isinstance(value, ast.Name):
        given = [
            node.value
            for node in syntax.tree.body
            if isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == value.id for target in node.targets)
        ]
        if len(given) == 1 and syntax.bound_names[value.id] == 1:
            return given[0]
    return value


def _array(syntax: Syntax, keyword: str, value: ast.expr, rank: Rank) -> Array:
    if not isinstance(value, ast.List):
        raise Unsupported(f"computes {keyword}")
    entries = [
        Element(syntax.start(one), syntax.end(one), name_of(one.value) if isinstance(one, ast.Constant) else None)
        for one in value.elts
    ]
    source = syntax.source
    return Array(source.text, source.newline, rank, syntax.start(value), syntax.end(value) - 1, entries)


def _data(source: SourceFile) -> object:
    return _plain(_parsed(source).tree)


def _plain(node: object) -> object:
    """A syntax tree as lists and texts, without positions."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.AST():
            return [type(node).__name__, *(_plain(value) for _, value in ast.iter_fields(node))]
        case list():
            return [_plain(one) for one in node]
    return repr(node)


SETUP_PY = Format(_listings, _data)
