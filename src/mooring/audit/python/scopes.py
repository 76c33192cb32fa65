"""The stack of scopes while a file is read: where we stand, what is bound there and how often it runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Literal

from mooring.audit.facts import Binding, Choice, Constant, Mapping, Module, Opaque, Parameter, Scope, Span, Use, Value
from mooring.audit.files import SourceFile

__all__ = ["Scopes", "span_of"]

# A dict that is filled further than this, statement by statement, is a table and no set of options.
MAX_ENTRIES = 500


def span_of(source: SourceFile, node: ast.expr | ast.stmt | ast.keyword | ast.alias) -> Span:
    """The span of a node, in characters."""
    line, end_line = node.lineno, node.end_lineno or node.lineno
    end_column = node.end_col_offset or node.col_offset
    return Span(line, source.column(line, node.col_offset), end_line, source.column(end_line, end_column))


def _with(mapping: Mapping, entries: Mapping, *, sure: bool) -> Mapping:
    items = entries.items if sure else tuple((key, _or_before(mapping, key, value)) for key, value in entries.items)
    return Mapping(mapping.items + items, mapping.spans + entries.spans)


def _or_before(mapping: Mapping, key: Value | None, value: Value) -> Value:
    before = [known for name, known in mapping.items if name is not None and name == key]
    return Choice((before[-1], value)) if before else value


def _unlocated(entries: Mapping) -> Mapping:
    items = tuple((key, value if isinstance(value, Constant) else Opaque()) for key, value in entries.items)
    return Mapping(items, entries.spans)


@cache
def _and(uses: frozenset[Use] | None, use: Use) -> frozenset[Use]:
    """One more use; equal sets are one object, for there is one for each name of each scope."""
    return (uses or frozenset()) | {use}


class Scopes:
    """The module being built, and the innermost scope that is open."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.module = Module(source.path)
        self.loops = 0
        self.conditions = 0
        self.off_thread = False
        self.type_checking = False
        self.guarded = False
        end = len(source.starts)
        self.current = Scope(0, "module", "", "", None, Span(1, 1, end, len(source.line(end)) + 1))
        self.module.scopes.append(self.current)

    @contextmanager
    def open(
        self,
        kind: Literal["class", "function", "lambda"],
        name: str,
        span: Span,
        *,
        asynchronous: bool = False,
        parameters: tuple[Parameter, ...] = (),
        decorators: tuple[Value, ...] = (),
        bases: tuple[Value, ...] = (),
    ) -> Iterator[Scope]:
        """Stand in a new scope; loops and conditions around its definition do not count inside it."""
        outer = self.current
        scope = Scope(
            len(self.module.scopes),
            kind,
            name,
            f"{outer.qualname}.{name}" if outer.qualname else name,
            outer.index,
            span,
            asynchronous=asynchronous,
            parameters=parameters,
            decorators=decorators,
            bases=bases,
        )
        self.module.scopes.append(scope)
        kept = self.current, self.loops, self.conditions, self.off_thread
        # A class body runs once, where it stands; a function's body runs when it is called.
        inherited = self.loops if kind == "class" else 0
        self.current, self.loops, self.conditions, self.off_thread = scope, inherited, 0, False
        try:
            yield scope
        finally:
            self.current, self.loops, self.conditions, self.off_thread = kept

    @contextmanager
    def conditional(self, *, loop: bool = False) -> Iterator[None]:
        """Read a block that may run never or, in a loop, often."""
        self.conditions += 1
        self.loops += loop
        try:
            yield
        finally:
            self.conditions -= 1
            self.loops -= loop

    def bind(
        self, name: str, value: Value, line: int, *, annotation: Value | None = None, unpacked: bool = False
    ) -> None:
        """Give `name` a possible value in the scope that owns it."""
        binding = Binding(value, line, self.current.index, self.conditions > 0, annotation, unpacked)
        self.owner(name).bindings.setdefault(name, []).append(binding)

    def owner(self, name: str) -> Scope:
        """The scope that an assignment to `name` reaches from here: another one after `global` or `nonlocal`."""
        if name not in self.current.outer:
            return self.current
        for scope in list(self.module.enclosing(self.current.index))[1:]:
            if scope.kind != "class" and (scope.kind == "module" or name in scope.bindings):
                return scope
        return self.module.scopes[0]

    def bind_attribute(self, instance: str, name: str, value: Value, line: int, annotation: Value | None) -> bool:
        """Record `self.name = value`; False if `instance` is not the first parameter of a method around here."""
        holder = self._holder(instance)
        if holder is None:
            return False
        binding = Binding(value, line, self.current.index, True, annotation)
        holder.attributes.setdefault(name, []).append(binding)
        return True

    def _holder(self, instance: str) -> Scope | None:
        """The class around here whose methods call their object `instance`."""
        for scope in self.module.enclosing(self.current.index):
            if scope.kind != "function" or not scope.parameters or scope.parent is None:
                continue
            holder = self.module.scopes[scope.parent]
            if holder.kind == "class" and scope.parameters[0].name == instance:
                return holder
        return None

    def put_in(self, name: str, attribute: str | None, entries: Mapping) -> None:
        """Add what is put into a dict after it was made: `name`, or `name.attribute`, is bound to a display.

        What is put in under a condition stands beside what it may replace; what another function puts in is not
        followed, as it is looked up elsewhere.
        """
        last = self._last(name, attribute)
        if last is None or not isinstance(last.value, Mapping) or len(last.value.items) > MAX_ENTRIES:
            return
        elsewhere = last.scope != self.current.index
        sure = not elsewhere and (self.conditions == 0 or (last.conditional and attribute is None))
        last.value = _with(last.value, _unlocated(entries) if elsewhere else entries, sure=sure)

    def _last(self, name: str, attribute: str | None) -> Binding | None:
        """What `name`, or `name.attribute`, was given last."""
        if attribute is not None:
            holder = self._holder(name)
            bindings = holder.attributes.get(attribute, []) if holder else []
            return bindings[-1] if bindings else None
        around = (scope.bindings.get(name) for scope in self.module.enclosing(self.current.index))
        return next((bindings[-1] for bindings in around if bindings), None)

    def used(self, name: str, use: Use) -> None:
        """Note what is done with `name` here."""
        self.current.uses[name] = _and(self.current.uses.get(name), use)
        self.current.reads[name] = self.current.reads.get(name, 0) + 1

    def mark_captures(self) -> None:
        """Note each local name that an inner function uses: it outlives the call if that function does."""
        for scope in self.module.scopes:
            if scope.kind not in ("function", "lambda"):
                continue
            own = {parameter.name for parameter in scope.parameters} | (scope.bindings.keys() - scope.outer)
            for name in scope.uses.keys() - own:
                for outer in list(self.module.enclosing(scope.index))[1:]:
                    if name in outer.bindings:
                        outer.uses[name] = _and(outer.uses.get(name), Use.CAPTURED)
                        break
