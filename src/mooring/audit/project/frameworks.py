"""Settings that a framework hands around: Django's `settings`, and the `config` of Flask and its like."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from mooring.audit.facts import Attribute, Call, Constant, Item, Mapping, Module, Name, Value
from mooring.audit.project.attributes import attribute
from mooring.audit.project.meanings import (
    Context,
    Definition,
    Evaluates,
    External,
    Instance,
    Known,
    Made,
    Meaning,
    Meanings,
    Outside,
    TreeModule,
    Unknown,
    distinct,
)
from mooring.audit.project.modules import Modules

__all__ = ["Frameworks"]

DJANGO = "django.conf.settings"
# Settings modules for tests say nothing about where the program runs.
FOR_TESTS = frozenset({"test.py", "tests.py", "testing.py", "ci.py"})
APPLICATIONS = ("flask.Flask().config", "quart.Quart().config", "apiflask.APIFlask().config")


class Frameworks:
    """What the tree itself gives the settings of its frameworks."""

    def __init__(self, evaluator: Evaluates, modules: Modules) -> None:
        self._evaluator = evaluator
        self._modules = modules
        self._django_modules: list[str] | None = None
        self._given: dict[str, list[tuple[Value, Context]]] | None = None
        self._objects: list[tuple[Value, Context]] = []

    def setting(self, owner: Meaning, name: str) -> Meanings:
        """What the tree gives `owner.name` or `owner[name]`; nothing if that is no setting, or comes from outside."""
        if owner == External(DJANGO):
            return distinct(self._django(name))
        if _is_flask(owner) and name.isupper():
            return distinct(self._flask(name))
        return ()

    def _django(self, name: str) -> Iterator[Meaning]:
        if self._django_modules is None:
            self._django_modules = [path for path in self._modules.paths if _holds_settings(path)]
        for path in self._django_modules:
            yield from self._evaluator.member(path, name)

    def _flask(self, name: str) -> Iterator[Meaning]:
        if self._given is None:
            self._given = {}
            for module in list(self._modules.loaded.values()):
                self._note(module, self._given)
        for value, context in self._given.get(name, ()):
            yield from self._evaluator.meanings(value, context)
        for value, context in self._objects:
            for holder in self._evaluator.meanings(value, context):
                yield from self._held(holder, name, context)

    def _held(self, holder: Meaning, name: str, context: Context) -> Iterator[Meaning]:
        """What an object gives to `config.from_object(…)`, which takes a dotted name as well."""
        if isinstance(holder, Known):
            module, _, last = str(holder.value).rpartition(".")
            path = self._modules.find(context.module.path, module or last)
            found = (self._evaluator.member(path, last) if module else (TreeModule(path),)) if path else ()
        else:
            found = (holder,)
        for owner in found:
            if isinstance(owner, Definition | Instance | TreeModule):
                yield from (m for m in attribute(self._evaluator, owner, name) if not isinstance(m, Unknown))

    def _note(self, module: Module, given: dict[str, list[tuple[Value, Context]]]) -> None:
        for assignment in module.assignments:
            match assignment.target:
                case Item(base=Name(id="config"), key=Constant(value=str(key))):
                    given.setdefault(key, []).append((assignment.value, Context(module, assignment.scope)))
        for call in module.calls:
            context = Context(module, call.scope)
            match call:
                case Call(func=Attribute(base=Attribute(name="config"), name="from_object")) if call.arguments:
                    self._objects.append((call.arguments[0].value, context))
                case Call(func=Attribute(base=Attribute(name="config"), name="from_mapping" | "update" | "setdefault")):
                    for name, value in _entries(call):
                        given.setdefault(name, []).append((value, context))


def _holds_settings(path: str) -> bool:
    folder, file = posixpath.split(path)
    return file == "settings.py" or (posixpath.basename(folder) == "settings" and file not in FOR_TESTS)


def _entries(call: Call) -> Iterator[tuple[str, Value]]:
    for argument in call.arguments:
        if isinstance(argument.value, Mapping):
            for key, value in argument.value.items:
                if isinstance(key, Constant):
                    yield str(key.value), value
        elif argument.keyword:
            yield argument.keyword, argument.value


def _is_flask(owner: Meaning) -> bool:
    match owner:
        case External(name=name):
            return name.endswith("current_app.config")
        case Made(name=name):
            return name in APPLICATIONS
        case Outside(name="config"):
            return True
    return False
