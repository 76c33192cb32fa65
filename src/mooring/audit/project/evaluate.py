"""Follows names, attributes, calls and defaults through the tree, to every meaning that a value can have.

Flow is followed as far as it is cheap and sure: an unconditional assignment hides those before it in the same scope,
anything conditional adds to them. What is not followed is `Unknown`, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mooring.audit.facts import (
    Attribute,
    Awaited,
    Binding,
    Call,
    Choice,
    Constant,
    Imported,
    Item,
    Joined,
    Local,
    Mapping,
    Name,
    Opaque,
    Scope,
    Sequence,
    Value,
)
from mooring.audit.project.attributes import attribute, item, looked_up
from mooring.audit.project.calls import called
from mooring.audit.project.classes import annotated
from mooring.audit.project.constructors import constructor
from mooring.audit.project.frameworks import Frameworks
from mooring.audit.project.imports import imported
from mooring.audit.project.meanings import (
    Context,
    Definition,
    External,
    Frame,
    Known,
    Meaning,
    Meanings,
    Structure,
    TreeModule,
    Unknown,
    distinct,
)
from mooring.audit.project.modules import Modules
from mooring.audit.project.parameters import parameter_meanings
from mooring.audit.project.text import joined, transformed

__all__ = ["Evaluator"]

MAX_DEPTH = 40
# One question may lead to as many others; what is not answered by then is not known, so that time stays linear.
MAX_STEPS = 1500
# As many answers are remembered, about 300 bytes each; in large trees most are never asked for again.
MAX_REMEMBERED = 10_000
LOOKUPS = frozenset({"get", "pop", "setdefault"})

UNKNOWN: Meanings = (Unknown(),)


class Evaluator:
    """Answers what a value means; remembers its answers."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._memo: dict[tuple[int, int, Frame | None], Meanings] = {}
        self._glanced: dict[tuple[int, int, Frame | None], Meanings] = {}
        self._glancing = False
        self._kept: list[Value] = []
        self._open: set[tuple[int, int, Frame | None]] = set()
        self._depth = 0
        self._cuts = 0
        self._steps = 0
        self._frameworks = Frameworks(self, modules)

    def meanings(self, value: Value, context: Context) -> Meanings:
        """Every meaning of `value` in `context`, without repetition, in the order of the source."""
        key = (id(value), id(context.module.scopes[context.scope]), context.frame)
        if key in self._memo:
            return self._memo[key]
        if not self._open:
            self._steps = 0
            if len(self._kept) > MAX_REMEMBERED:
                self._memo.clear()
                self._glanced.clear()
                self._kept.clear()
        self._steps += 1
        if key in self._open or self._depth > MAX_DEPTH or self._steps > MAX_STEPS:
            self._cuts += 1
            return UNKNOWN
        cuts = self._cuts
        self._open.add(key)
        self._depth += 1
        try:
            found = distinct(self._evaluate(value, context))
        finally:
            self._depth -= 1
            self._open.discard(key)
        # An answer that was cut short is right only for the question that was cut.
        if self._cuts == cuts or not self._open:
            self._memo[key] = found
            self._kept.append(value)  # an id may be used again once its object is gone
        return found

    def glance(self, value: Value, context: Context) -> Meanings:
        """The meanings of `value` as far as they may be clients.

        What plainly is none, in a module that says nothing of Redis, is unknown, and that module is not read for it.
        """
        self._memo, self._glanced, self._glancing = self._glanced, self._memo, True
        try:
            return self.meanings(value, context)
        finally:
            self._memo, self._glanced, self._glancing = self._glanced, self._memo, False

    def _evaluate(self, value: Value, context: Context) -> Iterator[Meaning]:
        match value:
            case Constant(value=literal):
                yield Known(literal)
            case Name():
                yield from self.lookup(value, context)
            case Local(scope=index):
                yield Definition(context.module, context.module.scopes[index])
            case Imported():
                yield from imported(self, self.modules, value, context.module)
            case Attribute() | Item() | Call():
                yield from self._applied(value, context)
            case Choice(options=parts):
                for part in parts:
                    yield from self.meanings(part, context)
            case Joined(parts=parts):
                yield joined(self, parts, context)
            case Mapping() | Sequence():
                yield Structure(value, context)
            case Awaited(value=inner):
                yield from self.meanings(inner, context)
            case Opaque():
                yield Unknown()

    def _applied(self, value: Attribute | Item | Call, context: Context) -> Iterator[Meaning]:
        if isinstance(value, Call):
            func = value.func
            if isinstance(func, Attribute):
                found = transformed(self, self.meanings(func.base, context), func.name, value, context)
                if not found and func.name in LOOKUPS and value.arguments:
                    found = looked_up(self, func.base, value, context)
                if found:
                    yield from found
                    return
            for callee in self.meanings(func, context):
                yield from called(self, callee, value, context)
            return
        for owner in self.meanings(value.base, context):
            if isinstance(value, Attribute):
                yield from attribute(self, owner, value.name)
            else:
                yield from item(self, owner, self.meanings(value.key, context))

    # --- names ---

    def lookup(self, name: Name, context: Context) -> Iterator[Meaning]:
        """What a name means where it stands."""
        for depth, scope in enumerate(context.module.enclosing(context.scope)):
            if scope.kind == "class" and depth:
                continue
            if name.id in scope.outer:
                continue
            parameter = next((p for p in scope.parameters if p.name == name.id), None)
            bindings = self._reaching(scope, name, direct=depth == 0)
            if parameter is not None:
                if not any(not binding.conditional for binding in bindings):
                    yield from parameter_meanings(self, parameter, scope, context)
                yield from self._bound(bindings, context)
                return
            if bindings:
                yield from self._bound(bindings, context)
                return
        for star in context.module.stars:
            path = self.modules.find(context.module.path, star.module, star.level)
            found = path and self.member(path, name.id)
            if found:
                yield from found
                return
        for star in context.module.stars:
            if not star.level and constructor(f"{star.module}.{name.id}"):
                yield External(f"{star.module}.{name.id}")
                return
        yield External(name.id, guessed=True)

    def _reaching(self, scope: Scope, name: Name, *, direct: bool) -> list[Binding]:
        """The bindings of a name that can hold where it is used."""
        bindings = scope.bindings.get(name.id, [])
        if direct and name.line and scope.kind != "class":
            before = [binding for binding in bindings if binding.line <= name.line]
            bindings = before or bindings
        for index in range(len(bindings) - 1, -1, -1):
            if not bindings[index].conditional and bindings[index].scope == scope.index:
                return bindings[index:]
        return list(bindings)

    def _bound(self, bindings: Iterable[Binding], context: Context) -> Iterator[Meaning]:
        for binding in bindings:
            at_call = context.frame is not None and context.frame.function.index == binding.scope
            frame = context.frame if at_call or binding.scope == context.scope else None
            inner = Context(context.module, binding.scope, frame)
            if isinstance(binding.value, Opaque) and binding.annotation is not None:
                yield from annotated(self, binding.annotation, inner)
            else:
                yield from self.meanings(binding.value, inner)

    # --- modules ---

    def setting(self, owner: Meaning, name: str) -> Meanings:
        """What the tree itself gives the setting `name` of a framework; nothing if `owner` holds no such."""
        return self._frameworks.setting(owner, name)

    def member(self, path: str, name: str) -> Meanings:
        """A name of a module of the tree, or the submodule of that name."""
        if self._glancing and self.modules.is_ordinary(path, name):
            return UNKNOWN
        module = self.modules.get(path)
        if module is not None:
            top = module.scopes[0]
            bindings = self._reaching(top, Name(name), direct=False)
            if bindings:
                return distinct(self._bound(bindings, Context(module, 0)))
        submodule = self.modules.submodule(path, name)
        if submodule:
            return (TreeModule(submodule),)
        if module is not None:
            for star in module.stars:
                target = self.modules.find(path, star.module, star.level)
                if target and target != path and self._depth < MAX_DEPTH:
                    self._depth += 1
                    found = self.member(target, name)
                    self._depth -= 1
                    if found:
                        return found
        return ()
