"""Links the facts of all files: a `Project` is what the rules know of a tree beyond the fact in front of them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import cached_property, partial

from mooring.audit.facts import Command, Deployment, Module, Service, Site, Span
from mooring.audit.files import SourceFile
from mooring.audit.options import DEFAULT_TARGET, Target
from mooring.audit.project.arguments import Arguments
from mooring.audit.project.commands import find_commands
from mooring.audit.project.deployed import Deployed
from mooring.audit.project.evaluate import Evaluator
from mooring.audit.project.factories import FactoryCall, find_factory_calls
from mooring.audit.project.importers import importers_of, last_name
from mooring.audit.project.lifetime import Lifetimes
from mooring.audit.project.modules import Modules
from mooring.audit.project.releases import Releases
from mooring.audit.project.settings import find_settings
from mooring.audit.project.sites import attribute_names, find_sites
from mooring.audit.project.trail import trail
from mooring.audit.project.users import Mentioning, using

__all__ = ["Project"]

NOTHING = Deployment()


class Project:
    """The sites, commands and services of a tree, and the source of each file that a rule may have to quote or edit."""

    def __init__(
        self,
        modules: Modules,
        source: Callable[[str], SourceFile],
        audited: Iterable[str],
        services: tuple[Service, ...] = (),
        mentioning: Mentioning = lambda _: (),
        releases: Releases | None = None,
        patched: Callable[[], frozenset[str]] = frozenset,
        target: Target = DEFAULT_TARGET,
        importing: Callable[[str], Iterable[str]] = lambda _: (),
        deployment: Deployment = NOTHING,
        peek: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Link the `audited` files.

        `mentioning` finds others that may use what they make; `patched` the names that tests put a stand-in for.
        `target` is what fixed code is to call. `importing` finds all files whose imports have a word. `deployment` is
        what the manifests say; `peek` gives the text of any file below the root, if it is there.
        """
        self.target = target
        self._patched = patched
        self.source = source
        self.services = services
        self.releases = releases or Releases()
        self._modules = modules
        self._importing = importing
        self._importers: dict[str, dict[str | None, list[Module]]] = {}
        self._evaluator = evaluator = Evaluator(modules)
        self.audited = [module for path in audited if (module := modules.get(path)) is not None]
        self._arguments: dict[Site, Arguments] = {}
        names = attribute_names(self.audited)
        for module in self.audited:
            self._arguments.update(find_sites(evaluator, module, partial(self.flavour, module), names))
        self.sites = list(self._arguments)
        makers = [(site.module, site.call) for site in self.sites]
        makers += [(found.module, found.call) for found in self.factory_calls]
        users = using(makers, modules, mentioning)
        lifetimes = Lifetimes(evaluator)
        for site in self.sites:
            lifetimes.judge(site)
        for module in self.audited:
            for setting in find_settings(evaluator, module):
                setting.scope = lifetimes.scope_kind(setting)
                self.sites.append(setting)
        self.deployed = Deployed(deployment, modules, services, self.sites, source, peek)
        by_call = {id(site.call): site for site in self.sites}
        self.commands: list[Command] = [
            found for module in (*self.audited, *users) for found in find_commands(evaluator, module, by_call)
        ]

    @property
    def modules(self) -> dict[str, Module]:
        """The modules that were read, by path."""
        return self._modules.loaded

    @cached_property
    def factory_calls(self) -> list[FactoryCall]:
        """The calls of Mooring's factory, in order of their modules."""
        return [call for module in self.audited for call in find_factory_calls(self._evaluator, module)]

    @cached_property
    def patched(self) -> frozenset[str]:
        """The dotted names that tests put a stand-in for."""
        return self._patched()

    def importers(self, path: str) -> list[Module]:
        """The other modules of the tree that import the one at `path`, or may: where it cannot be told which is meant.

        They are read now, though nothing in them speaks of Redis.
        """
        word = last_name(path)
        if word not in self._importers:
            self._importers[word] = importers_of(word, self._modules, self._importing)
        known = self._importers[word]
        return [module for module in known.get(path, []) + known.get(None, []) if module.path != path]

    def is_local(self, module: Module, name: str) -> bool:
        """Whether `name`, imported in `module`, is a module of the tree."""
        return self._modules.find(module.path, name) is not None

    def arguments(self, site: Site) -> Arguments:
        """What the constructor of a site is given, for rules about a single option."""
        return self._arguments.get(site) or Arguments(self._evaluator)

    def trail(self, site: Site) -> list[tuple[str, Span, str]]:
        """Where the address of a site is given, line by line, the farthest first: path, span and name."""
        steps = trail(self._evaluator, self._arguments[site]) if site in self._arguments else []
        return [(step.path, _line(self.source(step.path), step.line), step.name) for step in steps]

    def flavour(self, module: Module) -> bool | None:
        """Whether `redis` would be the asyncio client in a module that forgets to import it; None if nothing tells.

        An import that ended up in the module's docstring or a comment tells first, then what its neighbours import.
        """
        told = _flavours((i.module, i.name) for i in module.mentioned)
        if not told:
            package = posixpath.dirname(posixpath.dirname(module.path))
            siblings = [
                m for m in self.audited if m is not module and m.path.startswith(f"{package}/" if package else "")
            ]
            told = _flavours((i.module, i.name) for sibling in siblings for i in sibling.imports)
        return told.pop() if len(told) == 1 else None


def _line(source: SourceFile, number: int) -> Span:
    """The span of the code on a line."""
    text = source.line(number)
    shift = source.shifts.get(number, 0)
    first = len(text) - len(text.lstrip())
    return Span(number, first + 1 + shift, number, max(len(text.rstrip()), first) + 1 + shift)


def _flavours(imports: Iterable[tuple[str, str | None]]) -> set[bool]:
    return {
        module.startswith(("redis.asyncio", "aioredis")) or name == "asyncio"
        for module, name in imports
        if module.partition(".")[0] in ("redis", "aioredis")
    }
