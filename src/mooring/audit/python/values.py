"""Expressions as symbolic values. Each expression is read once; calls and uses of names are noted on the way."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from mooring.audit.facts import (
    Attribute,
    Awaited,
    Call,
    Choice,
    Constant,
    Item,
    Joined,
    Local,
    Mapping,
    Name,
    Opaque,
    Parameter,
    Sequence,
    Use,
    Value,
)
from mooring.audit.python.calls import arguments_use, last_name, off_thread, read_arguments
from mooring.audit.python.formats import percent, written
from mooring.audit.python.scopes import Scopes, span_of

__all__ = ["Expressions", "parameters_of"]

OPAQUE = Opaque()


class Expressions:
    """Reads expressions in the scope that `scopes` stands in."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self._readers: dict[type[ast.AST], Callable[[Any, Use], Value]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Call: self._call,
            ast.Await: self._await,
            ast.BoolOp: self._boolean,
            ast.IfExp: self._conditional,
            ast.JoinedStr: self._text,
            ast.FormattedValue: self._formatted,
            ast.BinOp: self._operation,
            ast.Dict: self._dict,
            ast.List: self._display,
            ast.Tuple: self._display,
            ast.Set: self._display,
            ast.Lambda: self._lambda,
            ast.NamedExpr: self._walrus,
            ast.Starred: lambda node, use: self.read(node.value, use),
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._comprehension,
        }

    def read(self, node: ast.expr | None, use: Use = Use.OTHER, targets: tuple[str, ...] = ()) -> Value:
        """The value of `node`, which is put to `use` (bound to the local names `targets`)."""
        if node is None:
            return OPAQUE
        reader = self._readers.get(type(node))
        if reader is None:
            return self._other(node)
        value = reader(node, use)
        inner = value.value if isinstance(value, Awaited) else value
        if targets and isinstance(inner, Call):
            inner.targets = targets
        return value

    def _constant(self, node: ast.Constant, _use: Use) -> Value:
        if isinstance(node.value, bytes):
            return Constant(node.value.decode("latin-1"))
        if isinstance(node.value, str | int | float | bool) or node.value is None:
            return Constant(node.value)
        return OPAQUE

    def _name(self, node: ast.Name, use: Use) -> Value:
        self.scopes.used(node.id, use)
        return Name(node.id, node.lineno)

    def _attribute(self, node: ast.Attribute, _use: Use) -> Value:
        return Attribute(self.read(node.value, Use.RECEIVER), node.attr)

    def _subscript(self, node: ast.Subscript, _use: Use) -> Value:
        return Item(self.read(node.value, Use.RECEIVER), self.read(node.slice))

    def _call(self, node: ast.Call, use: Use) -> Value:
        func = self.read(node.func, Use.RECEIVER)
        kept, self.scopes.off_thread = self.scopes.off_thread, self.scopes.off_thread or off_thread(func)
        arguments = read_arguments(self.scopes, node, lambda value: self.read(value, arguments_use(func, use)))
        self.scopes.off_thread = kept
        for argument in arguments:
            if isinstance(argument.value, Call):
                argument.value.passed_to = last_name(func)
        built = written(func, arguments)
        if built is not None:
            return built
        call = Call(
            func,
            arguments,
            span_of(self.scopes.source, node),
            span_of(self.scopes.source, node.func),
            self.scopes.current.index,
            in_loop=self.scopes.loops > 0,
            off_thread=self.scopes.off_thread,
            use=use,
        )
        self.scopes.module.calls.append(call)
        return call

    def _await(self, node: ast.Await, use: Use) -> Value:
        value = self.read(node.value, Use.AWAITED if isinstance(node.value, ast.Name) else use)
        if isinstance(value, Call):
            value.awaited = True
        return Awaited(value)

    def _boolean(self, node: ast.BoolOp, use: Use) -> Value:
        values = tuple(self.read(value, use) for value in node.values)
        return Choice(values) if isinstance(node.op, ast.Or) else values[-1]

    def _conditional(self, node: ast.IfExp, use: Use) -> Value:
        self.read(node.test, Use.TESTED)
        return Choice((self.read(node.body, use), self.read(node.orelse, use)))

    def _text(self, node: ast.JoinedStr, _use: Use) -> Value:
        return Joined(tuple(self.read(part) for part in node.values))

    def _formatted(self, node: ast.FormattedValue, _use: Use) -> Value:
        self.read(node.format_spec)
        return self.read(node.value)

    def _operation(self, node: ast.BinOp, use: Use) -> Value:
        left, right = self.read(node.left, use), self.read(node.right, use)
        if isinstance(node.op, ast.Add):
            return Joined((left, right))
        if isinstance(node.op, ast.BitOr):
            if isinstance(left, Mapping) or isinstance(right, Mapping):
                spans = (span_of(self.scopes.source, node.left), span_of(self.scopes.source, node.right))
                return Mapping(((None, left), (None, right)), spans)
            return Choice((left, right))  # `Redis | None`
        if isinstance(node.op, ast.Mod) and isinstance(left, Constant) and isinstance(left.value, str):
            return percent(left.value, right)
        return OPAQUE

    def _dict(self, node: ast.Dict, use: Use) -> Value:
        inner = _held(use)
        items = []
        for key, value in zip(node.keys, node.values, strict=True):
            items.append((None if key is None else self.read(key), self.read(value, inner)))
        return Mapping(tuple(items), tuple(span_of(self.scopes.source, value) for value in node.values))

    def _display(self, node: ast.List | ast.Tuple | ast.Set, use: Use) -> Value:
        return Sequence(tuple(self.read(item, _held(use)) for item in node.elts))

    def _lambda(self, node: ast.Lambda, use: Use) -> Value:
        span = span_of(self.scopes.source, node)
        with self.scopes.open("lambda", "<lambda>", span, parameters=parameters_of(self, node.args)) as scope:
            scope.returns.append(self.read(node.body, Use.RETURNED))
        return OPAQUE if use is Use.DROPPED else Local(scope.index)

    def _walrus(self, node: ast.NamedExpr, use: Use) -> Value:
        value = self.read(node.value, Use.LOCAL, (node.target.id,))
        self.scopes.bind(node.target.id, value, node.lineno)
        self.scopes.used(node.target.id, use)
        return value

    def _yield(self, node: ast.Yield | ast.YieldFrom, _use: Use) -> Value:
        self.scopes.current.generator = True
        self.scopes.current.returns.append(self.read(node.value, Use.YIELDED))
        return OPAQUE

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, use: Use) -> Value:
        for generator in node.generators:
            iterable = self.read(generator.iter)
            self.assign(generator.target, Item(iterable, OPAQUE))
        with self.scopes.conditional(loop=True):
            for generator in node.generators:
                for condition in generator.ifs:
                    self.read(condition, Use.TESTED)
            if isinstance(node, ast.DictComp):
                self.read(node.key)
                return Mapping(((OPAQUE, self.read(node.value, _held(use))),))
            return Sequence((self.read(node.elt, _held(use)),))

    def _other(self, node: ast.AST) -> Value:
        use = Use.TESTED if isinstance(node, ast.Compare) else Use.OTHER
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.read(child, use)
        return OPAQUE

    def assign(self, target: ast.expr, value: Value, annotation: Value | None = None) -> None:
        """Bind what an assignment target names to `value`."""
        match target:
            case ast.Name(id=name):
                self.scopes.bind(name, value, target.lineno, annotation=annotation)
            case ast.Attribute(value=ast.Name(id=instance) as base, attr=name):
                self.read(base, Use.RECEIVER)
                self.scopes.bind_attribute(instance, name, value, target.lineno, annotation)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                items = value.items if isinstance(value, Sequence) and len(value.items) == len(targets) else None
                for index, element in enumerate(targets):
                    part = items[index] if items else Item(value, Constant(index))
                    self.assign(element.value if isinstance(element, ast.Starred) else element, part)
            case _:
                self.read(target)


def parameters_of(expressions: Expressions, arguments: ast.arguments) -> tuple[Parameter, ...]:
    """The parameters of a function or lambda; defaults are values of the scope around it."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults += arguments.defaults
    found = [
        Parameter(
            parameter.arg,
            None if default is None else expressions.read(default, Use.STORED),
            None if parameter.annotation is None else expressions.read(parameter.annotation),
        )
        for parameter, default in [
            *zip(positional, defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
    ]
    if arguments.vararg:
        found.append(Parameter(arguments.vararg.arg, None, variadic="*"))
    if arguments.kwarg:
        found.append(Parameter(arguments.kwarg.arg, None, variadic="**"))
    return tuple(found)


def _held(use: Use) -> Use:
    """The use of an element of a display that is put to `use`: a container keeps what it holds."""
    return use if use in (Use.RETURNED, Use.YIELDED, Use.PASSED) else Use.STORED
