"""One report of a tree: what was claimed, found, fixed and left, who reaches which Redis, and what was measured. Pure.

`page` writes it as HTML that stands alone, `markdown` as Markdown.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mooring.audit.claims import Validation, Verdict
from mooring.audit.engine import Audit
from mooring.audit.fixer import FixOutcome
from mooring.prove import Proof
from mooring.report import claims, map_mermaid, map_svg, map_text
from mooring.report.aims import figure_of, name_of
from mooring.report.characters import printable
from mooring.report.digest import digest
from mooring.report.frames import framed
from mooring.report.html import filled, proven, require
from mooring.report.map import chart
from mooring.report.redaction import Redactor
from mooring.report.tally import affected, by_rule, counted

__all__ = ["Dossier", "markdown", "page"]

_MOST = 400
"""Findings that a page shows with their code."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is reported: `made` is UTC in ISO 8601; `outcome` is what the fixes of `audit` come to.

    `validation` and `proof` are None where nobody claimed or measured anything; `samples` is the name of the file with
    the raw samples, as it is reached from the report.
    """

    tree: str
    made: str
    audit: Audit
    outcome: FixOutcome
    validation: Validation | None = None
    proof: Proof | None = None
    samples: str | None = None
    unsafe: bool = False

    @property
    def fixes(self) -> int:
        """How many fixes are made."""
        return sum(len(change.applied) for change in self.outcome.changes)

    @property
    def headline(self) -> str:
        """What the audit and its fixes come to, in a sentence."""
        hit = len(affected(self.audit.services, self.audit.findings))
        found = counted(len(self.audit.findings), "finding")
        whole = counted(len(self.audit.services), "service")
        fixes = counted(self.fixes, "fix", "fixes")
        left = counted(len(self.outcome.left), "finding")
        return f"{found}, {hit:,} of {whole} affected; {fixes} can be made, which leave {left}."


def page(dossier: Dossier) -> str:
    """The report as one HTML page: no network, no script. Raises `MissingExtra` where it cannot be drawn."""
    require()
    redact = Redactor.of(dossier.audit.sites, dossier.audit.secrets)
    groups, left_out = framed(dossier.audit, redact, _MOST)
    drawn = chart(dossier.audit)
    svg = redact(map_svg.render(drawn))
    values: dict[str, Any] = {
        "dossier": dossier,
        "answers": _answers(dossier, redact),
        "counts": by_rule(dossier.audit.findings),
        "groups": groups,
        "left_out": left_out,
        "shown": {one.rule for _, frames in groups for one in frames},
        "fixed": [
            (printable(change.path), [printable(redact(f"line {one.line}: {one.title}")) for one in change.applied])
            for change in dossier.outcome.changes
        ],
        "left": list(_left(dossier, redact)),
        # A picture, not a part of the page: its style sheet would reach everything else.
        "map": base64.b64encode(svg.encode()).decode(),
        "map_title": _title(svg),
        "map_text": redact(map_text.render(drawn)),
        "samples": dossier.samples,
        "aims": [],
        "cards": [],
        **(proven(dossier.proof) if dossier.proof else {"proof": None, "told": None}),
    }
    return filled("report.html.j2", values)


def markdown(dossier: Dossier) -> str:
    """The report as Markdown, for a pull request or a wiki: without the code frames, which the page has."""
    redact = Redactor.of(dossier.audit.sites, dossier.audit.secrets)
    lines = [f"# {_escaped(dossier.tree)}: {_escaped(dossier.headline)}", ""]
    lines += [f"**{_escaped(digest(dossier.proof).headline)}**", ""] if dossier.proof else []
    lines += [f"Report of `{dossier.tree}`, made {dossier.made}.", ""]
    if dossier.validation:
        lines += ["## Claimed", "", claims.render_markdown(dossier.validation, redact).rstrip(), ""]
    lines += ["## Found", "", "| Rule | Name | Severity | Findings | Fixable |", "|---|---|---|--:|--:|"]
    lines += [
        f"| {one.code} | {one.name} | {one.severity} | {one.findings:,} | {one.fixable:,} |"
        for one in by_rule(dossier.audit.findings)
    ]
    lines += ["", "## Fixed", ""]
    for change in dossier.outcome.changes:
        lines += [f"- {_escaped(change.path)}:{one.line} {_escaped(redact(one.title))}" for one in change.applied]
    lines += ["", "## Left", "", *(f"- {_escaped(place)} {_escaped(why)}" for place, why in _left(dossier, redact))]
    lines += [
        "",
        "## Who reaches which Redis",
        "",
        *_fenced("mermaid", redact(map_mermaid.render(chart(dossier.audit)))),
    ]
    if dossier.proof:
        lines += _measured(dossier.proof, dossier.samples)
    return "\n".join(lines) + "\n"


def _answers(dossier: Dossier, redact: Redactor) -> list[tuple[str, str, str, str, str]]:
    """Each claim: its text, what was found, the verdict with the class of its colour, and why."""
    colors = {Verdict.CONFIRMED: "good", Verdict.REFUTED: "bad"}
    validation = dossier.validation
    return [
        (
            printable(redact(one.claim.text)),
            printable(redact(one.found)),
            str(one.verdict),
            colors.get(one.verdict, "soft"),
            printable(redact(one.why)),
        )
        for one in (validation.answers if validation else ())
    ]


def _left(dossier: Dossier, redact: Redactor) -> Iterator[tuple[str, str]]:
    for one in dossier.outcome.left:
        problem = one.finding.problem
        told = f"{one.finding.rule} {one.finding.name}: {one.reason}"
        yield printable(f"{problem.path}:{problem.span.line}"), printable(redact(told))


def _measured(proof: Proof, samples: str | None) -> Iterator[str]:
    told = digest(proof)
    yield from ("", "## Measured", "")
    if proof.targets:
        yield from ("| Target | Found | Answer | How it is told |", "|---|---|---|---|")
        for one in proof.targets:
            yield f"| {name_of(one)} | {figure_of(one)} | {one.answer} | {_escaped(one.why)} |"
        yield ""
    heads = [stretch.label for stretch in told.stretches]
    yield f"| Service | Side | Uses its Redis | {' | '.join(heads)} | Failed | Opened |"
    yield f"|---|---|---|{'--:|' * (len(heads) + 2)}"
    for row in told.rows:
        for side in row.contacts:
            times = [row.times[stretch][0] for stretch in told.stretches]
            cells = [getattr(cell, side) for cell in (*times, row.failures, row.connections)]
            shown = ["-" if cell.startswith("not measured") else cell for cell in cells]
            state = "yes" if row.connects(side) else row.contacts[side].state
            yield f"| {_escaped(row.subject.name)} | {side} | {state} | {' | '.join(shown)} |"
    yield from ("", "Times are medians in milliseconds.", "")
    if told.strikes:
        yield "| Fault | Service | Failed before | Failed after | Outage before, ms | Outage after, ms |"
        yield "|---|---|--:|--:|--:|--:|"
        for strike in told.strikes:
            figures = (strike.failed.before, strike.failed.after, strike.outage.before, strike.outage.after)
            yield f"| {strike.fault} | {_escaped(strike.service)} | {' | '.join(figures)} |"
        yield ""
    yield f"Every call is in [{samples}]({samples})." if samples else "The raw samples are not beside this report."


def _fenced(language: str, text: str) -> list[str]:
    return [f"```{language}", text.rstrip("\n"), "```"]


def _title(svg: str) -> str:
    found = re.search(r"<title>([^<]*)</title>", svg)
    return found.group(1) if found else ""


def _escaped(text: str) -> str:
    return re.sub(r"[\\`*_\[\]<>|&]", r"\\\g<0>", printable(" ".join(text.split())))
