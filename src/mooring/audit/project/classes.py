"""Classes of the tree: what their attributes hold, what they inherit, what an annotation with one promises."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mooring.audit.facts import (
    Attribute,
    Binding,
    Call,
    Choice,
    Constant,
    Item,
    Local,
    Module,
    Name,
    Opaque,
    Scope,
    Sequence,
    Value,
)
from mooring.audit.project.constructors import constructor
from mooring.audit.project.functions import returned
from mooring.audit.project.inheritance import MAX_BASES, bases, external_base
from mooring.audit.project.meanings import (
    Context,
    Definition,
    Evaluates,
    External,
    Instance,
    Known,
    Meaning,
    Outside,
    Typed,
    Unknown,
)
from mooring.audit.project.variables import variable_of
from mooring.audit.python.calls import last_name

__all__ = ["annotated", "class_attribute", "is_settings"]

PROPERTIES = frozenset({"property", "cached_property"})
DOTTED = re.compile(r"[A-Za-z_][\w.]*")
# Wrappers of a type in an annotation that stand for the type itself.
TYPE_WRAPPERS = frozenset({"Optional", "Union", "Annotated", "ClassVar", "Final", "type", "Type"})
# Bases and decorators whose fields are defaults that a caller, a file or the environment may replace.
SETTINGS_BASES = frozenset(
    {"BaseSettings", "BaseModel", "NamedTuple", "TypedDict", "Struct", "SQLModel", "Settings", "BaseConfig"}
)
SETTINGS_DECORATORS = frozenset({"dataclass", "define", "frozen", "attrs", "s"})
FIELDS = frozenset({"Field", "field", "ib", "attrib", "PrivateAttr"})


def class_attribute(
    evaluator: Evaluates,
    module: Module,
    scope: Scope,
    name: str,
    *,
    instance: bool,
    below: frozenset[int] = frozenset(),
) -> Iterator[Meaning]:
    """An attribute of a class of the tree or, if `instance`, of its objects, with what its bases give.

    `below` holds the ids of the classes that it was inherited by so far: namesakes can make a circle of bases.
    """
    bindings = list(scope.bindings.get(name, ()))
    if instance:
        bindings += scope.attributes.get(name, ())
    if not bindings:
        yield from _inherited(evaluator, module, scope, name, instance=instance, below=below | {id(scope)})
        return
    settings = is_settings(evaluator, module, scope)
    for binding in bindings:
        context = Context(module, binding.scope)
        if settings and binding.scope == scope.index and not isinstance(binding.value, Local):
            told = variable_of(evaluator, module, scope, binding, name)
            yield from _field(evaluator, binding, told, context)
        elif isinstance(binding.value, Opaque) and binding.annotation is not None:
            # `x: Redis` only declares; what is assigned elsewhere tells more.
            if len(bindings) == 1:
                yield from annotated(evaluator, binding.annotation, context)
        else:
            for meaning in evaluator.meanings(binding.value, context):
                if meaning != Known(None) or len(bindings) == 1:
                    yield from _member(evaluator, meaning, context, instance=instance)


def _member(evaluator: Evaluates, meaning: Meaning, context: Context, *, instance: bool) -> Iterator[Meaning]:
    if not isinstance(meaning, Definition) or meaning.scope.kind != "function":
        yield meaning
    elif instance and _is_property(meaning.scope):
        yield from returned(evaluator, meaning, (), context)
    else:
        yield Definition(meaning.module, meaning.scope, instance=True)


def _inherited(
    evaluator: Evaluates, module: Module, scope: Scope, name: str, *, instance: bool, below: frozenset[int]
) -> Iterator[Meaning]:
    found = False
    for parent in bases(evaluator, module, scope):
        if isinstance(parent, Definition) and id(parent.scope) in below:
            continue
        found = True
        if isinstance(parent, Definition):
            yield from class_attribute(evaluator, parent.module, parent.scope, name, instance=instance, below=below)
        else:
            yield External(f"{parent.name}.{name}", parent.guessed)
    if not found:
        yield Unknown()


def is_settings(evaluator: Evaluates, module: Module, scope: Scope) -> bool:
    """Whether the fields of a class are defaults that something outside the code may replace."""
    decorators = {last_name(d.func if isinstance(d, Call) else d) for d in scope.decorators}
    if decorators & SETTINGS_DECORATORS:
        return True
    base = external_base(evaluator, module, scope)
    return base is not None and base.name.rpartition(".")[2] in SETTINGS_BASES


def _field(evaluator: Evaluates, binding: Binding, name: str, context: Context) -> Iterator[Meaning]:
    """What a settings field holds: something from outside and, if it has one, its default."""
    value = binding.value
    if isinstance(value, Call) and last_name(value.func) in FIELDS:
        factory = value.argument("default_factory")
        if factory is not None:
            yield from _produced(evaluator, factory.value, context)
            return
        default = value.argument("default", 0)
        value = default.value if default is not None else Opaque()
    if isinstance(value, Opaque):
        if binding.annotation is not None:
            yield from annotated(evaluator, binding.annotation, context, name)
        else:
            yield Outside(name)
        return
    meanings = [meaning for meaning in evaluator.meanings(value, context) if meaning != Known(None)]
    if not any(isinstance(meaning, Instance) for meaning in meanings):
        yield Outside(name)
    yield from meanings


def _produced(evaluator: Evaluates, factory: Value, context: Context) -> Iterator[Meaning]:
    found: list[Meaning] = []
    for meaning in evaluator.meanings(factory, context):
        if not isinstance(meaning, Definition):
            found.append(Unknown())
        elif meaning.scope.kind == "class":
            found.append(Instance(meaning.module, meaning.scope))
        else:
            found += returned(evaluator, meaning, (), context)
    if not any(isinstance(meaning, Instance) for meaning in found):
        yield Outside()
    yield from found


def annotated(evaluator: Evaluates, annotation: Value, context: Context, name: str | None = None) -> Iterator[Meaning]:
    """What has this annotation and no default: an object of a class, or something from outside."""
    found = False
    for part in _types(annotation, context.module):
        for meaning in evaluator.meanings(part, context):
            if isinstance(meaning, Definition) and meaning.scope.kind == "class":
                found = True
                yield Instance(meaning.module, meaning.scope)
            elif isinstance(meaning, External) and constructor(meaning.name) is not None:
                found = True
                yield Typed(meaning.name)
    if not found:
        yield Outside(name)


def _types(annotation: Value, module: Module, depth: int = 0) -> Iterator[Value]:
    """The classes that an annotation names, through wrappers, unions, text and the module's own aliases."""
    match annotation:
        case Item(base=Name(id=name) | Attribute(name=name), key=key) if name in TYPE_WRAPPERS:
            yield from _types(key, module, depth)
        case Sequence(items=parts) | Choice(options=parts):
            for part in parts:
                yield from _types(part, module, depth)
        case Constant(value=str(text)):
            for dotted in DOTTED.findall(text):
                root, *names = dotted.split(".")
                if names or root not in TYPE_WRAPPERS:
                    named: Value = Name(root)
                    for attribute in names:
                        named = Attribute(named, attribute)
                    yield named
        case Name(id=name):
            aliases = [b.value for b in module.scopes[0].bindings.get(name, ()) if isinstance(b.value, Item | Choice)]
            if aliases and depth < MAX_BASES:
                yield from _types(aliases[-1], module, depth + 1)
            else:
                yield annotation
        case Attribute():
            yield annotation


def _is_property(scope: Scope) -> bool:
    return any(last_name(decorator) in PROPERTIES for decorator in scope.decorators)
