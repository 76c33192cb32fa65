"""Which names a file uses, binds and lacks."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings
from collections import Counter
from collections.abc import Collection, Iterator

__all__ = ["bound_names", "undefined_names", "used_names"]

TYPE_COMMENT = re.compile(r"#[ \t]*type:[ \t]*(?!ignore\b)([^\r\n]*)")
WORD = re.compile(r"\w+")
# Calls whose text arguments are types.
TYPE_CALLS = frozenset({"cast", "TypeVar", "NewType", "ForwardRef", "TypeAliasType"})
GENERICS = frozenset({"list", "dict", "tuple", "set", "frozenset", "type"})
ALWAYS_DEFINED = frozenset(dir(builtins)) | {
    "__file__", "__path__", "__cached__", "__builtins__", "__annotations__", "__module__", "__qualname__", "__class__",
    "WindowsError", "reveal_type",
}  # fmt: skip


def used_names(node: ast.AST, text: str, *, declared: bool = True) -> set[str]:
    """Every name that is used in `node`: by code, in an annotation (also a quoted one), by `__all__` or a type comment.

    `text` is the file's. What only might be a use counts as one, `global` too where `declared`; a word in any other
    string does not.
    """
    used = {word for comment in TYPE_COMMENT.findall(text) for word in WORD.findall(comment)}
    for child in ast.walk(node):
        match child:
            case ast.Name(id=name) if not isinstance(child.ctx, ast.Store):
                used.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                used.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names) if declared:
                used.update(names)
        for quoted in _quoted_code(child):
            used.update(_names_in(quoted))
        used.update(_exported(child))
    return used


def bound_names(tree: ast.Module) -> Counter[str]:
    """How often each name is bound in the module, in whatever scope."""
    bound: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if not isinstance(node.ctx, ast.Load):
                bound[name] += 1
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound[name] += 1
            case ast.arg(arg=name):
                bound[name] += 1
            case ast.alias():
                bound[node.asname or node.name.partition(".")[0]] += 1
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound[name] += 1
            case ast.MatchMapping(rest=str(name)):
                bound[name] += 1
    return bound


def undefined_names(text: str, used: Collection[str], bound: Collection[str]) -> set[str]:
    """The names that are used where no binding of the module reaches them, and that no builtin has.

    `used` and `bound` are the file's `used_names` and `bound_names`. Raises `SyntaxError` where the text parses but
    does not compile.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = symtable.symtable(text, "<module>", "exec")
    tables = list(_tables(top))
    module_level = {symbol.get_name() for symbol in top.get_symbols() if _binds(symbol)}
    module_level |= {
        symbol.get_name() for table in tables for symbol in table.get_symbols() if symbol.is_global() and _binds(symbol)
    }
    wanted = {
        symbol.get_name()
        for table in tables
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table is top or symbol.is_global())
    }
    # Annotations are no code under `from __future__ import annotations`: symtable does not see into them.
    unbound = set(used) - set(bound)
    return ((wanted - module_level) | unbound) - ALWAYS_DEFINED


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _quoted_code(node: ast.AST) -> Iterator[str]:
    """The strings in `node` that are read as types."""
    match node:
        case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
            yield from _strings(annotation)
        case ast.FunctionDef(returns=ast.expr() as annotation) | ast.AsyncFunctionDef(returns=ast.expr() as annotation):
            yield from _strings(annotation)
        case ast.Call(func=func) if _last_name(func) in TYPE_CALLS:
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                yield from _strings(argument)
        case ast.Subscript(value=value, slice=inner) if _is_generic(_last_name(value)):
            yield from _strings(inner)


def _is_generic(name: str) -> bool:
    return name in GENERICS or (name[:1].isupper() and not name.isupper())


def _strings(node: ast.expr) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def _names_in(code: str) -> set[str]:
    try:
        tree = ast.parse(code.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _exported(node: ast.AST) -> set[str]:
    match node:
        case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
            return set(_strings(value))
        case ast.AugAssign(target=ast.Name(id="__all__"), value=value):
            return set(_strings(value))
        case ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value):
            return set(_strings(value))
        case ast.Call(func=ast.Attribute(value=ast.Name(id="__all__")), args=arguments):
            return {text for argument in arguments for text in _strings(argument)}
    return set()


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
