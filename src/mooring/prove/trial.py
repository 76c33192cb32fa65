"""One proof from end to end: candidates and two copies of their fleet in, a `Proof` out."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import mooring
from mooring.errors import ProofError
from mooring.prove.compare import compare
from mooring.prove.environment import Address, Environment, Variable, inherited, repoint
from mooring.prove.machine import Machine, describe
from mooring.prove.measure import Watcher, measure
from mooring.prove.reasons import Redactor
from mooring.prove.record import Proof, Subject
from mooring.prove.request import LOOKUP, Door, Request
from mooring.prove.samples import State
from mooring.prove.scenarios import Launch, Load, Scenario, Side
from mooring.prove.targets import Target, answer
from mooring.prove.upstream import SCRIPT, serve_upstream

__all__ = ["Candidate", "Lane", "Variables", "prove"]

Variables = Sequence[Variable]

# Wide enough for a whole message on one line of a traceback that `rich` draws, which is where reasons are read from.
_COLUMNS = "200"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service to measure, where it stands in its tree, and what its manifest sets; `fixes` are titles.

    `command` is run in its folder (`path`), None for the entry point under this Python. `request` is what it is asked.
    """

    name: str
    path: str
    entry: str
    manifest: str | None
    variables: Variables = field(repr=False, default=())
    fixes: tuple[str, ...] = ()
    command: tuple[str, ...] | None = None
    request: Request = LOOKUP


@dataclass(frozen=True, slots=True)
class Lane:
    """A private Redis for each side. First contact is made on all lanes at once, with one service at a time on each."""

    redis: Mapping[Side, Address]


def prove(
    fleet: str,
    candidates: Sequence[Candidate],
    copies: Mapping[Side, Path],
    lanes: Sequence[Lane],
    redis_version: str,
    load: Load,
    watcher: Watcher,
    caveats: Iterable[str] = (),
    targets: Sequence[Target] = (),
) -> Proof:
    """Run and measure every candidate in both copies, and answer the `targets`.

    Raises `ProofError` if nothing could be measured at all, or a private Redis or the fleet's own stand-in for its
    upstream fails, and `MissingExtra` without the MCP SDK. Whatever a server does is part of the result.
    """
    started, began = datetime.now(UTC), time.monotonic()
    machine = describe(redis_version)
    noted = [*caveats, *_surroundings(machine), *_manifests(candidates)]
    base = _base_environment()
    with serve_upstream(copies[Side.BEFORE], base) as upstream:
        if upstream is None:
            noted.append(f"The fleet ships no {SCRIPT}: calls to an upstream went wherever its manifests say.")
        environments = [
            {side: _environment(candidate, lane.redis[side], upstream) for side in Side}
            for candidate, lane in _dealt(candidates, lanes)
        ]
        launches = [
            _launch(candidate, side, copies[side], base, environment[side], lane.redis[side])
            for (candidate, lane), environment in zip(_dealt(candidates, lanes), environments, strict=True)
            for side in Side
        ]
        redact = Redactor(
            (address.password for lane in lanes for address in lane.redis.values()),
            {copy: side.value for side, copy in copies.items()},
        )
        known = {candidate.name: candidate for candidate in candidates}

        def moved(launch: Launch, address: Address, file: Path | None) -> Launch:
            """The same service on another Redis; code that uses Mooring gets the password as a mounted file."""
            candidate = known[launch.service]
            given = file if file and _uses_mooring(copies[launch.side] / candidate.path) else None
            named = Address(address.host, address.port, "") if given else address
            own = _environment(candidate, named, upstream)
            there = _launch(candidate, launch.side, copies[launch.side], base, own, address)
            bare = {name: value for name, value in there.env.items() if value or not given}
            return replace(there, env={**bare, "REDIS_PASSWORD_FILE": str(given)} if given else there.env)

        berthing = moved if load.faults else None
        measurement = asyncio.run(measure(launches, load, redact, watcher, berthing))
    subjects = tuple(map(_subject, candidates, (environment[Side.AFTER] for environment in environments)))
    if all(contact.state is State.MUTE for contact in measurement.contacts):
        raise ProofError(
            f"none of {len(candidates)} servers offers the tool {LOOKUP.label} that is driven: nothing to measure; "
            "say in a --plan what they are to be asked"
        )
    noted += [*_omissions(subjects), *_unsaid(candidates), *_rotated(load)]
    comparisons = compare(measurement)
    return Proof(
        fleet,
        started.isoformat(timespec="seconds"),
        time.monotonic() - began,
        machine,
        load,
        subjects,
        measurement,
        comparisons,
        tuple(noted),
        answer(targets, measurement, comparisons),
    )


