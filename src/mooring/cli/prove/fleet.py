"""A tree → two copies of it, one of them fixed, and the servers in it with what their manifests give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.audit.engine import Audit, audit
from mooring.audit.facts import Service
from mooring.audit.files import Undecodable, read
from mooring.audit.fixer import FixOutcome, fix, write
from mooring.audit.manifests import link, workload_of
from mooring.audit.manifests import read as read_manifest
from mooring.audit.project.services import service_of
from mooring.audit.walk import walk
from mooring.errors import ProofError, UsageError
from mooring.prove import Candidate, Side, copy_tree

__all__ = ["Fleet", "prepare"]


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is measured; `caveats` is what a reader must know of how it was found and fixed."""

    name: str
    copies: Mapping[Side, Path]
    candidates: Sequence[Candidate]
    caveats: Sequence[str]


def prepare(path: Path, folder: Path, names: Sequence[str], *, unsafe: bool = False) -> Fleet:
    """Copy the tree at `path` into `folder` twice, fix one copy, and find its MCP servers, or only those of `names`.

    Safe fixes are made, and the unsafe ones too if `unsafe`.
    Raises `UsageError` where there is no such server, and `ProofError` where the tree cannot be copied or fixed.
    """
    whole = path.absolute()
    if next(walk(whole, [whole]), None) is None:
        raise UsageError(f"{path}: no Python file or manifest in it, so no MCP server")
    copies = {side: folder / side for side in Side}
    for copy in copies.values():
        copy_tree(path, copy)
    fixed = copies[Side.AFTER]
    found = audit([fixed], root=fixed)
    chosen = _chosen(found, names)
    outcome = _fix(found, fixed, unsafe=unsafe)
    return Fleet(path.name, copies, _candidates(found, chosen, outcome), _caveats(found, outcome, unsafe=unsafe))


def _chosen(found: Audit, names: Sequence[str]) -> Mapping[str, Service]:
    """The services to measure, by a name that no other has."""
    servers = [service for service in found.services if service.kind == "mcp"]
    if not servers:
        raise UsageError("no MCP server found: a server.py, main.py, app.py or __main__.py that imports an MCP SDK")
    known = {_name(service, servers): service for service in servers}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"--service {unknown[0]}: no MCP server is called so; there are {', '.join(known)}")
    return {name: service for name, service in known.items() if not names or name in names}


def _name(service: Service, servers: Sequence[Service]) -> str:
    """Its directory's name, or the whole path where another has the same."""
    twins = sum(other.name == service.name for other in servers)
    return service.name if twins == 1 else service.path


def _fix(found: Audit, copy: Path, *, unsafe: bool) -> FixOutcome:
    """Fix the copy on disk. Raises `ProofError` where a file cannot be written: half a fix proves nothing."""
    outcome = fix(found, lambda overlay: audit([copy], root=copy, overlay=overlay), unsafe=unsafe)
    for failure in write(outcome.changes):
        raise ProofError(f"the copy of {failure.path} cannot be fixed: {failure.reason}")
    return outcome


def _candidates(found: Audit, chosen: Mapping[str, Service], outcome: FixOutcome) -> list[Candidate]:
    workloads = link(read_manifest(path, text) for path, text in _yaml(found.root))
    candidates = []
    for name, service in chosen.items():
        workload = workload_of(service, workloads)
        manifest, variables = (workload.path, workload.environment) if workload else (None, ())
        changes = [change for change in outcome.changes if service_of(found.services, change.path) == service]
        titles = tuple(f"{made.path}:{made.line}: {made.title}" for change in changes for made in change.applied)
        candidates.append(Candidate(name, service.path, service.entry, manifest, variables, titles))
    return candidates


def _yaml(root: Path) -> Iterator[tuple[str, str]]:
    for path in walk(root, [root]):
        if path.endswith((".yaml", ".yml")):
            try:
                yield path, read(root, path, (root / path).read_bytes()).text
            except (OSError, Undecodable):
                continue  # `mooring audit` says so


def _caveats(found: Audit, outcome: FixOutcome, *, unsafe: bool) -> list[str]:
    others = [service.path for service in found.services if service.kind != "mcp"]
    passed_over = [f"Not MCP servers, so not driven: {', '.join(others)}."] if others else []
    more = ["Unsafe fixes were made too, which may change what a server does."] if unsafe else []
    refused = [f"A fix of {r.finding.problem.path} was refused: {r.reason}." for r in outcome.refused]
    return [*passed_over, *more, *refused]
