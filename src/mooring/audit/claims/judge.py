"""From claims and the tree that they are about to answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from mooring.audit.claims.answers import Answer, Check, Fixed, Mend, Validation, Verdict
from mooring.audit.claims.clients import check_credentials, check_libraries
from mooring.audit.claims.counting import check_count
from mooring.audit.claims.ground import Ground
from mooring.audit.claims.model import Claim
from mooring.audit.claims.quotes import check_quotes

__all__ = ["judge", "validate"]


def validate(claims: Iterable[Claim], ground: Ground, after: Ground | None = None) -> Validation:
    """The answers to all claims about a tree; `after` is the same tree once it is fixed."""
    audit = ground.audit
    answers = tuple(judge(claim, ground, after) for claim in claims)
    return Validation(audit.root, audit.python_files, audit.unreadable, answers, after.audit.root if after else None)


def judge(claim: Claim, ground: Ground, after: Ground | None = None) -> Answer:
    """The answer to one claim."""
    checks = tuple(_checks(claim, ground))
    places = _having(checks)
    gone = None if after is None else (places - _having(_checks(claim, after))).total()
    offered = Counter(e.mend for check in checks for e in check.evidence if not e.against)
    return Answer(claim, checks, Fixed({mend: offered[mend] for mend in Mend}, gone, places.total()))


def _having(checks: Iterable[Check]) -> Counter[tuple[str, str]]:
    """How many places have what the claim is about, by kind and file.

    Not by line or text, which another fix in the same file may change.
    """
    return Counter((e.what, e.path) for check in checks for e in check.evidence if not e.against)


def _checks(claim: Claim, ground: Ground) -> Iterator[Check]:
    place = ground.place(claim)
    if not place:
        yield Check(Verdict.REFUTED, "", "no such file", f"No file is at {_where(claim)}.")
        return
    lost = ground.unhit(claim, ground.listing)
    if lost:
        yield Check(Verdict.PARTLY, "", "", f"No file is at {', '.join(lost)}.")
    if claim.counts:
        yield check_count(claim, ground, place)
    if claim.quotes:
        yield check_quotes(claim, ground, place)
    if claim.libraries:
        yield check_libraries(claim, ground, place)
    if claim.credentials is not None:
        yield check_credentials(claim, ground, place)


def _where(claim: Claim) -> str:
    parts = [*claim.paths, *(f"service {name}" for name in claim.services), *([claim.kind] if claim.kind else ())]
    return ", ".join(parts)
