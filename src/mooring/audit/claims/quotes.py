"""Checks that quoted snippets stand in code, as opposed to a comment, a docstring, a test, elsewhere or nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mooring.audit.claims.answers import Check, Evidence, Verdict, merged
from mooring.audit.claims.counting import number
from mooring.audit.claims.ground import Ground
from mooring.audit.claims.model import Claim

__all__ = ["check_quotes"]

# A line break, also one that only continues a line; a word; any other character that is not blank.
TOKEN = re.compile(r"(?P<newline>\\?(?:\r\n|\r|\n))|\w+|[^\w\s]")
WORD = re.compile(r"\w+")
# No token holds it.
BETWEEN = " "


class Standing(StrEnum):
    """Where a quote stands, the best first."""

    CODE = "in code"
    ELSEWHERE = "in code, but not where the claim looks"
    TEST = "in a test only"
    COMMENT = "in a comment or docstring only"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text without its blanks, and the line of each token."""

    text: str
    lines: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Tokens:
        """The tokens of a text."""
        tokens, lines, line = [], [], 1
        for match in TOKEN.finditer(text):
            if match["newline"]:
                line += 1
            else:
                tokens.append(match.group())
                lines.append(line)
        return cls(BETWEEN + BETWEEN.join(tokens) + BETWEEN, tuple(lines))

    def find(self, quote: Tokens) -> Iterator[int]:
        """The lines on which a quote begins."""
        start = self.text.find(quote.text)
        while start >= 0:
            yield self.lines[self.text.count(BETWEEN, 0, start)]
            start = self.text.find(quote.text, start + 1)


def check_quotes(claim: Claim, ground: Ground, place: Sequence[str]) -> Check:
    """Whether each quote of the claim stands in code of the files at `place`."""
    found = {quote: _places(quote, ground, frozenset(place)) for quote in claim.quotes}
    best = {quote: _best(places) for quote, places in found.items()}
    holding = [quote for quote, standing in best.items() if standing is Standing.CODE]
    return Check(
        merged(Verdict.CONFIRMED if quote in holding else Verdict.REFUTED for quote in claim.quotes),
        number(len(claim.quotes), "quotes"),
        number(len(holding), "quotes", len(claim.quotes)),
        " ".join(f"`{' '.join(quote.split())}` stands {standing or 'nowhere'}." for quote, standing in best.items()),
        tuple(evidence for places in found.values() for _, evidence in places),
    )


def _best(places: Sequence[tuple[Standing, Evidence]]) -> Standing | None:
    standings = {standing for standing, _ in places}
    return next((standing for standing in Standing if standing in standings), None)


def _places(quote: str, ground: Ground, place: frozenset[str]) -> list[tuple[Standing, Evidence]]:
    """Where a quote stands: in code at `place`, or, if it does not, anywhere else."""
    wanted = Tokens.of(quote)
    words = WORD.findall(quote)
    found = []
    for path in ground.listing:
        source = ground.source(path)
        if source is None or not all(word in source.text for word in words):
            continue
        code = list(Tokens.of(_code(source.text, python=ground.is_python(path))).find(wanted))
        lines = code or list(Tokens.of(source.text).find(wanted))
        standing = _standing(path, ground, place, in_code=bool(code))
        for line in lines:
            against = standing is not Standing.CODE
            mend = None if against else ground.mend_on(path, line)
            message = f"{standing}: {source.line(line).strip()}"
            found.append((standing, Evidence(path, line, "quote", message, mend, against)))
    in_code = [one for one in found if one[0] is Standing.CODE]
    return in_code or found


def _standing(path: str, ground: Ground, place: frozenset[str], *, in_code: bool) -> Standing:
    if not in_code:
        return Standing.COMMENT
    if not ground.is_audited(path):
        return Standing.TEST
    return Standing.CODE if path in place else Standing.ELSEWHERE


def _code(text: str, *, python: bool) -> str:
    # tree-sitter takes 36 ms to load, and only quotes need it.
    from mooring.audit.claims.prose import python_code, yaml_code  # noqa: PLC0415

    return python_code(text) if python else yaml_code(text)
