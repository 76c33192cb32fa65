"""Which calls in a module are methods of an aioredis 1.x client, or of a pipeline of one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mooring.audit.facts import Attribute, Call, Constant, Module, Site
from mooring.audit.project import Project
from mooring.audit.project.command_names import COMMANDS
from mooring.audit.project.constructors import constructor
from mooring.audit.project.evaluate import Evaluator
from mooring.audit.project.meanings import Context, Made, Meaning, Outside, Typed, Unknown
from mooring.audit.project.modules import Modules
from mooring.audit.rewrite.aioredis.changes import ByHand, File, Function
from mooring.audit.rewrite.aioredis.names import CONSTRUCTORS

__all__ = ["ClientCall", "Role", "client_calls", "common", "decodes", "first_sites", "is_first_site", "is_told_by"]

# Methods that only clients of aioredis 1.x have: whatever they are called on is one.
TELLING = frozenset({"hmset_dict", "ihscan", "iscan", "isscan", "izscan", "multi_exec", "publish_json"})
# Commands whose names other objects have for methods of theirs.
GENERIC = frozenset(
    """
    append auth command copy delete digest dump echo eval execute_command exists expire failover get hello info keys
    lastsave migrate move object persist ping publish quit rename reset restore role save scan select set shutdown
    sort time touch transaction ttl type unlink unwatch wait watch
    """.split()
)
WAITERS = frozenset({"create_task", "ensure_future", "gather", "shield"})


class Role(StrEnum):
    """What a method is called on."""

    CLIENT = "client"
    PIPELINE = "pipeline"


@dataclass(frozen=True, eq=False)
class ClientCall:
    """One call of a method of a client.

    `made` is the call that made the client, None if nobody knows it; `text` tells whether the client decodes its
    replies, None if that cannot be told.
    """

    file: File
    node: ast.Call
    func: ast.Attribute
    role: Role
    made: Call | None
    text: bool | None

    @property
    def name(self) -> str:
        """The method's name."""
        return self.func.attr

    @property
    def receiver(self) -> str:
        """The client as it is spelt."""
        return self.file.code(self.func.value)

    @property
    def awaited(self) -> ast.Await | None:
        """The `await` that stands directly before the call."""
        parent = self.file.parents[self.node]
        return parent if isinstance(parent, ast.Await) else None

    @property
    def dropped(self) -> bool:
        """Whether nothing looks at what the call gives."""
        node: ast.AST = self.node
        for above in self.file.above(self.node):
            if isinstance(above, ast.Expr):
                return True
            passes_on = isinstance(above, ast.Call) and _last_name(above.func) in WAITERS and node in above.args
            if not passes_on and not isinstance(above, ast.Await):
                return False
            node = above
        return False

    def bind(self, *parameters: str, only: tuple[str, ...] = ()) -> dict[str, ast.expr | ast.keyword]:
        """The argument for each parameter that gets one; `only` are those that take no positional argument."""
        if any(isinstance(one, ast.Starred) for one in self.node.args) or len(self.node.args) > len(parameters):
            raise ByHand(f"{self.name}(): the order of the arguments has changed")
        bound: dict[str, ast.expr | ast.keyword] = dict(zip(parameters, self.node.args, strict=False))
        for keyword in self.node.keywords:
            if keyword.arg not in {*parameters, *only} or keyword.arg in bound:
                raise ByHand(f"{self.name}(): redis-py has no argument {keyword.arg or '**'}")
            bound[keyword.arg] = keyword
        return bound


def is_told_by(module: Module) -> bool:
    """Whether methods that only aioredis 1.x has are called in a module."""
    return any(isinstance(call.func, Attribute) and call.func.name in TELLING for call in module.calls)


def client_calls(file: File, module: Module, project: Project) -> list[ClientCall]:
    """The calls of methods of clients and pipelines, in the order of the source."""
    sites = first_sites(module, project) or [site for site in project.sites if is_first_site(site)]
    usual = common(decodes(site.call) for site in sites)
    methods = [node for node in ast.walk(file.syntax.tree) if isinstance(node, ast.Call) and _is_method(node)]
    known = _receivers(file, module, project)
    spelt = {_spelling(file, node): found for node in methods if (found := known.get(file.span(node)))}
    spelt |= _borrowed(file, spelt)
    calls = []
    for node in methods:
        receiver = known.get(file.span(node)) or spelt.get(_spelling(file, node))
        if receiver is not None and isinstance(node.func, ast.Attribute):
            text = decodes(receiver.made) if receiver.made else usual
            calls.append(ClientCall(file, node, node.func, receiver.role, receiver.made, text))
    return sorted(calls, key=lambda call: (file.span(call.node)[0], -file.span(call.node)[1]))


