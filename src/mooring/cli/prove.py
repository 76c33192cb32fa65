"""`mooring prove`: run and measure a fleet before and after the fix."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from mooring.audit.engine import Audit, audit
from mooring.audit.facts import Service
from mooring.audit.files import Undecodable, walk
from mooring.audit.files import read as read_source
from mooring.audit.fixer import FixOutcome, fix, replace_file
from mooring.audit.manifests import link, workload_of
from mooring.audit.manifests import read as read_manifest
from mooring.audit.project.services import service_of
from mooring.embedded import EmbeddedRedis
from mooring.errors import UsageError
from mooring.prove import Address, Candidate, Contact, Lane, Load, Side, State, copy_tree, dump, prove
from mooring.report.html import page, require
from mooring.report.proof import render

__all__ = ["command"]

_LANES = 6
"""Services in first contact at a time, each with a Redis a side."""

_DEFAULT = Load()


@click.command("prove")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the HTML report here.")
@click.option("--json", "samples", type=click.Path(dir_okay=False, path_type=Path), help="Write the raw samples here.")
@click.option("--calls", type=int, default=_DEFAULT.calls, show_default=True, help="Calls a block.")
@click.option("--rounds", type=int, default=_DEFAULT.rounds, show_default=True, help="Rounds, both sides in each.")
@click.option(
    "--concurrency",
    type=int,
    multiple=True,
    default=_DEFAULT.concurrency,
    show_default=True,
    help="Callers at once; repeatable.",
)
@click.option("--service", "names", multiple=True, metavar="NAME", help="Measure only this one; repeatable.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep both copies in this new folder.")
@click.pass_context
def command(
    context: click.Context,
    path: Path,
    output: Path | None,
    samples: Path | None,
    calls: int,
    rounds: int,
    concurrency: tuple[int, ...],
    names: tuple[str, ...],
    keep: Path | None,
) -> None:
    """Prove what the fix does: run every MCP server in PATH before and after it, under the same load.

    Works on copies and on a private Redis with a password; PATH is never touched. Each server gets the environment of
    its Kubernetes or Compose manifest. Exits with 0 if every server that can be measured uses its Redis after the fix,
    1 if one does not, 2 if there is nothing to measure.
    """
    load = Load(calls, rounds, tuple(dict.fromkeys(concurrency)))
    for file in (output, samples):
        _check_folder(file)
    if output:
        require()
    with _workspace(keep) as folder, ExitStack() as stack:
        copies = {side: folder / side for side in Side}
        for copy in copies.values():
            copy_tree(path.resolve(), copy)
        progress = _Progress()
        first = audit([copies[Side.AFTER]], root=copies[Side.AFTER])
        services = _chosen(first, names)
        progress.say(f"{len(services)} MCP servers in {path}; fixing a copy of them")
        outcome = _fix(first, copies[Side.AFTER])
        candidates = _candidates(first, services, outcome)
        lanes, version = _lanes(stack, min(len(candidates), _LANES))
        caveats = _caveats(first, outcome)
        proof = prove(path.resolve().name, candidates, copies, lanes, version, load, progress, caveats)
    click.echo(render(proof, color=_on_terminal(), width=min(shutil.get_terminal_size().columns, 120)), nl=False)
    if samples:
        replace_file(samples, dump(proof).encode())
        click.echo(f"raw samples: {samples}")
    if output:
        link_to_samples = Path(os.path.relpath(samples, output.parent)).as_posix() if samples else None
        replace_file(output, page(proof, link_to_samples).encode())
        click.echo(f"report: {output}")
    context.exit(1 if proof.broken else 0)


class _Progress:
    """Tells on standard error what is being done."""

    def say(self, text: str) -> None:
        """Print a line."""
        click.echo(text, err=True)

    def contacted(self, contact: Contact) -> None:
        """One side of a service was started and asked for a key."""
        reason = f": {contact.reason}" if contact.reason else ""
        state = click.style(contact.state, fg="green" if contact.state is State.CONNECTS else "red")
        self.say(f"  {contact.service}, {contact.side}: {state}{reason}")

    def loading(self, service: str) -> None:
        """The load on a service begins."""
        self.say(f"  {service}: measuring")


@contextmanager
def _workspace(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="mooring-") as name:
            yield Path(name).resolve()
        return
    if keep.exists() and any(keep.iterdir()):
        raise UsageError(f"--keep {keep}: the folder is not empty; name a new one")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.resolve()


def _check_folder(file: Path | None) -> None:
    """Better said now than after a minute of measuring."""
    if file and not file.absolute().parent.is_dir():
        raise UsageError(f"{file}: its folder does not exist")


def _chosen(found: Audit, names: Sequence[str]) -> list[Service]:
    servers = [service for service in found.services if service.kind == "mcp"]
    if not servers:
        raise UsageError("no MCP server found: a server.py, main.py, app.py or __main__.py that imports an MCP SDK")
    known = {_name(service, servers): service for service in servers}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"--service {unknown[0]}: no MCP server is called so; there are {', '.join(known)}")
    return [service for name, service in known.items() if not names or name in names]


def _name(service: Service, servers: Sequence[Service]) -> str:
    """Its directory's name, or the whole path where another has the same."""
    twins = sum(other.name == service.name for other in servers)
    return service.name if twins == 1 else service.path


def _fix(first: Audit, copy: Path) -> FixOutcome:
    """Fix the copy on disk, round after round."""

    def again(contents: Mapping[str, bytes]) -> Audit:
        for path, data in contents.items():
            replace_file(copy / path, data)
        return audit([copy], root=copy)

    return fix(first, again)


def _candidates(found: Audit, services: Sequence[Service], outcome: FixOutcome) -> list[Candidate]:
    manifests = [read_manifest(path, text) for path, text in _yaml(found.root)]
    workloads = link(manifests)
    servers = [service for service in found.services if service.kind == "mcp"]
    candidates = []
    for service in services:
        workload = workload_of(service, workloads)
        changes = [c for c in outcome.changes if service_of(found.services, c.path) == service]
        titles = tuple(f"{a.path}:{a.line}: {a.title}" for change in changes for a in change.applied)
        manifest, variables = (workload.path, workload.environment) if workload else (None, ())
        candidates.append(Candidate(_name(service, servers), service.path, service.entry, manifest, variables, titles))
    return candidates


def _yaml(root: Path) -> Iterator[tuple[str, str]]:
    for path in walk(root, [root]):
        if path.endswith((".yaml", ".yml")):
            try:
                yield path, read_source(root, path, (root / path).read_bytes()).text
            except (OSError, Undecodable):
                continue  # the audit says so


def _lanes(stack: ExitStack, count: int) -> tuple[list[Lane], str]:
    password = secrets.token_urlsafe(24)
    lanes, version = [], ""
    for _ in range(count):
        servers = {side: stack.enter_context(EmbeddedRedis(password=password)) for side in Side}
        version = servers[Side.AFTER].version
        lanes.append(Lane({side: Address(server.host, server.port, password) for side, server in servers.items()}))
    return lanes, version


def _caveats(found: Audit, outcome: FixOutcome) -> list[str]:
    others = [service.path for service in found.services if service.kind != "mcp"]
    passed_over = [f"Not MCP servers, so not driven: {', '.join(others)}."] if others else []
    refused = [f"A fix of {r.finding.problem.path} was refused: {r.reason}." for r in outcome.refused]
    return [*passed_over, *refused]


def _on_terminal() -> bool:
    return sys.stdout.isatty()
