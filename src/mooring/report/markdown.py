"""The audit as Markdown for a comment on a pull request or the summary of a job.

What comes from the audited tree is escaped, so that it is text there: no markup, no HTML, no mention of anybody.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mooring.audit.engine import Audit
from mooring.audit.facts import Service, Unreadable
from mooring.audit.rule import Finding, Severity
from mooring.report.characters import plain
from mooring.report.redaction import Redactor
from mooring.report.tally import affected, by_rule, by_service, counted, fixable

__all__ = ["LIMIT", "render"]

# GitHub takes 65,536 characters for a comment.
LIMIT = 65_000
GRAVITY = list(Severity)
# Found at nearly every site: the first to go where there is no room for all.
LEAST = "MR5"
SPACE = re.compile(r"\s+")
# An underscore within a word is one in GitHub's Markdown too. The slash and the point are those of bare links.
MARKUP = re.compile(r"[\\`*\[\]<>&|~$]|(?<![^\W_])_|_(?![^\W_])|(?<=:)/(?=/)|(?<=www)\.", re.IGNORECASE)
# What GitHub makes a mention or a reference, also where Markdown does not.
MENTION = re.compile("[@#]")
TICKS = re.compile("`+")


# The lower comes first.
Rank = tuple[bool, int]


@dataclass
class Section:
    """What is folded under one title: entries with their ranks, and the numbers of those that there is room for."""

    title: str
    entries: list[tuple[Rank, str]]
    taken: set[int] = field(default_factory=set)

    @property
    def frame(self) -> tuple[str, str]:
        """What stands before and after the entries."""
        return f"\n<details>\n<summary>{self.title}</summary>\n\n", "\n</details>\n"


def render(audit: Audit) -> str:
    """The audit as Markdown of at most `LIMIT` characters: the numbers, then findings by service, folded.

    Where there is no room for all findings, the gravest are shown whole and the number of the others is told.
    """
    redact = Redactor.of(audit.sites, audit.secrets)
    head = "\n".join(_head(audit)) + "\n"
    sections = [
        Section(
            f"{_title(service)}: {counted(len(findings), 'finding')}",
            [(_rank(finding), _finding(finding, redact)) for finding in findings],
        )
        for service, findings in by_service(audit.services, audit.findings)
    ]
    if audit.unreadable:
        title = f"{counted(len(audit.unreadable), 'file')} could not be read, or not in full"
        last = (True, len(GRAVITY))
        sections.append(Section(title, [(last, _unreadable(file, redact)) for file in audit.unreadable]))
    left_out = _take(sections, LIMIT - len(head) - len(_note(10**9)))
    return head + "".join(map(_shown, sections)) + (_note(left_out) if left_out else "")


def _head(audit: Audit) -> Iterator[str]:
    findings = audit.findings
    files = len({finding.problem.path for finding in findings})
    found = f"{counted(len(findings), 'finding')} in {counted(files, 'file')}" if findings else "no findings"
    yield f"## Mooring: {found}"
    yield ""
    read = f"{counted(audit.python_files, 'Python file')} and {counted(audit.manifest_files, 'manifest')}"
    hit = len(affected(audit.services, findings))
    yield f"Looked at {read}; {hit:,} of {counted(len(audit.services), 'service')} affected."
    mendable = sum(map(fixable, findings))
    if mendable:
        yield f"`mooring fix` can mend {mendable:,} of them."
    if findings:
        yield ""
        yield "| Rule | Name | Severity | Findings | Fixable |"
        yield "|---|---|---|--:|--:|"
    for count in by_rule(findings):
        yield f"| {count.code} | {count.name} | {count.severity} | {count.findings:,} | {count.fixable:,} |"


def _take(sections: list[Section], room: int) -> int:
    """Mark the entries that fit into `room` characters, the gravest first, and say how many do not."""
    ranked = sorted(
        (rank, number, index)
        for number, section in enumerate(sections)
        for index, (rank, _) in enumerate(section.entries)
    )
    left_out = 0
    for _, number, index in ranked:
        section = sections[number]
        need = len(section.entries[index][1]) + (0 if section.taken else len("".join(section.frame)))
        if need <= room:
            room -= need
            section.taken.add(index)
        else:
            left_out += 1
    return left_out


def _shown(section: Section) -> str:
    if not section.taken:
        return ""
    before, after = section.frame
    return before + "".join(section.entries[index][1] for index in sorted(section.taken)) + after


def _note(left_out: int) -> str:
    return f"\n{counted(left_out, 'entry', 'entries')} left out here for want of room; `--format json` has them all.\n"


def _rank(finding: Finding) -> Rank:
    return finding.rule.startswith(LEAST), GRAVITY.index(finding.severity)


def _title(service: Service | None) -> str:
    if service is None:
        return "outside any service"
    told = html.escape(_line(f"{service.name} ({service.kind}, {service.path})"), quote=False)
    return f"service {MENTION.sub(_apart, told)}"


def _finding(finding: Finding, redact: Redactor) -> str:
    problem = finding.problem
    where = _code(f"{problem.path}:{problem.span.line}")
    what = f"**{finding.rule}** {finding.name} ({finding.severity}): {_text(redact(problem.message))}"
    return f"- {where} {what}.\n  Remedy: {_text(redact(problem.remedy))}.\n"


def _unreadable(file: Unreadable, redact: Redactor) -> str:
    line = "" if file.line is None else f":{file.line}"
    return f"- {_code(f'{file.path}{line}')} {_text(redact(file.reason))}\n"


def _text(text: str) -> str:
    """`text` as text of Markdown."""
    return MENTION.sub(_apart, MARKUP.sub(r"\\\g<0>", _line(text)))


def _code(text: str) -> str:
    """`text` as code of Markdown, in which only backticks have a meaning."""
    line = _line(text)
    ticks = "`" * (max((len(run) for run in TICKS.findall(line)), default=0) + 1)
    pad = " " if len(ticks) > 1 else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _line(text: str) -> str:
    return SPACE.sub(" ", plain(text)).strip()


def _apart(found: re.Match[str]) -> str:
    """The character with a space of no width behind it."""
    return f"{found[0]}&#8203;"
