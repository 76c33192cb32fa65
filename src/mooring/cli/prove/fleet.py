"""A tree → two copies of it, one of them fixed, and the servers in it with what their manifests give them."""

from __future__ import annotations

import shlex
import sys
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
from mooring.prove import LOOKUP, Candidate, Plan, Planned, Side, copy_tree

__all__ = ["Fleet", "check_faulted", "prepare"]


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is measured; `caveats` is what a reader must know of how it was found and fixed."""

    name: str
    copies: Mapping[Side, Path]
    candidates: Sequence[Candidate]
    caveats: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A service to measure: as found, and what the plan says of it."""

    service: Service
    planned: Planned | None = None


def prepare(
    path: Path,
    folder: Path,
    names: Sequence[str],
    *,
    plan: Plan | None = None,
    command: str | None = None,
    unsafe: bool = False,
) -> Fleet:
    """Copy the tree at `path` into `folder` twice, fix one copy, and find its services, or only those of `names`.

    Those are its MCP servers and what `plan` names; `command` is what the one that is left is started with. Safe fixes
    are made, and the unsafe ones too if `unsafe`. Raises `UsageError` where there is no such service, and `ProofError`
    where the tree cannot be copied or fixed.
    """
    whole = path.absolute()
    if next(walk(whole, [whole]), None) is None:
        raise UsageError(f"{path}: no Python file or manifest in it, so no service")
    copies = {side: folder / side for side in Side}
    for copy in copies.values():
        copy_tree(path, copy)
    fixed = copies[Side.AFTER]
    found = audit([fixed], root=fixed)
    chosen = _chosen(found, path.name, plan or Plan(), names, command)
    outcome = _fix(found, fixed, unsafe=unsafe)
    caveats = _caveats(found, chosen, outcome, unsafe=unsafe)
    return Fleet(path.name, copies, _candidates(found, chosen, outcome), caveats)


def check_faulted(fleet: Fleet, names: Sequence[str]) -> None:
    """Raise `UsageError` where --fault-on names a service that is not measured."""
    known = [candidate.name for candidate in fleet.candidates]
    for name in names:
        if name not in known:
            raise UsageError(f"--fault-on {name}: no service is called so; there are {', '.join(known)}")


def _chosen(found: Audit, tree: str, plan: Plan, names: Sequence[str], command: str | None) -> Mapping[str, _Chosen]:
    """The services to measure, by a name that no other has."""
    planned = {one.path: one for one in plan.services}
    for path in planned:
        if not (found.root / path).is_dir():
            raise UsageError(f"--plan: path {path!r} is no folder of the tree")
    servers = [service for service in found.services if service.kind == "mcp" and service.path not in planned]
    known = {_name(service, servers): _Chosen(service) for service in servers}
    for one in planned.values():
        home = next((service for service in found.services if service.path == one.path), None)
        entry = f"{one.path}/server.py" if one.path != "." else "server.py"
        known[one.name] = _Chosen(home or Service(one.name, one.path, "python", entry), one)
    if not known and command is not None:
        known = {tree: _Chosen(Service(tree, ".", "mcp", "server.py"))}
    if not known:
        raise UsageError(
            "no MCP server found: a server.py, main.py, app.py or __main__.py that imports an MCP SDK; say what else "
            "there is with --plan or --command"
        )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"--service {unknown[0]}: no MCP server is called so; there are {', '.join(known)}")
    chosen = {name: one for name, one in known.items() if not names or name in names}
    return chosen if command is None else _commanded(chosen, command)


def _commanded(chosen: Mapping[str, _Chosen], command: str) -> Mapping[str, _Chosen]:
    if len(chosen) > 1:
        raise UsageError(f"--command starts one service, not {len(chosen)}: name it with --service")
    try:
        words = tuple(sys.executable if word == "{python}" else word for word in shlex.split(command))
    except ValueError as error:
        raise UsageError(f"--command {command!r}: {error}") from error
    if not words:
        raise UsageError("--command is empty: name a program and its arguments")
    ((name, one),) = chosen.items()
    request = one.planned.request if one.planned else None
    return {name: _Chosen(one.service, Planned(one.service.path, name, words, request))}


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


def _candidates(found: Audit, chosen: Mapping[str, _Chosen], outcome: FixOutcome) -> list[Candidate]:
    workloads = link(read_manifest(path, text) for path, text in _yaml(found.root))
    candidates = []
    for name, one in chosen.items():
        service = one.service
        workload = workload_of(service, workloads)
        manifest, variables = (workload.path, workload.environment) if workload else (None, ())
        changes = [change for change in outcome.changes if service_of(found.services, change.path) == service]
        titles = tuple(f"{made.path}:{made.line}: {made.title}" for change in changes for made in change.applied)
        command = one.planned.command if one.planned else None
        request = (one.planned.request if one.planned else None) or LOOKUP
        candidates.append(Candidate(name, service.path, service.entry, manifest, variables, titles, command, request))
    return candidates


def _yaml(root: Path) -> Iterator[tuple[str, str]]:
    for path in walk(root, [root]):
        if path.endswith((".yaml", ".yml")):
            try:
                yield path, read(root, path, (root / path).read_bytes()).text
            except (OSError, Undecodable):
                continue  # `mooring audit` says so


def _caveats(found: Audit, chosen: Mapping[str, _Chosen], outcome: FixOutcome, *, unsafe: bool) -> list[str]:
    driven = {one.service.path for one in chosen.values()}
    others = [service.path for service in found.services if service.kind != "mcp" and service.path not in driven]
    passed_over = [f"Not MCP servers, so not driven: {', '.join(others)}."] if others else []
    more = ["Unsafe fixes were made too, which may change what a server does."] if unsafe else []
    refused = [f"A fix of {r.finding.problem.path} was refused: {r.reason}." for r in outcome.refused]
    return [*passed_over, *more, *refused]
