"""The audit on one page: files → facts → project → rules → findings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mooring.audit.catalogue import catalogue
from mooring.audit.facts import Command, Module, Service, Site, Unreadable
from mooring.audit.files import SourceFile, Undecodable, is_test, read, walk
from mooring.audit.project import Project
from mooring.audit.project.modules import Modules
from mooring.audit.project.services import find_services
from mooring.audit.python import parse, read_module
from mooring.audit.rule import Finding, Problem, Rule
from mooring.audit.suppress import unsuppressed
from mooring.errors import UsageError

__all__ = ["Audit", "audit"]

IMPORT = re.compile(rb"^[ \t]*(?:from|import)\b[^\n(]*(?:\([^)]*\))?", re.MULTILINE)
# A Python file without any of these words makes no Redis client; its facts are read only if another one imports it.
WORDS = re.compile(rb"redis|valkey|glide|celery|storage_uri", re.IGNORECASE)


@dataclass(frozen=True)
class Audit:
    """What an audit found; paths are relative to `root`."""

    root: Path
    python_files: int
    manifest_files: int
    unreadable: tuple[Unreadable, ...]
    sites: tuple[Site, ...]
    findings: tuple[Finding, ...]
    services: tuple[Service, ...]
    project: Project

    def source(self, path: str) -> SourceFile:
        """The text of an audited file."""
        return self.project.source(path)


class Tree:
    """The files of the audited tree, read once each; those that cannot be read are noted, not raised.

    `overlay` holds contents by path that take the place of what is on disk.
    """

    def __init__(self, root: Path, paths: Sequence[Path], overlay: Mapping[str, bytes]) -> None:
        self.root = root
        self._overlay = overlay
        self.paths = tuple(walk(root, paths))
        self.python = tuple(path for path in self.paths if path.endswith(".py"))
        self.unreadable: dict[str, Unreadable] = {}
        self._sources: dict[str, SourceFile] = {}

    def data(self, path: str) -> bytes:
        """The bytes of a file; none if it cannot be read."""
        try:
            return self._bytes(path)
        except OSError as error:
            self.unreadable[path] = Unreadable(path, None, f"cannot be read: {error.strerror}")
            return b""

    def source(self, path: str) -> SourceFile:
        """The text of a file; raises `Undecodable` or `OSError` if it has none."""
        if path not in self._sources:
            self._sources[path] = read(self.root, path, self._bytes(path))
        return self._sources[path]

    def _bytes(self, path: str) -> bytes:
        return self._overlay[path] if path in self._overlay else (self.root / path).read_bytes()

    def module(self, path: str) -> Module | None:
        """The facts of a Python file, as far as it can be read; what cannot is noted."""
        source = self._readable(path)
        if source is None:
            return None
        module, unreadable = read_module(source)
        if unreadable is not None:
            self.unreadable[path] = unreadable
        return module

    def check(self, path: str) -> None:
        """Note why a Python file that is not read any further does not parse, if it does not."""
        source = self._readable(path)
        tree = parse(source) if source else None
        if isinstance(tree, Unreadable):
            self.unreadable[path] = tree

    def mentioning(self, pairs: frozenset[tuple[str, str]]) -> list[str]:
        """The Python files, tests aside, that import a module and name a function of it, by one of `pairs`."""
        modules: dict[bytes, set[bytes]] = {}
        for module, function in pairs:
            modules.setdefault(function.encode(), set()).add(module.encode())
        if not modules:
            return []
        functions = re.compile(rb"\b(?:" + b"|".join(map(re.escape, modules)) + rb")\b")
        found = []
        for path in self.python:
            data = self.data(path)
            named = set(functions.findall(data)) if not is_test(path) else ()
            if named and set().union(*(modules[name] for name in named)) & _imported_words(data):
                found.append(path)
        return found

    def has_text(self, path: str) -> bool:
        """Whether a file was read and decoded."""
        return path in self._sources

    def _readable(self, path: str) -> SourceFile | None:
        try:
            return self.source(path)
        except Undecodable as error:
            self.unreadable[path] = Unreadable(path, None, str(error))
        except OSError as error:
            self.unreadable[path] = Unreadable(path, None, f"cannot be read: {error.strerror}")
        return None


def audit(
    paths: Sequence[Path],
    *,
    root: Path | None = None,
    include_tests: bool = False,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    overlay: Mapping[str, bytes] | None = None,
) -> Audit:
    """Audit the Python files and manifests at or below `paths`.

    `root` (the common parent of the paths by default) is what every reported path is relative to. `select` and `ignore`
    hold rule codes or their beginnings. `overlay` maps paths to contents that take the place of what is on disk: the
    tree as it would be. Raises `UsageError` if a path does not exist, a code is unknown, or there is nothing to read.
    """
    rules = [rule for rule in catalogue() if _chosen(rule, select, ignore)]
    _check_codes([*select, *ignore])
    located = [path.absolute() for path in paths]
    tree = Tree(root.absolute() if root else _common_root(located), located, overlay or {})
    if not tree.paths:
        raise UsageError(f"{', '.join(map(str, paths))}: no Python file or manifest to audit")
    candidates = [p for p in tree.python if (include_tests or not is_test(p)) and WORDS.search(tree.data(p))]
    services = find_services(tree.python, tree.data)
    project = Project(Modules(tree.python, tree.module), tree.source, candidates, services, tree.mentioning)
    for path in set(tree.python) - project.modules.keys() - tree.unreadable.keys():
        tree.check(path)
    unread = [tree.unreadable[path] for path in tree.paths if path in tree.unreadable and not tree.has_text(path)]
    if len(unread) == len(tree.paths):
        raise UsageError(f"{unread[0].path}: {unread[0].reason}; there is nothing else to audit")
    findings = sorted(
        unsuppressed(_findings(rules, project), tree.source),
        key=lambda f: (f.problem.path, f.problem.span, f.rule),
    )
    return Audit(
        tree.root,
        len(tree.python),
        len(tree.paths) - len(tree.python),
        tuple(sorted(tree.unreadable.values(), key=lambda u: u.path)),
        tuple(project.sites),
        tuple(findings),
        services,
        project,
    )


def _imported_words(data: bytes) -> set[bytes]:
    """The words of the import statements in a file's bytes."""
    return {word for statement in IMPORT.findall(data) for word in re.findall(rb"\w+", statement)}


