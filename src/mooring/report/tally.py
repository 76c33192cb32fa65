"""What an audit comes to when counted: findings by service, by rule and by family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mooring.audit.edits import Safety
from mooring.audit.facts import Service
from mooring.audit.facts.families import FAMILIES
from mooring.audit.project.services import with_services
from mooring.audit.rule import Finding, Severity

__all__ = ["RuleCount", "affected", "by_family", "by_rule", "by_service", "counted", "fixable"]


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule was broken, and how many of those `mooring fix` can mend."""

    code: str
    name: str
    severity: Severity
    findings: int
    fixable: int


def by_service(services: Sequence[Service], findings: Iterable[Finding]) -> list[tuple[Service | None, list[Finding]]]:
    """The findings of each service that has any, in the order of their paths; last those outside any service."""
    groups: dict[Service | None, list[Finding]] = {}
    listed = list(findings)
    homes = dict(with_services(services, {finding.problem.path for finding in listed}))
    for finding in listed:
        groups.setdefault(homes[finding.problem.path], []).append(finding)
    return sorted(groups.items(), key=lambda group: (group[0] is None, group[0].path if group[0] else ""))


def affected(services: Sequence[Service], findings: Iterable[Finding]) -> set[Service]:
    """The services with at least one finding."""
    return {service for service, _ in by_service(services, findings) if service is not None}


def by_rule(findings: Iterable[Finding]) -> list[RuleCount]:
    """The rules that were broken, in the order of their codes."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.rule, []).append(finding)
    return [
        RuleCount(code, group[0].name, group[0].severity, len(group), sum(map(fixable, group)))
        for code, group in sorted(groups.items())
    ]


def by_family(findings: Iterable[Finding]) -> dict[str, int]:
    """The number of findings in each family, by its name."""
    counts = Counter(finding.rule[2:3] for finding in findings)
    return {name: counts[digit] for digit, name in FAMILIES.items()}


def fixable(finding: Finding) -> bool:
    """Whether `mooring fix` can mend it, if need be with `--unsafe`."""
    return finding.problem.fix is not None and finding.problem.fix.safety is not Safety.DISPLAY


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 file`, `1,200 files`; `many` is for nouns that do not just take an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
