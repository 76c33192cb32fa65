"""What is true of somebody's claims, for people (text, Markdown) and for programs (JSON, `docs/schema/claims-1.json`).

`clean` masks the secrets in a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import click

from mooring.audit.claims import Answer, Evidence, Fixed, Mend, Validation, Verdict
from mooring.report.characters import printable
from mooring.report.tally import counted

__all__ = ["SCHEMA", "render_json", "render_markdown", "render_text"]

SCHEMA = 1
# Pieces of evidence for a claim, and against it, that people are shown; programs get all.
SHOWN = 8
COLORS = {Verdict.CONFIRMED: "green", Verdict.REFUTED: "red"}
MARKUP = re.compile(r"[\\`*_\[\]<>|&]")
Clean = Callable[[str], str]


def render_text(validation: Validation, clean: Clean, *, color: bool) -> str:
    """The answers one below the other, each with its evidence in short, and the total."""
    lines = []
    for answer in validation.answers:
        verdict: str = answer.verdict
        if color:
            verdict = click.style(verdict, fg=COLORS.get(answer.verdict, "yellow"), bold=True)
        lines.append(f"{answer.claim.number}. {verdict}: {_line(clean(answer.claim.text))}")
        told = {"claimed": answer.claimed, "found": answer.found, "why": answer.why, "fixed": _fixed(answer.fixed)}
        lines += [f"   {name:<8} {_line(clean(text))}" for name, text in told.items() if text]
        lines += [f"     {_line(clean(text))}" for text in _evidence(answer)]
        lines.append("")
    return "\n".join([*lines, *(_line(clean(text)) for text in _totals(validation))]) + "\n"


def render_markdown(validation: Validation, clean: Clean) -> str:
    """A table, and below it the evidence of each claim."""

    def escaped(text: str) -> str:
        return MARKUP.sub(r"\\\g<0>", _line(clean(text)))

    lines = ["| # | Claimed | Found | Verdict | Fixed |", "|---|---|---|---|---|"]
    for answer in validation.answers:
        cells = (answer.claim.text, answer.found, answer.verdict, _fixed(answer.fixed))
        lines.append(f"| {answer.claim.number} | {' | '.join(map(escaped, cells))} |")
    for answer in validation.answers:
        lines += ["", f"**{answer.claim.number}. {answer.verdict}:** {escaped(answer.why)}"]
        evidence = [f"- {escaped(text)}" for text in _evidence(answer)]
        lines += ["", *evidence] if evidence else []
    return "\n".join([*lines, "", *map(escaped, _totals(validation))]) + "\n"


def render_json(validation: Validation, clean: Clean) -> str:
    """All of it as JSON text with a final newline, keys in the order of the schema."""
    document = {
        "schema": SCHEMA,
        "root": str(validation.root),
        "after": None if validation.after is None else str(validation.after),
        "files": {
            "python": validation.python_files,
            "unreadable": [
                {"path": file.path, "line": file.line, "reason": file.reason} for file in validation.unreadable
            ],
        },
        "claims": [_answer(answer, clean) for answer in validation.answers],
        "summary": {verdict: sum(answer.verdict is verdict for answer in validation.answers) for verdict in Verdict},
    }
    # Escaped, so that a file name that is not UTF-8 is still JSON.
    return json.dumps(document, indent=2) + "\n"


def _answer(answer: Answer, clean: Clean) -> dict[str, Any]:
    fixed = answer.fixed
    return {
        "number": answer.claim.number,
        "text": clean(answer.claim.text),
        "claimed": clean(answer.claimed),
        "found": clean(answer.found),
        "verdict": str(answer.verdict),
        "why": clean(answer.why),
        "fixed": {**{str(mend): fixed.offers[mend] for mend in Mend}, "gone": fixed.gone, "of": fixed.of},
        "evidence": [
            {
                "path": one.path,
                "line": one.line,
                "what": one.what,
                "message": clean(one.message),
                "against": one.against,
                "fix": None if one.mend is None else str(one.mend),
            }
            for one in answer.evidence
        ],
    }


def _fixed(fixed: Fixed) -> str:
    """What is gone, or, where nothing tells, what can be mended."""
    if not fixed.of:
        return "nothing to fix"
    if fixed.gone is not None:
        return f"{fixed.gone:,} of {fixed.of:,} gone"
    return ", ".join(f"{fixed.offers[mend]:,} {mend}" for mend in Mend if fixed.offers[mend]) or "nothing to fix"


def _evidence(answer: Answer) -> Iterator[str]:
    for against in (False, True):
        evidence = [one for one in answer.evidence if one.against is against]
        yield from map(_told, evidence[:SHOWN])
        if len(evidence) > SHOWN:
            yield f"… and {len(evidence) - SHOWN:,} more (all of them with --format json)"


def _told(one: Evidence) -> str:
    return f"{'against: ' if one.against else ''}{one.path}:{one.line} {one.what}: {one.message}"


def _totals(validation: Validation) -> Iterator[str]:
    claims = counted(len(validation.answers), "claim")
    read = counted(validation.python_files, "Python file")
    yield f"{validation.confirmed:,} of {claims} confirmed; looked at {read}."
    if validation.unreadable:
        files = counted(len(validation.unreadable), "file")
        yield f"{files} could not be read, or not in full; what they hold may be missing here."


def _line(text: str) -> str:
    """One line, without characters that would steer a terminal."""
    return printable(" ".join(text.split()))