def _common_root(paths: Sequence[Path]) -> Path:
    folders = [path if path.is_dir() else path.parent for path in paths]
    common = folders[0]
    for folder in folders[1:]:
        while common not in (folder, *folder.parents):
            common = common.parent
    return common


def _chosen(rule: Rule, select: Sequence[str], ignore: Sequence[str]) -> bool:
    return (not select or rule.code.startswith(tuple(select))) and not rule.code.startswith(tuple(ignore) or ("\0",))


def _check_codes(codes: Sequence[str]) -> None:
    known = [rule.code for rule in catalogue()]
    for code in codes:
        if not any(rule.startswith(code) for rule in known) or not code:
            raise UsageError(f"no rule is called {code!r}; there are {', '.join(known)}")


def _findings(rules: Sequence[Rule], project: Project) -> Iterator[Finding]:
    for rule in rules:
        for fact in _facts(rule, project):
            for problem in rule.check(fact, project):
                yield Finding(rule.code, rule.name, rule.severity, problem, _fingerprint(rule, problem, project))


def _facts(rule: Rule, project: Project) -> Sequence[Site] | Sequence[Module] | Sequence[Command] | Sequence[Project]:
    by_type: dict[type, Callable[[], Sequence[Site] | Sequence[Module] | Sequence[Command] | Sequence[Project]]] = {
        Site: lambda: project.sites,
        Module: lambda: project.audited,
        Command: lambda: project.commands,
        Project: lambda: [project],
    }
    return by_type[rule.reads]()


def _fingerprint(rule: Rule, problem: Problem, project: Project) -> str:
    """The same for the same code wherever it moves in its file: rule, enclosing definition, normalised snippet."""
    source = project.source(problem.path)
    span = problem.span
    start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
    module = project.modules.get(problem.path)
    name = _enclosing(module, span.line) if module else ""
    snippet = " ".join(source.text[start:end].split())
    return hashlib.sha256(f"{rule.code}\0{problem.path}\0{name}\0{snippet}".encode()).hexdigest()[:20]


@lru_cache(maxsize=1024)
def _enclosing(module: Module, line: int) -> str:
    around = [s for s in module.scopes if s.kind != "lambda" and s.span.line <= line <= s.span.end_line]
    return max(around, key=lambda scope: scope.span.line).qualname
