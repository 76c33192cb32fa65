"""Statements: what they bind, return and import, and which of them run never, once or often."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from mooring.audit.facts import (
    Assignment,
    Attribute,
    Call,
    Constant,
    Item,
    Joined,
    Local,
    Mapping,
    Module,
    Name,
    Opaque,
    Use,
    Value,
)
from mooring.audit.files import SourceFile
from mooring.audit.python.names import read_import, read_import_from
from mooring.audit.python.scopes import Scopes, span_of
from mooring.audit.python.values import Expressions, parameters_of

__all__ = ["Reader"]


class Reader:
    """Reads one file, statement by statement."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.scopes = Scopes(source)
        self.expressions = Expressions(self.scopes)
        self._readers: dict[type[ast.AST], Callable[[Any], None]] = {
            ast.Import: lambda node: read_import(self.scopes, node),
            ast.ImportFrom: lambda node: read_import_from(self.scopes, node),
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.Return: self._return,
            ast.Expr: self._expression,
            ast.Global: lambda node: self.scopes.current.outer.update(node.names),
            ast.Nonlocal: lambda node: self.scopes.current.outer.update(node.names),
            ast.If: self._if,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.While: self._while,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.With: self._with,
            ast.AsyncWith: self._with,
        }

    def read(self, tree: ast.Module) -> Module:
        """The facts of the whole file."""
        self._block(tree.body)
        self.scopes.mark_captures()
        return self.scopes.module

    def _block(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self._readers.get(type(statement), self._other)(statement)

    def _other(self, node: ast.AST) -> None:
        """A statement of no interest in itself (match, raise, assert, del…): its parts may be."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expressions.read(child)
            elif isinstance(child, ast.stmt):
                with self.scopes.conditional():
                    self._block([child])
            else:
                self._other(child)

    def _expression(self, node: ast.Expr) -> None:
        value = self.expressions.read(node.value, Use.DROPPED)
        match value:
            case Call(func=Attribute(base=base, name="update"), arguments=arguments):
                keys = [None if a.keyword in (None, "**") else Constant(a.keyword) for a in arguments]
                items = tuple((key, argument.value) for key, argument in zip(keys, arguments, strict=True))
                self._put_in(base, Mapping(items, tuple(argument.value_span for argument in arguments)))
            case Call(func=Attribute(base=base, name="setdefault"), arguments=(key, default)):
                with self.scopes.conditional():
                    self._put_in(base, Mapping(((key.value, default.value),), (default.value_span,)))

    def _put_in(self, owner: Value, entries: Mapping) -> None:
        match owner:
            case Name(id=name):
                self.scopes.put_in(name, None, entries)
            case Attribute(base=Name(id=name), name=attribute):
                self.scopes.put_in(name, attribute, entries)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = tuple(self.expressions.read(decorator) for decorator in node.decorator_list)
        parameters = parameters_of(self.expressions, node.args)
        self.expressions.read(node.returns)
        asynchronous = isinstance(node, ast.AsyncFunctionDef)
        with self.scopes.open(
            "function",
            node.name,
            span_of(self.source, node),
            asynchronous=asynchronous,
            parameters=parameters,
            decorators=decorators,
        ) as scope:
            self._block(node.body)
        self.scopes.bind(node.name, Local(scope.index), node.lineno)

    def _class(self, node: ast.ClassDef) -> None:
        decorators = tuple(self.expressions.read(decorator) for decorator in node.decorator_list)
        bases = tuple(self.expressions.read(base) for base in node.bases)
        for keyword in node.keywords:
            self.expressions.read(keyword.value)
        with self.scopes.open(
            "class", node.name, span_of(self.source, node), decorators=decorators, bases=bases
        ) as scope:
            self._block(node.body)
        self.scopes.bind(node.name, Local(scope.index), node.lineno)

    def _assign(self, node: ast.Assign) -> None:
        names = tuple(target.id for target in node.targets if isinstance(target, ast.Name))
        value = self.expressions.read(node.value, self._kept(node.targets), names)
        for target in node.targets:
            self.expressions.assign(target, value)
            self._note(target, value, node.value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        annotation = self.expressions.read(node.annotation)
        names = (node.target.id,) if isinstance(node.target, ast.Name) else ()
        use = self._kept([node.target])
        value = Opaque() if node.value is None else self.expressions.read(node.value, use, names)
        self.expressions.assign(node.target, value, annotation)
        if node.value is not None:
            self._note(node.target, value, node.value)

    def _note(self, target: ast.expr, value: Value, node: ast.expr) -> None:
        """Keep an assignment that can be a setting of a library."""
        scope = self.scopes.current
        noted: Value
        entry = span_of(self.source, node)
        match target:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
                self.scopes.put_in(name, None, Mapping(((Constant(key), value),), (entry,)))
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr=attribute), slice=ast.Constant(value=str(key))
            ):
                self.scopes.put_in(name, attribute, Mapping(((Constant(key), value),), (entry,)))
        match target:
            case ast.Name(id=name) if scope.kind in ("module", "class"):
                noted = Name(name, target.lineno)
            case ast.Attribute(value=ast.Attribute(attr=owner), attr=name):
                noted = Attribute(Name(owner), name)
            case ast.Subscript(
                value=ast.Name(id=owner) | ast.Attribute(attr=owner), slice=ast.Constant(value=str(key))
            ):
                noted = Item(Name(owner), Constant(key))
            case _:
                return
        self.scopes.module.assignments.append(Assignment(noted, value, entry, scope.index))

    def _augmented(self, node: ast.AugAssign) -> None:
        added = self.expressions.read(node.value)
        if isinstance(node.target, ast.Name) and isinstance(node.op, ast.Add):
            name = node.target.id
            self.scopes.bind(name, Joined((Name(name, node.lineno - 1), added)), node.lineno)
        else:
            self.expressions.read(node.target)

    def _kept(self, targets: Sequence[ast.expr]) -> Use:
        """Whether a value assigned to `targets` stays local to this call or outlives it."""
        for target in targets:
            names = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            for name in names:
                if not isinstance(name, ast.Name):
                    return Use.STORED
                owner = self.scopes.owner(name.id)
                if owner is not self.scopes.current or owner.kind in ("module", "class"):
                    return Use.STORED
        return Use.LOCAL

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.scopes.current.returns.append(self.expressions.read(node.value, Use.RETURNED))

    def _if(self, node: ast.If) -> None:
        self.expressions.read(node.test, Use.TESTED)
        kept = self.scopes.type_checking
        self.scopes.type_checking = kept or ast.unparse(node.test).endswith("TYPE_CHECKING")
        with self.scopes.conditional():
            self._block(node.body)
            self.scopes.type_checking = kept
            self._block(node.orelse)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        iterable = self.expressions.read(node.iter)
        with self.scopes.conditional(loop=True):
            self.expressions.assign(node.target, Item(iterable, Opaque()))
            self._block(node.body)
        with self.scopes.conditional():
            self._block(node.orelse)

    def _while(self, node: ast.While) -> None:
        self.expressions.read(node.test, Use.TESTED)
        with self.scopes.conditional(loop=True):
            self._block(node.body)
        with self.scopes.conditional():
            self._block(node.orelse)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        kept, self.scopes.guarded = self.scopes.guarded, True
        self._block(node.body)
        with self.scopes.conditional():
            for handler in node.handlers:
                self.expressions.read(handler.type)
                if handler.name:
                    self.scopes.bind(handler.name, Opaque(), handler.lineno)
                self._block(handler.body)
            self._block(node.orelse)
        self.scopes.guarded = kept
        self._block(node.finalbody)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            target = item.optional_vars
            names = (target.id,) if isinstance(target, ast.Name) else ()
            value = self.expressions.read(item.context_expr, Use.WITH, names)
            if target is not None:
                self.expressions.assign(target, value)
        self._block(node.body)
