"""The arguments that a site gives, by keyword, looked up inside unpacked mappings where those are known."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.facts import Argument, Binding, Constant, Mapping, Module, Name, Site, Span, Use, Value
from mooring.audit.files import SourceFile
from mooring.audit.rewrite.signature import KEYWORDS, POSITIONAL, RENAMED

__all__ = ["Given", "read_given", "resolved"]


@dataclass(frozen=True, slots=True)
class Given:
    """One argument: written at `index` of the call, or an entry of the mapping that is unpacked there.

    `keyword` is today's name of it, `written` the name that the call uses (None for a positional argument); `code` is
    the expression for its value.
    """

    index: int
    keyword: str
    written: str | None
    value: Value
    code: str
    unpacked: bool = False


def read_given(site: Site, source: SourceFile, arguments: list[Argument]) -> list[Given] | None:
    """What `arguments`, in the order of the source, give; None where that cannot be told, or the factory takes no such.

    A mapping whose entries are not known gives nothing here: it is passed on as it is.
    """
    given: list[Given] = []
    order = ("url",) if site.constructor.endswith("from_url") else POSITIONAL
    positional = iter(order)
    for index, argument in enumerate(arguments):
        if argument.keyword == "*":
            return None
        if argument.keyword == "**":
            given += _unpacked(site, source, index, argument)
            continue
        written = argument.keyword or next(positional, None)
        if written is None:
            return None  # past the arguments whose order all versions of redis-py share
        code = code_of(source, argument.value_span)
        given.append(Given(index, RENAMED.get(written, written), argument.keyword, argument.value, code))
    known = all(one.keyword in KEYWORDS for one in given)
    distinct = len({one.keyword for one in given}) == len(given)
    return given if known and distinct else None


def code_of(source: SourceFile, span: Span) -> str:
    """The text of a span."""
    start = source.offset(span.line, span.column)
    return source.text[start : source.offset(span.end_line, span.end_column)]


def resolved(module: Module, scope: int, value: Value) -> Value:
    """What a name stands for where its only binding says so, else the value itself."""
    if isinstance(value, Name):
        found = _only_binding(module, scope, value.id)
        if found is not None and not found.conditional:
            return found.value
    return value


def _only_binding(module: Module, scope: int, name: str) -> Binding | None:
    for holder in module.enclosing(scope):
        if any(parameter.name == name for parameter in holder.parameters):
            return None
        bindings = holder.bindings.get(name, [])
        if bindings:
            return bindings[0] if len(bindings) == 1 else None
    return None


def _unpacked(site: Site, source: SourceFile, index: int, argument: Argument) -> Iterator[Given]:
    mapping = resolved(site.module, site.call.scope, argument.value)
    if not isinstance(mapping, Mapping):
        return
    keys = [key.value if isinstance(key, Constant) else None for key, _ in mapping.items]
    if isinstance(argument.value, Name):
        changed = any(Use.RECEIVER in scope.uses.get(argument.value.id, ()) for scope in site.module.scopes)
        codes = [] if changed else [f'{argument.value.id}["{key}"]' for key in keys]
    else:
        codes = _display_codes(code_of(source, argument.value_span))
    if len(codes) != len(keys):
        return
    for key, (_, value), code in zip(keys, mapping.items, codes, strict=True):
        name = str(key)
        yield Given(index, RENAMED.get(name, name), name, value, code, unpacked=True)


def _display_codes(code: str) -> list[str]:
    """The expressions for the values of a dict display."""
    wrapped = f"({code})"
    display = ast.parse(wrapped, mode="eval").body
    if not isinstance(display, ast.Dict):
        return []
    return [ast.get_source_segment(wrapped, value) or "" for value in display.values]
