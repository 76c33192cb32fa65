"""The audit on one page: files → facts → project → rules → findings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mooring.audit.catalogue import chosen
from mooring.audit.facts import Command, Deployment, Module, Service, Site, Unreadable
from mooring.audit.files import SourceFile
from mooring.audit.manifests import deployed, read_all, renderer
from mooring.audit.options import Options
from mooring.audit.project import Project
from mooring.audit.project.modules import Modules
from mooring.audit.project.releases import on_disk
from mooring.audit.project.services import find_services
from mooring.audit.reading import unhindered
from mooring.audit.rule import Finding, Problem, Rule, Severity
from mooring.audit.store import Store
from mooring.audit.suppress import ignores, unsuppressed
from mooring.audit.tree import Tree
from mooring.audit.walk import common_root, walk
from mooring.errors import UsageError

__all__ = ["Audit", "audit", "examine"]

DEFAULTS = Options()


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
    # Files besides those in the listing that were looked at, relative to `root`, whether they are there or not.
    consulted: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The passwords that stand in plain text in manifests."""
        return tuple(found.secret for found in self.project.deployed.deployment.passwords)

    def source(self, path: str) -> SourceFile:
        """The text of an audited file."""
        return self.project.source(path)


def audit(
    paths: Sequence[Path],
    *,
    root: Path | None = None,
    options: Options = DEFAULTS,
    overlay: Mapping[str, bytes] | None = None,
    store: Store | None = None,
    jobs: int | None = None,
) -> Audit:
    """Audit the Python files, notebooks and manifests at or below `paths`.

    `root` (the common parent of the paths by default) is what every reported path is relative to. Raises `UsageError`
    if a path does not exist, a code is unknown, or there is nothing to read. The rest is told by `examine`.
    """
    located = [path.absolute() for path in paths]
    top = root.absolute() if root else common_root(located)
    listing = list(walk(top, located, options.exclude, options.base))
    if not listing:
        raise UsageError(f"{', '.join(map(str, paths))}: no Python file or manifest to audit")
    return examine(top, listing, options=options, overlay=overlay, store=store, jobs=jobs)


def examine(
    root: Path,
    listing: Sequence[str],
    *,
    options: Options = DEFAULTS,
    overlay: Mapping[str, bytes] | None = None,
    store: Store | None = None,
    jobs: int | None = None,
) -> Audit:
    """Audit the files in `listing`, paths relative to `root`.

    `overlay` maps paths to contents that take the place of what is on disk: the tree as it would be. `store` keeps what
    is read of each file for the next time (nothing is kept by default). At most `jobs` processes are used, as many as
    there are cores by default. Raises `UsageError` if a code is unknown or nothing can be read.
    """
    rules = chosen(options)
    with unhindered(), Tree(root, listing, overlay=overlay or {}, store=store or Store(None), jobs=jobs) as tree:
        candidates = tree.candidates(include_tests=options.include_tests)
        services = find_services(tree.python, tree.data)
        project = Project(
            Modules(tree.python, tree.module, tree.data),
            tree.source,
            candidates,
            services,
            tree.mentioning,
            on_disk(root),
            tree.patched,
            options.target,
            tree.importing,
            _deployment(tree, include_tests=options.include_tests),
            tree.peek,
        )
        shown = unsuppressed(_findings(rules, project, options.severity), tree.source, ignores(options, root))
        findings = sorted(shown, key=lambda f: (f.problem.path, f.problem.span, f.rule))
        tree.check()
        if tree.unreadable.keys() >= set(listing) and not any(map(tree.has_text, listing)):
            first = tree.unreadable[listing[0]]
            raise UsageError(f"{first.path}: {first.reason}; there is nothing else to audit")
        return Audit(
            root,
            len(tree.python),
            len(tree.paths) - len(tree.python),
            tuple(sorted(tree.unreadable.values(), key=lambda u: u.path)),
            tuple(project.sites),
            tuple(findings),
            services,
            project,
            tuple(sorted(tree.peeked)),
        )


def _deployment(tree: Tree, *, include_tests: bool) -> Deployment:
    """What the manifests of a tree say; those that are no YAML are noted."""
    manifests = read_all(tree.manifests(include_tests=include_tests), renderer(tree.root))
    tree.unreadable.update({one.path: one.unreadable for one in manifests if one.unreadable})
    return deployed(manifests, tree.peek)


def _findings(rules: Sequence[Rule], project: Project, severities: Mapping[str, Severity]) -> Iterator[Finding]:
    """What the rules say, fact by fact, so that what two rules ask of one site is worked out once."""
    facts: dict[type, Sequence[Site | Module | Command | Project]] = {
        Site: project.sites,
        Module: project.audited,
        Command: project.commands,
        Project: [project],
    }
    for kind, known in facts.items():
        own = [(rule, _severity(rule, severities)) for rule in rules if rule.reads is kind]
        for fact in known if own else ():
            for rule, told in own:
                for problem in rule.check(fact, project):
                    severity = told or problem.severity or rule.severity
                    yield Finding(rule.code, rule.name, severity, problem, _fingerprint(rule, problem, project))


def _severity(rule: Rule, severities: Mapping[str, Severity]) -> Severity | None:
    """What the user grades a rule, by its code or the longest beginning of it, if so."""
    told = [code for code in severities if rule.code.startswith(code)]
    return severities[max(told, key=len)] if told else None


def _fingerprint(rule: Rule, problem: Problem, project: Project) -> str:
    """The same for the same code wherever it moves in its file: rule, enclosing definition, normalised snippet."""
    source = project.source(problem.path)
    span = problem.span
    start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
    module = project.modules.get(problem.path)
    name = _enclosing(module, span.line) if module else ""
    # However it is laid out.
    snippet = "".join(source.text[start:end].split()).replace(",)", ")")
    told = f"{rule.code}\0{problem.path}\0{name}\0{snippet}".encode(errors="surrogateescape")
    return hashlib.sha256(told).hexdigest()[:20]


@lru_cache(maxsize=64)
def _enclosing(module: Module, line: int) -> str:
    around = [s for s in module.scopes if s.kind != "lambda" and s.span.line <= line <= s.span.end_line]
    return max(around, key=lambda scope: scope.span.line).qualname
