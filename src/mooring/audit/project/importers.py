"""Who imports a module: found by the words of the import statements, then told apart by what these mean."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from mooring.audit.facts import Import, Module
from mooring.audit.project.modules import Modules

__all__ = ["importers_of", "last_name"]


def last_name(path: str) -> str:
    """What a module is called where it is imported: a package by its folder."""
    folder, file = posixpath.split(path)
    return posixpath.basename(folder) if file == "__init__.py" else posixpath.splitext(file)[0]


def importers_of(
    word: str, modules: Modules, importing: Callable[[str], Iterable[str]]
) -> dict[str | None, list[Module]]:
    """The modules that import one whose last name is `word`, by the path of that; by None where it is not found.

    `importing` finds the files whose imports have a word. A package's own modules may import it as `.`.
    """
    packages = [path for path in modules.paths if path.endswith("/__init__.py") and last_name(path) == word]
    inside = {posixpath.dirname(path) for path in packages}
    near = (path for path in modules.paths if posixpath.dirname(path) in inside)
    found: dict[str | None, list[Module]] = {}
    for path in dict.fromkeys([*importing(word), *near]):
        module = modules.get(path)
        if module is not None:
            for target in dict.fromkeys(_targets(module, word, modules)):
                found.setdefault(target, []).append(module)
    return found


def _targets(module: Module, word: str, modules: Modules) -> Iterator[str | None]:
    """The paths of the modules called `word` that a module imports, and None for each that is not in the tree so."""
    for one in module.imports:
        named = word in (one.module.rpartition(".")[2], one.name)
        if named or (one.level and not one.module):
            called: list[str | None] = [path for path in _meant(module.path, one, modules) if last_name(path) == word]
            yield from called or ([None] if named else [])


def _meant(importer: str, one: Import, modules: Modules) -> Iterator[str]:
    """The modules of the tree that an import names: the one it is from, and the one that it may bring."""
    names = [one.module, *([f"{one.module}.{one.name}".lstrip(".")] if one.name else [])]
    for name in names:
        found = modules.find(importer, name, one.level) if name or one.level else None
        if found is not None:
            yield found
