"""Where the values of one file go: what a name is bound to, where it is read, and where `await` may stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter

from mooring.audit.edits.syntax import Syntax
from mooring.audit.facts import Span
from mooring.audit.python.scopes import span_of

__all__ = ["Flow", "Function", "Scope", "flow_of", "is_none", "is_tested", "last_name"]

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Scope = ast.Module | ast.ClassDef | Function | ast.Lambda | Comprehension
# What is bound to a name: the name where it is assigned, a definition, a parameter, an import…
Binding = ast.AST


@lru_cache(maxsize=8)
def flow_of(syntax: Syntax) -> Flow:
    """The flow of a file."""
    return Flow(syntax)


class Flow:
    """The nodes of a syntax tree, each with the node around it and the scope that it is evaluated in."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        self._calls: dict[Span, ast.Call] = {}
        self._loads: dict[str, list[ast.Name]] = {}
        self._attributes: dict[str, list[ast.Attribute]] = {}
        self._bound: list[tuple[Scope, str, Binding]] = []
        self._outer: dict[tuple[Scope, str], bool] = {}
        self._read()
        self._bindings: dict[tuple[Scope, str], list[Binding]] = {}
        for scope, name, node in self._bound:
            self._bindings.setdefault((self._home(scope, name), name), []).append(node)

    def call_at(self, span: Span) -> ast.Call | None:
        """The call with exactly this span."""
        return self._calls.get(span)

    def calls(self) -> list[tuple[Span, ast.Call]]:
        """Every call of the file with its span, in order."""
        return sorted(self._calls.items(), key=itemgetter(0))

    def owner(self, name: ast.Name) -> Scope | None:
        """The scope whose binding a name means where it stands; None if no binding of the file has it."""
        start = self.scopes[name]
        if isinstance(name.ctx, ast.Store):
            start = self._home(_target_scope(self, name, start), name.id)
        return self.owner_at(name.id, start)

    def owner_at(self, name: str, start: Scope) -> Scope | None:
        """The same for a name that is read in the scope `start`."""
        for scope in self._around(start):
            if (scope, name) in self._outer:
                return self._home(scope, name)
            if (scope, name) in self._bindings and (scope is start or not isinstance(scope, ast.ClassDef)):
                return scope
        return None

    def bindings(self, scope: Scope, name: str) -> list[Binding]:
        """What binds `name` in a scope."""
        return self._bindings.get((scope, name), [])

    def loads(self, name: str, scope: Scope | None = None) -> list[ast.Name]:
        """Where `name` is read; with a scope, where that means what is bound there."""
        found = self._loads.get(name, [])
        return found if scope is None else [load for load in found if self.owner(load) is scope]

    def attributes(self, name: str) -> list[ast.Attribute]:
        """Every `….name`, read or assigned."""
        return self._attributes.get(name, [])

    def class_of(self, instance: ast.expr) -> ast.ClassDef | None:
        """The class whose method calls its object so: `self`, as a rule."""
        function = self.owner(instance) if isinstance(instance, ast.Name) else None
        if not isinstance(function, Function) or not isinstance(instance, ast.Name):
            return None
        holder = self.parents[function]
        first = [*function.args.posonlyargs, *function.args.args][:1]
        if isinstance(holder, ast.ClassDef) and first and self.bindings(function, instance.id) == first:
            return holder
        return None

    def in_coroutine(self, node: ast.AST) -> bool:
        """Whether `await` may stand at a node: in the body of an `async def` itself, where it surely runs in it."""
        return isinstance(self.scopes[node], ast.AsyncFunctionDef)

    def located(self, node: ast.expr) -> bool:
        """Whether a node stands where its position says: before Python 3.12 the parts of an f-string may not."""
        if not any(isinstance(around, ast.JoinedStr) for around in self.ancestors(node)):
            return True
        try:
            text = self.syntax.text[self.syntax.start(node) : self.syntax.end(node)]
            return ast.dump(ast.parse(f"({text})", mode="eval").body) == ast.dump(node)
        except (SyntaxError, ValueError, IndexError):
            return False

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def _read(self) -> None:
        tree = self.syntax.tree
        waiting: list[tuple[ast.AST, Scope]] = [(tree, tree)]
        while waiting:
            node, scope = waiting.pop()
            self.scopes[node] = scope
            self._note(node, scope)
            inner = set(_inner(node, self.parents.get(node)))
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
                own = node if isinstance(node, Scope) else self._comprehension(node, scope)
                waiting.append((child, own if child in inner else scope))

    def _comprehension(self, node: ast.AST, scope: Scope) -> Scope:
        """The scope of the parts of a `for` in a comprehension."""
        around = self.parents.get(node)
        return around if isinstance(node, ast.comprehension) and isinstance(around, Comprehension) else scope

    def _note(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Call():
                self._calls[span_of(self.syntax.source, node)] = node
            case ast.Attribute(attr=name):
                self._attributes.setdefault(name, []).append(node)
            case ast.Name(id=name, ctx=ast.Load()):
                self._loads.setdefault(name, []).append(node)
            case ast.Name(id=name):
                self._bound.append((_target_scope(self, node, scope), name, node))
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                self._outer.update({(scope, name): isinstance(node, ast.Global) for name in names})
            case ast.arg(arg=name):
                function = self.parents[self.parents[node]]
                if isinstance(function, Scope):
                    self._bound.append((function, name, node))
            case ast.alias():
                self._bound.append((scope, node.asname or node.name.partition(".")[0], node))
            case ast.FunctionDef(name=str(name)) | ast.AsyncFunctionDef(name=str(name)) | ast.ClassDef(name=str(name)):
                self._bound.append((scope, name, node))
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                self._bound.append((scope, name, node))
            case ast.MatchMapping(rest=str(name)):
                self._bound.append((scope, name, node))

    def _home(self, scope: Scope, name: str) -> Scope:
        """The scope that an assignment to `name` in `scope` reaches: another one after `global` or `nonlocal`."""
        if (scope, name) not in self._outer:
            return scope
        if not self._outer[scope, name]:
            for outer in list(self._around(scope))[1:]:
                if isinstance(outer, Function) and any(s is outer and n == name for s, n, _ in self._bound):
                    return outer
        return self.syntax.tree

    def _around(self, scope: Scope) -> Iterator[Scope]:
        while True:
            yield scope
            if isinstance(scope, ast.Module):
                return
            scope = self.scopes[scope]


def _inner(node: ast.AST, parent: ast.AST | None) -> Iterator[ast.AST]:
    """The children of a node that are evaluated in the scope that it makes, or belongs to."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield from node.body
        case ast.Lambda():
            yield node.body
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            # Its first iterable is evaluated outside; that is told apart one step further down.
            yield from (child for child in ast.iter_child_nodes(node) if child is not node.generators[0])
        case ast.comprehension() if isinstance(parent, Comprehension):
            first = parent.generators[0] is node
            yield from (child for child in ast.iter_child_nodes(node) if not (first and child is node.iter))


def _target_scope(flow: Flow, name: ast.Name, scope: Scope) -> Scope:
    """The scope that an assignment to `name` stands for: `:=` in a comprehension binds outside of it."""
    named = flow.parents.get(name)
    while isinstance(named, ast.NamedExpr) and named.target is name and isinstance(scope, Comprehension):
        scope = flow.scopes[scope]
    return scope


def last_name(node: ast.AST) -> str:
    """The last name of a dotted expression, or an empty string."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_none(node: ast.expr) -> bool:
    """Whether it is None, as it stands."""
    return isinstance(node, ast.Constant) and node.value is None


def is_tested(flow: Flow, node: ast.expr) -> bool:
    """Whether only its truth, or that it is not None, is asked for."""
    parent = flow.parents[node]
    match parent:
        case ast.Compare(left=left, comparators=[other]) if left is node and is_none(other):
            return True
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
            return parent.test is node
        case ast.BoolOp():
            return is_tested(flow, parent)
    return False
