"""Checks that there are things of a kind, and how many: findings, sites, files, services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mooring.audit.claims.answers import Check, Evidence, Verdict
from mooring.audit.claims.ground import Ground
from mooring.audit.claims.model import Claim, Unit
from mooring.audit.facts import Service, Span

__all__ = ["check_count", "number"]

# What is counted: a place in a file, a file, a service.
One = tuple[str, Span] | str | Service
START = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a claim may be about, and the evidence that it is there."""

    path: str
    span: Span
    evidence: Evidence


def check_count(claim: Claim, ground: Ground, place: Sequence[str]) -> Check:
    """Whether there is what the claim says in the files at `place`, in the number that it says."""
    audited = {path for path in place if ground.is_audited(path)}
    things = list(_things(claim, ground, audited))
    counted = _units(claim, ground, things)
    total = len(things) if claim.unit is Unit.FINDINGS else len(counted)
    whole = _whole(claim, ground, audited)
    without = [one for one in whole if one not in counted] if claim.every else []
    missed = [] if claim.count == 0 else ground.unhit(claim, [thing.path for thing in things])
    found = number(total, claim.unit, len(whole))
    return Check(
        _verdict(claim, total, throughout=not without and not missed),
        _claimed(claim),
        found,
        _why(claim, found, total, len(without), missed),
        (*(thing.evidence for thing in things), *map(_lacking, without)),
    )


def number(value: int, unit: str, whole: int = 0) -> str:
    """A number with its noun, which is given in the plural: `1 file`, `1 of 3 files`."""
    of = f" of {whole:,}" if whole else ""
    return f"{value:,}{of} {unit.removesuffix('s') if value == 1 and not whole else unit}"


def _things(claim: Claim, ground: Ground, audited: set[str]) -> Iterator[Thing]:
    """What the claim is about: findings, sites, or just services or files."""
    if claim.rules or claim.unit is Unit.FINDINGS:
        yield from _findings(claim, ground, audited)
    elif claim.endpoint is not None or claim.unit is Unit.SITES:
        yield from _sites(claim, ground, audited)
    elif claim.unit is Unit.SERVICES:
        for service in _services(ground, audited):
            yield Thing(service.entry, START, Evidence(service.entry, 1, "service", _named(service)))
    else:
        for path in sorted(audited):
            yield Thing(path, START, Evidence(path, 1, "file", "a file that is looked at"))


def _findings(claim: Claim, ground: Ground, audited: set[str]) -> Iterator[Thing]:
    sites = {(thing.path, thing.span) for thing in _sites(claim, ground, audited)}
    for finding in ground.audit.findings:
        path, span = finding.problem.path, finding.problem.span
        wanted = path in audited and (not claim.rules or finding.rule in claim.rules)
        if wanted and (claim.endpoint is None or (path, span) in sites):
            message = finding.problem.message
            yield Thing(path, span, Evidence(path, span.line, finding.rule, message, ground.mend_at(path, span)))


def _sites(claim: Claim, ground: Ground, audited: set[str]) -> Iterator[Thing]:
    for one in ground.connections:
        if one.path in audited and (claim.endpoint is None or claim.endpoint.reached_by(one.endpoint)):
            message = f"{one.constructor} connects to {one.endpoint}"
            yield Thing(
                one.path, one.span, Evidence(one.path, one.line, "site", message, ground.mend_at(one.path, one.span))
            )


def _units(claim: Claim, ground: Ground, things: Sequence[Thing]) -> set[One]:
    """The services, files or places in which things are."""
    match claim.unit:
        case Unit.SERVICES:
            return set(_services(ground, {thing.path for thing in things}))
        case Unit.FILES:
            return {thing.path for thing in things}
        case _:
            return {(thing.path, thing.span) for thing in things}


def _whole(claim: Claim, ground: Ground, audited: set[str]) -> Sequence[One]:
    """All of what is counted, with or without what the claim is about; nothing where that is the same."""
    if claim.unit is Unit.FINDINGS or not (claim.rules or claim.endpoint):
        return ()
    match claim.unit:
        case Unit.SERVICES:
            return _services(ground, audited)
        case Unit.FILES:
            return sorted(audited)
        case _:
            return [(one.path, one.span) for one in ground.connections if one.path in audited]


def _services(ground: Ground, paths: set[str]) -> list[Service]:
    found = {service for path in paths if (service := ground.homes[path]) is not None}
    return sorted(found, key=lambda service: service.path)


def _verdict(claim: Claim, total: int, *, throughout: bool) -> Verdict:
    if claim.count == 0:
        return Verdict.REFUTED if total else Verdict.CONFIRMED
    if not total:
        return Verdict.REFUTED
    if claim.count is not None and claim.count != total:
        return Verdict.UNDER if claim.count < total else Verdict.OVER
    return Verdict.CONFIRMED if throughout else Verdict.PARTLY


def _claimed(claim: Claim) -> str:
    every = "all " if claim.every else ""
    return f"{every}{claim.unit if claim.count is None else number(claim.count, claim.unit)}"


def _why(claim: Claim, found: str, total: int, without: int, missed: Sequence[str]) -> str:
    subject = ", ".join(claim.rules)
    if claim.endpoint:
        subject = f"{subject} at {claim.endpoint.text}" if subject else f"a connection to {claim.endpoint.text}"
    joint = " of " if claim.unit is Unit.FINDINGS else " with "
    parts = [f"{found}{joint}{subject}" if subject else found]
    if claim.count not in (None, total):
        parts[0] += f", not {claim.count:,}"
    if without:
        parts.append(f"{without:,} without")
    if missed and total:
        parts.append(f"none in {', '.join(missed)}")
    return "; ".join(parts) + "."


def _lacking(one: One) -> Evidence:
    lacks = "nothing of the kind"
    match one:
        case Service():
            return Evidence(one.entry, 1, "service", f"{lacks} in {_named(one)}", against=True)
        case str():
            return Evidence(one, 1, "file", f"{lacks} in this file", against=True)
        case (path, span):
            return Evidence(path, span.line, "site", f"{lacks} at this site", against=True)


def _named(service: Service) -> str:
    return f"service {service.name} ({service.kind})"