def first_sites(module: Module, project: Project) -> list[Site]:
    """The constructors of aioredis 1.x in a module."""
    return [site for site in project.sites if site.module is module and is_first_site(site)]


def decodes(made: Call) -> bool | None:
    """Whether the client that a call makes decodes its replies; None where that cannot be told."""
    argument = made.argument("encoding")
    if argument is None:
        return False
    return argument.value.value is not None if isinstance(argument.value, Constant) else None


def common(found: Iterable[bool | None]) -> bool | None:
    """The one answer that all give; None where they differ, or there is none."""
    answers = set(found)
    return answers.pop() if len(answers) == 1 else None


def is_first_site(site: Site) -> bool:
    """Whether a client is made by a constructor of aioredis 1.x."""
    return site.constructor.removeprefix("aioredis.") in CONSTRUCTORS


@dataclass(frozen=True, slots=True)
class _Receiver:
    """What a method is called on, and the call that made the client."""

    role: Role
    made: Call | None = None


def _receivers(file: File, module: Module, project: Project) -> dict[tuple[int, int], _Receiver]:
    """What methods are called on, by where the calls stand, as far as the project tells."""
    source, evaluator = file.syntax.source, _evaluator(project)
    receivers = {}
    for call in module.calls:
        if isinstance(call.func, Attribute) and (found := _receiver(evaluator, call.func, Context(module, call.scope))):
            start = source.offset(call.span.line, call.span.column)
            receivers[start, source.offset(call.span.end_line, call.span.end_column)] = found
    return receivers


def _receiver(evaluator: Evaluator, func: Attribute, context: Context) -> _Receiver | None:
    meanings = evaluator.meanings(func.base, context)
    found = {receiver for meaning in meanings if (receiver := _told(evaluator, meaning))}
    if found:
        roles = {receiver.role for receiver in found}
        made = {receiver.made for receiver in found}
        return _Receiver(roles.pop(), made.pop() if len(made) == 1 else None) if len(roles) == 1 else None
    untold = all(isinstance(meaning, Outside | Unknown) for meaning in meanings)
    is_client = func.name in TELLING or (untold and func.name in COMMANDS - GENERIC)
    return _Receiver(Role.CLIENT) if is_client else None


def _told(evaluator: Evaluator, meaning: Meaning) -> _Receiver | None:
    if not isinstance(meaning, Made | Typed):
        return None
    root, _, method = meaning.name.partition("().")
    made = constructor(root)
    if made is None or made.package != "aioredis" or method not in ("", "multi_exec", "pipeline"):
        return None
    if isinstance(meaning, Typed):
        return _Receiver(Role.CLIENT)
    if not method:
        return _Receiver(Role.CLIENT, meaning.call)
    func = meaning.call.func
    client = _receiver(evaluator, func, meaning.context) if isinstance(func, Attribute) else None
    return _Receiver(Role.PIPELINE, client.made if client else None)


Spelling = tuple[Function | None, str]


def _spelling(file: File, node: ast.Call) -> Spelling:
    """What tells two receivers apart: in one function the same text means the same."""
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    return file.function(node), file.code(receiver)


def _borrowed(file: File, spelt: Mapping[Spelling, _Receiver]) -> dict[Spelling, _Receiver]:
    """The names that `async with pool.get() as connection` binds."""
    borrowed = {}
    for node in ast.walk(file.syntax.tree):
        for item in node.items if isinstance(node, ast.AsyncWith) else ():
            match item:
                case ast.withitem(
                    context_expr=ast.Call(func=ast.Attribute(attr="get"), args=[], keywords=[]) as call,
                    optional_vars=ast.Name(id=name),
                ) if _spelling(file, call) in spelt:
                    borrowed[file.function(node), name] = spelt[_spelling(file, call)]
    return borrowed


def _is_method(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute)


def _last_name(func: ast.expr) -> str:
    match func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


@lru_cache(maxsize=1)
def _evaluator(project: Project) -> Evaluator:
    return Evaluator(Modules(project.modules, project.modules.get))