def _dealt(candidates: Sequence[Candidate], lanes: Sequence[Lane]) -> Iterator[tuple[Candidate, Lane]]:
    for index, candidate in enumerate(candidates):
        yield candidate, lanes[index % len(lanes)]


def _base_environment() -> dict[str, str]:
    packages = str(Path(mooring.__file__).resolve().parents[1])
    return {**inherited(os.environ), "PYTHONPATH": packages, "COLUMNS": _COLUMNS}


def _environment(candidate: Candidate, address: Address, upstream: str | None) -> Environment:
    if candidate.manifest is None:
        return Environment({"REDIS_URL": address.url()}, ("REDIS_URL",), ())
    return repoint(candidate.variables, address, upstream)


def _launch(
    candidate: Candidate, side: Side, copy: Path, base: Mapping[str, str], own: Environment, address: Address
) -> Launch:
    variables = {**base, **own.variables}
    if "PYTHONPATH" in own.variables:
        variables["PYTHONPATH"] = os.pathsep.join((own.variables["PYTHONPATH"], base["PYTHONPATH"]))
    if candidate.command is not None or candidate.request.door is Door.FUNCTION:
        argv = candidate.command or (sys.executable,)
        place = copy / candidate.path
        return Launch(candidate.name, side, place, argv, variables, address.url(), candidate.request)
    entry = copy / candidate.entry
    # A package's `__main__.py` may import its siblings relatively, which works only if it is run as the package.
    package = entry.name == "__main__.py"
    arguments = ("-m", entry.parent.name) if package else (entry.name,)
    folder = entry.parent.parent if package else entry.parent
    return Launch(
        candidate.name, side, folder, (sys.executable, *arguments), variables, address.url(), candidate.request
    )


def _subject(candidate: Candidate, own: Environment) -> Subject:
    entry = PurePosixPath(candidate.entry).name
    return Subject(
        candidate.name,
        candidate.path,
        entry,
        candidate.manifest,
        own.repointed,
        own.omitted,
        candidate.fixes,
        candidate.request.label,
    )


def _surroundings(machine: Machine) -> Iterator[str]:
    if machine.load is not None and machine.load > machine.cores / 2:
        yield f"The machine was busy when the measurement began: load {machine.load} on {machine.cores} cores."
    try:
        with socket.create_connection(("localhost", 6379), timeout=1):
            yield (
                "Something listens on localhost:6379 of this machine. A server that ignores its settings may have "
                "found it there; it counts as connecting only if its own Redis saw the connection."
            )
    except OSError:
        return


def _manifests(candidates: Sequence[Candidate]) -> Iterator[str]:
    bare = [candidate.name for candidate in candidates if candidate.manifest is None]
    if bare:
        yield f"No manifest runs {', '.join(bare)}: given REDIS_URL and nothing else, on both sides."


def _omissions(subjects: Sequence[Subject]) -> Iterator[str]:
    for subject in subjects:
        if subject.omitted:
            yield f"{subject.name} ran without {', '.join(subject.omitted)}, whose values are not in its manifest."


def _unsaid(candidates: Sequence[Candidate]) -> Iterator[str]:
    mute = [candidate.name for candidate in candidates if candidate.request.source is None]
    if mute:
        yield (
            f"The answers of {', '.join(mute)} do not say where they come from: a hit there is a key asked before, a "
            "miss a new one, whatever its Redis held."
        )


def _rotated(load: Load) -> Iterator[str]:
    if Scenario.ROTATION in load.faults:
        yield (
            "During a rotation, code that uses Mooring read its password from a mounted file (REDIS_PASSWORD_FILE), "
            "other code from the variables of its manifest, which a running process cannot be given anew."
        )


def _uses_mooring(folder: Path) -> bool:
    return any(b"mooring" in file.read_bytes() for file in folder.rglob("*.py"))
