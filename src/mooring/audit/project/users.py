"""Which modules use the clients of others: they may say nothing of Redis, and are read for the commands in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mooring.audit.facts import Call, Module
from mooring.audit.outline import Mention
from mooring.audit.project.importers import last_name
from mooring.audit.project.modules import Modules

__all__ = ["Mentioning", "using"]

# The files whose code may use one of some names.
Mentioning = Callable[[frozenset[Mention]], Iterable[str]]


def using(makers: Iterable[tuple[Module, Call]], modules: Modules, mentioning: Mentioning) -> list[Module]:
    """The modules that may use what `makers` make, or call what makes it, apart from those that were read before.

    They import it from where it is made, or from a package that hands it on.
    """
    before = frozenset(modules.loaded)
    mentions = frozenset(one for module, call in makers for one in _mentions(module, call))
    found = _read(mentioning(mentions), modules)
    handed = frozenset(one for path, module in found.items() for one in _handed(path, module, mentions))
    found |= _read(mentioning(handed - mentions), modules)
    return [module for path, module in found.items() if path not in before]


def _read(paths: Iterable[str], modules: Modules) -> dict[str, Module]:
    return {path: module for path in paths if (module := modules.get(path)) is not None}


def _mentions(module: Module, call: Call) -> Iterator[Mention]:
    """What others must name to use what a call makes: the function around it, else the variables it is kept in."""
    scopes = module.enclosing(call.scope)
    function = next((scope.name for scope in scopes if scope.kind == "function"), "")
    for name in [function] if function else call.targets:
        if name.isidentifier() and not name.startswith("__"):
            yield Mention(last_name(module.path), name, bool(function))


def _handed(path: str, module: Module, mentions: frozenset[Mention]) -> Iterator[Mention]:
    """What a package imports of `mentions` for others to import."""
    if path.endswith("/__init__.py"):
        for one in module.imports:
            source = one.module.rpartition(".")[2]
            if one.name and {Mention(source, one.name, True), Mention(source, one.name, False)} & mentions:
                yield Mention(last_name(path), one.asname or one.name, False)
