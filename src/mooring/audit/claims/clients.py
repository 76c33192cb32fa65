"""Checks of all clients together: what they are made with, and whether they are given credentials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mooring.audit.claims.answers import Check, Evidence, Verdict
from mooring.audit.claims.counting import number
from mooring.audit.claims.ground import Connection, Credentials, Ground
from mooring.audit.claims.model import Claim
from mooring.audit.facts import Import
from mooring.audit.python import read_module

__all__ = ["check_credentials", "check_libraries"]

GIVES = {
    Credentials.GIVEN: "given credentials",
    Credentials.NONE: "given no credentials",
    Credentials.OPEN: "given an address from outside, which may carry credentials",
}


def check_libraries(claim: Claim, ground: Ground, place: Sequence[str]) -> Check:
    """Whether clients are made with exactly the libraries of the claim."""
    used: dict[str, list[Connection]] = {}
    for one in _connections(ground, place):
        if one.library is not None:
            used.setdefault(one.library, []).append(one)
    missing = [library for library in claim.libraries if library not in used]
    surplus = sorted(used.keys() - set(claim.libraries))
    parts = [f"Clients are made with {', '.join(sorted(used)) or 'none of them'}"]
    if used:
        parts += [f"none with {', '.join(missing)}"] if missing else []
        parts += [f"{', '.join(surplus)} not claimed"] if surplus else []
    made = [
        Evidence(
            one.path,
            one.line,
            library,
            f"{one.constructor} is called",
            ground.mend_at(one.path, one.span),
            against=library in surplus,
        )
        for library, ones in sorted(used.items())
        for one in ones
    ]
    return Check(
        _compared(len(missing) < len(claim.libraries), bool(missing), bool(surplus)),
        ", ".join(claim.libraries),
        ", ".join(sorted(used)) or "none",
        "; ".join(parts) + ".",
        (*made, *dict.fromkeys(_imports(missing, ground, place))),
    )


def check_credentials(claim: Claim, ground: Ground, place: Sequence[str]) -> Check:
    """Whether every site is given credentials, or none is, as the claim says."""
    sites = [one for one in _connections(ground, place) if one.credentials in GIVES]
    wanted = Credentials.GIVEN if claim.credentials else Credentials.NONE
    kinds = {kind: [one for one in sites if one.credentials is kind] for kind in GIVES}
    told = [f"{number(len(some), 'sites')} {GIVES[kind]}" for kind, some in kinds.items() if some]
    agreeing = len(kinds[wanted])
    if sites and agreeing == len(sites):
        verdict = Verdict.CONFIRMED
    else:
        verdict = Verdict.PARTLY if agreeing or kinds[Credentials.OPEN] else Verdict.REFUTED
    return Check(
        verdict,
        "credentials" if claim.credentials else "no credentials",
        f"{number(agreeing, 'sites', len(sites))} {GIVES[wanted]}" if sites else "no site",
        ("; ".join(told) or "No client is made here") + ".",
        tuple(
            Evidence(
                one.path,
                one.line,
                "site",
                f"{one.constructor}, for {one.endpoint}, is {GIVES[one.credentials]}",
                ground.mend_at(one.path, one.span),
                against=one.credentials is not wanted,
            )
            for one in sites
        ),
    )


def _connections(ground: Ground, place: Sequence[str]) -> list[Connection]:
    within = frozenset(place)
    return [one for one in ground.connections if one.path in within]


def _compared(some: bool, missing: bool, surplus: bool) -> Verdict:
    if not some:
        return Verdict.REFUTED
    if missing and surplus:
        return Verdict.PARTLY
    if surplus:
        return Verdict.UNDER
    return Verdict.OVER if missing else Verdict.CONFIRMED


def _imports(libraries: Sequence[str], ground: Ground, place: Sequence[str]) -> Iterator[Evidence]:
    """Where libraries are imported that no client is made with."""
    for path in place:
        if not (ground.is_python(path) and ground.is_audited(path)):
            continue
        source = ground.source(path)
        if source is None or not any(library.partition(".")[0] in source.text for library in libraries):
            continue
        module, _ = read_module(source)
        for found in module.imports if module else ():
            for library in libraries:
                if _imports_library(found, library):
                    message = "is imported, but makes no client"
                    yield Evidence(path, found.span.line, library, f"{library} {message}", against=True)


def _imports_library(found: Import, library: str) -> bool:
    if found.level:
        return False
    names = {found.module, f"{found.module}.{found.name}"}
    return any(name == library or name.startswith(f"{library}.") for name in names)
