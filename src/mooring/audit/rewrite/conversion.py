"""What becomes of the uses of one client when it turns from a synchronous into an asyncio one.

The client is followed from where it is made through names, attributes of `self` and what its methods hand out. Where
any use has no asyncio form, or is not seen to be in a coroutine, nothing is converted, and the use is named.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from mooring.audit.edits import Edit
from mooring.audit.rewrite.flow import Flow, Scope, is_none, is_tested, last_name
from mooring.audit.rewrite.twins import CLIENT, Twin

__all__ = ["Conversion", "Stuck", "await_edits"]

# Functions that take what can be awaited, and see to it.
AWAITERS = frozenset({"create_task", "ensure_future", "gather", "shield", "wait_for"})
CONTEXTS = ast.With | ast.AsyncWith


class Stuck(Exception):
    """A use that cannot be converted; the text says which."""

    def __init__(self, node: ast.expr | ast.stmt, what: str) -> None:
        super().__init__(f"it is {what} in line {node.lineno}")


@dataclass(slots=True)
class Bound:
    """A name: what it holds, where it is given that, and where it is given any value."""

    twin: Twin
    targets: set[ast.expr]
    values: set[ast.AST] = field(default_factory=set)


def await_edits(flow: Flow, call: ast.Call) -> tuple[Edit, ...] | None:
    """The insertion of `await` before a call, in parentheses where the answer is used at once; None if it cannot be."""
    if not flow.in_coroutine(call) or not flow.located(call):
        return None
    syntax, parent = flow.syntax, flow.parents[call]
    path, start, end = syntax.source.path, syntax.start(call), syntax.end(call)
    used = isinstance(parent, ast.Attribute | ast.Subscript) and parent.value is call
    if (used or (isinstance(parent, ast.Call) and parent.func is call)) and not _is_enclosed(syntax.text, end):
        return Edit(path, start, start, "(await "), Edit(path, end, end, ")")
    return (Edit(path, start, start, "await "),)


def _is_enclosed(text: str, end: int) -> bool:
    """Whether an expression that is used as `expression.x` stands in parentheses of its own."""
    return text[end:].lstrip().startswith(")")


class Conversion:
    """The conversion of the client that `made` makes, as edits of its uses, once they are followed.

    `answered` are the calls that are awaited, of those `commands` the commands of the client itself; `annotations` the
    types that are written beside the names it is bound to. `reached(owner, name)` tells whether other files of the tree
    use a name of this module (`owner` is None) or an attribute of one of its classes.
    """

    def __init__(
        self, flow: Flow, made: ast.Call, reached: Callable[[str | None, str], bool], closing: str = "aclose"
    ) -> None:
        self.made = made
        self.edits: list[Edit] = []
        self.answered: list[ast.Call] = []
        self.commands: list[ast.Call] = []
        self.annotations: list[ast.expr] = []
        self._flow = flow
        self._reached = reached
        self._closing = closing
        self._bound: dict[tuple[Scope, str], Bound] = {}
        self._entered: set[ast.stmt] = set()

    def follow(self) -> None:
        """Follow the client to all its uses. Raises `Stuck`."""
        self._follow(self.made, CLIENT)
        for bound in self._bound.values():
            if bound.values - bound.targets:
                raise Stuck(next(iter(bound.targets)), "bound to a name that has other values, too,")
        for call in self.answered:
            if any(isinstance(around, ast.With) and self._may_lock(around) for around in self._flow.ancestors(call)):
                raise Stuck(call, "used where a lock of threads may be held")

    def _may_lock(self, block: ast.With) -> bool:
        """Whether a `with` enters something that was made before: what waits in it keeps others out."""
        made = (item for item in block.items if not isinstance(item.context_expr, ast.Call))
        return block not in self._entered and any(made)

    def _follow(self, node: ast.expr, twin: Twin) -> None:
        parent = self._flow.parents[node]
        match parent:
            case ast.Attribute():
                self._attribute(parent, twin)
            case ast.Call() if parent.func is node and twin.called:
                if any(keyword.arg in ("client", None) for keyword in parent.keywords):
                    raise Stuck(parent, "given another client")
                self._await(parent)
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() if parent.value is node:
                for target in parent.targets if isinstance(parent, ast.Assign) else [parent.target]:
                    self._bind(target, twin)
                if isinstance(parent, ast.NamedExpr):
                    self._follow(parent, twin)
            case ast.withitem() if twin.context:
                self._enter(parent, twin)
            case ast.Expr():
                pass
            case ast.IfExp(body=body, orelse=other) if is_none(body if other is node else other):
                self._follow(parent, twin)
            case _ if is_tested(self._flow, node):
                pass
            case _:
                raise Stuck(node, _fate(self._flow, node))

    def _attribute(self, node: ast.Attribute, twin: Twin) -> None:
        name, call = node.attr, self._flow.parents[node]
        if not isinstance(call, ast.Call) or call.func is not node:
            if name not in twin.plain:
                raise Stuck(node, f"used for its {name}")
        elif name in twin.awaited | twin.iterated:
            (self._await if name in twin.awaited else self._iterate)(call)
            if twin is CLIENT:
                self.commands.append(call)
        elif name in twin.renamed:
            self._await(call)
            end = self._flow.syntax.end(node)
            self.edits.append(Edit(self._flow.syntax.source.path, end - len(name), end, self._closing))
        elif name in twin.chained:
            self._follow(call, twin)
        elif name in twin.gives:
            self._follow(call, twin.gives[name])
        else:
            raise Stuck(node, f"asked for {name}(), which has no simple counterpart,")

    def _await(self, call: ast.Call) -> None:
        parent = self._flow.parents[call]
        gathered = isinstance(parent, ast.Call) and call in parent.args and last_name(parent.func) in AWAITERS
        if not isinstance(parent, ast.Await) and not (gathered and self._flow.in_coroutine(call)):
            edits = await_edits(self._flow, call)
            if edits is None:
                raise Stuck(call, "used where await cannot stand")
            self.edits += edits
        self.answered.append(call)

    def _iterate(self, call: ast.Call) -> None:
        loop = self._flow.parents[call]
        if isinstance(loop, ast.For | ast.AsyncFor) and self._flow.in_coroutine(loop):
            self._make_async(loop)
            self.answered.append(call)
        else:
            raise Stuck(call, "iterated over where async for cannot stand")

    def _enter(self, item: ast.withitem, twin: Twin) -> None:
        block = self._flow.parents[item]
        if not isinstance(block, CONTEXTS) or len(block.items) > 1 or not self._flow.in_coroutine(block):
            raise Stuck(item.context_expr, "entered where async with cannot stand")
        self._make_async(block)
        self._entered.add(block)
        if item.optional_vars is not None:
            self._bind(item.optional_vars, twin)

    def _make_async(self, block: ast.For | ast.AsyncFor | ast.With | ast.AsyncWith) -> None:
        if isinstance(block, ast.For | ast.With):
            start = self._flow.syntax.start(block)
            self.edits.append(Edit(self._flow.syntax.source.path, start, start, "async "))

    def _bind(self, target: ast.expr, twin: Twin) -> None:
        holder = self._flow.class_of(target.value) if isinstance(target, ast.Attribute) else None
        if isinstance(target, ast.Name):
            self._bind_name(target, twin)
        elif isinstance(target, ast.Attribute) and holder is not None:
            self._bind_attribute(target, holder, twin)
        else:
            raise Stuck(target, "kept where its uses are not seen")

    def _bind_name(self, target: ast.Name, twin: Twin) -> None:
        scope = self._flow.owner(target)
        if scope is None or isinstance(scope, ast.ClassDef):
            raise Stuck(target, "kept where its uses are not seen")
        bound = self._once(scope, target.id, target, twin)
        if bound is None:
            return
        if isinstance(scope, ast.Module) and self._reached(None, target.id):
            raise Stuck(target, "given to other modules by the name bound")
        bound.values.update(binding for binding in self._flow.bindings(scope, target.id) if self._is_value(binding))
        for load in self._flow.loads(target.id, scope):
            self._follow(load, twin)

    def _bind_attribute(self, target: ast.Attribute, holder: ast.ClassDef, twin: Twin) -> None:
        name = target.attr
        bound = self._once(holder, name, target, twin)
        if bound is None:
            return
        if self._reached(holder.name, name) or any(_derives(node, holder) for node in self._flow.scopes):
            raise Stuck(target, "kept where other classes or modules can use it")
        bound.values.update(binding for binding in self._flow.bindings(holder, name) if self._is_value(binding))
        for node in self._flow.attributes(name):
            owner = self._flow.class_of(node.value)
            if owner is None:
                raise Stuck(node, "perhaps used")
            if owner is not holder:
                continue
            if isinstance(node.ctx, ast.Load):
                self._follow(node, twin)
            elif self._is_value(node):
                bound.values.add(node)

    def _once(self, scope: Scope, name: str, target: ast.expr, twin: Twin) -> Bound | None:
        """What else `name` is bound to, to be filled the first time that it is met; None from then on."""
        known = self._bound.get((scope, name))
        if known is None:
            self._bound[scope, name] = known = Bound(twin, {target})
            return known
        if known.twin is not twin:
            raise Stuck(target, "bound to a name that has other values, too,")
        known.targets.add(target)
        return None

    def _is_value(self, binding: ast.AST) -> bool:
        """Whether a name is bound to anything but None. Notes the type that is written beside it."""
        statement = self._flow.parents.get(binding)
        if isinstance(statement, ast.AnnAssign) and statement.target is binding:
            self.annotations.append(statement.annotation)
            return not (statement.value is None or is_none(statement.value))
        return not (isinstance(statement, ast.Assign) and is_none(statement.value))


def _fate(flow: Flow, node: ast.expr) -> str:
    for around in flow.ancestors(node):
        match around:
            case ast.Return() | ast.Yield() | ast.YieldFrom():
                return "handed out"
            case ast.Call() | ast.keyword():
                return "passed on"
            case ast.stmt():
                break
    return "kept where its uses are not seen"


def _derives(node: ast.AST, holder: ast.ClassDef) -> bool:
    return isinstance(node, ast.ClassDef) and any(last_name(base) == holder.name for base in node.bases)
