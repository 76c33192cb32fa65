"""The deployment of a tree beside its code: what each workload runs, which sites that has, which names it reads."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from mooring.audit.facts import Deployment, Module, Service, Site
from mooring.audit.files import SourceFile, Undecodable
from mooring.audit.project.hostnames import Names
from mooring.audit.project.links import Link, Linker
from mooring.audit.project.modules import Modules
from mooring.audit.project.reads import reads

__all__ = ["Deployed"]


class Deployed:
    """What the manifests say of a tree, linked with its modules; nothing is worked out before it is asked for."""

    def __init__(
        self,
        deployment: Deployment,
        modules: Modules,
        services: Sequence[Service],
        sites: Sequence[Site],
        source: Callable[[str], SourceFile],
        peek: Callable[[str], str | None],
    ) -> None:
        self.deployment = deployment
        self._modules = modules
        self._services = services
        self._sites = sites
        self._source = source
        self._peek = peek
        self._code: dict[tuple[str, ...], frozenset[str]] = {}
        self._reads: dict[tuple[str, str], bool] = {}

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every workload with the code that it runs, as far as that is known."""
        workloads = self.deployment.workloads
        linker = Linker(self._modules.paths, self._services, workloads, self._peek)
        return tuple(link for workload in workloads for link in linker.links(workload))

    @cached_property
    def names(self) -> Names:
        """The names that Services and services of Compose answer to."""
        return Names(self.deployment.names)

    def code(self, roots: tuple[str, ...]) -> frozenset[str]:
        """The files that run when `roots` are started: these, and what they import from the tree."""
        if roots not in self._code:
            found = set(roots)
            open_ = list(roots)
            while open_:
                path = open_.pop()
                module = self._modules.get(path)
                new = set(_imported(self._modules, module)) - found if module else set()
                found |= new
                open_ += new
            self._code[roots] = frozenset(found)
        return self._code[roots]

    def sites(self, link: Link) -> list[Site]:
        """The sites in the code of a workload, those in its own folder first."""
        code = self.code(link.roots)
        folders = {posixpath.dirname(root) for root in link.roots}
        found = [site for path in code for site in self._by_path.get(path, ())]
        return sorted(found, key=lambda s: (posixpath.dirname(s.path) not in folders, s.path, s.call.span))

    def reads(self, link: Link, name: str) -> bool:
        """Whether the code of a workload may read a variable: what it imports, or what lies beside it."""
        folders = {posixpath.dirname(root) for root in link.roots} - {""}
        beside = (path for folder in folders for path in self._modules.paths if path.startswith(f"{folder}/"))
        return any(self._names(path, name) for path in dict.fromkeys((*self.code(link.roots), *beside)))

    def _names(self, path: str, name: str) -> bool:
        if (path, name) not in self._reads:
            try:
                self._reads[path, name] = reads(self._source(path).text, name)
            except (OSError, Undecodable):
                self._reads[path, name] = False
        return self._reads[path, name]

    @cached_property
    def _by_path(self) -> dict[str, list[Site]]:
        found: dict[str, list[Site]] = defaultdict(list)
        for site in self._sites:
            found[site.path].append(site)
        return found


def _imported(modules: Modules, module: Module) -> Iterator[str]:
    """The files of the tree that a module imports."""
    for one in module.imports:
        path = modules.find(module.path, one.module, one.level)
        if path is not None:
            yield path
        below = modules.submodule(path, one.name) if path and one.name else None
        if path is None and one.name:
            below = modules.find(module.path, f"{one.module}.{one.name}" if one.module else one.name, one.level)
        if below is not None:
            yield below
