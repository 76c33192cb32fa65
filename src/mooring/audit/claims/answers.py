"""What is said of a claim: a verdict, why, and the places that show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mooring.audit.claims.model import Claim
from mooring.audit.facts import Unreadable

__all__ = ["Answer", "Check", "Evidence", "Fixed", "Mend", "Validation", "Verdict", "merged"]


class Verdict(StrEnum):
    """How far a claim is true."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"  # there is nothing of the kind; or there is some, and the claim says that there is none
    UNDER = "under-counted"  # there is more than the claim says
    OVER = "over-counted"  # there is less, but some
    PARTLY = "partly"  # some of what the claim says holds, and some does not


class Mend(StrEnum):
    """Whether `mooring fix` mends a place."""

    SAFE = "safe"
    UNSAFE = "unsafe"  # with --unsafe
    NO = "no"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place that has what a claim is about, or with `against` one that has not.

    So it is also where the claim says that there is none of it. `what` is its kind (the code of a rule, a library),
    `mend` is None where nothing is wrong.
    """

    path: str
    line: int
    what: str
    message: str
    mend: Mend | None = None
    against: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to one of the things that a claim says; `claimed` and `found` are short, `why` is a sentence."""

    verdict: Verdict
    claimed: str
    found: str
    why: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Fixed:
    """What becomes of the places that have what a claim is about: what the fix offers, and how many of all are gone.

    `gone` is None where there is no second tree to tell.
    """

    offers: dict[Mend, int]
    gone: int | None
    of: int


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is said of one claim."""

    claim: Claim
    checks: tuple[Check, ...]
    fixed: Fixed

    @property
    def verdict(self) -> Verdict:
        """That of all checks together."""
        return merged(check.verdict for check in self.checks)

    @property
    def claimed(self) -> str:
        """What is claimed, in short."""
        return "; ".join(check.claimed for check in self.checks if check.claimed)

    @property
    def found(self) -> str:
        """What is found, in short."""
        return "; ".join(check.found for check in self.checks if check.found)

    @property
    def why(self) -> str:
        """A sentence for each check."""
        return " ".join(check.why for check in self.checks)

    @property
    def evidence(self) -> list[Evidence]:
        """All places, those first that have what the claim is about."""
        places = [evidence for check in self.checks for evidence in check.evidence]
        return sorted(places, key=lambda evidence: evidence.against)


@dataclass(frozen=True, slots=True)
class Validation:
    """The answers to all claims about the tree at `root`; `after` is the second tree, if there is one."""

    root: Path
    python_files: int
    unreadable: tuple[Unreadable, ...]
    answers: tuple[Answer, ...]
    after: Path | None = None

    @property
    def confirmed(self) -> int:
        """How many claims are true."""
        return sum(answer.verdict is Verdict.CONFIRMED for answer in self.answers)


def merged(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for several: a wrong number stays one, and what is true only here and there is so partly."""
    told = set(verdicts)
    wrong = told - {Verdict.CONFIRMED}
    if not wrong:
        return Verdict.CONFIRMED
    if len(wrong) == 1 and (told == wrong or wrong <= {Verdict.UNDER, Verdict.OVER}):
        return wrong.pop()
    return Verdict.PARTLY
