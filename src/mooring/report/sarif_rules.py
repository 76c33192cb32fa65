"""The rules as SARIF tells them: manuals, levels, tags, and the weaknesses of the CWE that they are cases of."""

from __future__ import annotations

from typing import Any

from mooring.audit.catalogue import catalogue
from mooring.audit.facts.families import FAMILIES
from mooring.audit.rule import Rule, Severity

__all__ = ["LEVELS", "numbers", "rules", "taxonomy"]

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
# GitHub's words for the same, where a query of its own would have them.
PROBLEM_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
# By CVSS 3.1, for a Redis that is reached over a network. GitHub takes a rule that has one for a matter of security.
SECURITY_SEVERITY = {
    "MR201": "8.1",
    "MR202": "7.5",
    "MR203": "7.4",
    "MR204": "5.9",
    "MR603": "9.8",
    "MR604": "7.5",
}
# Only where the weakness is what the rule finds, not what may come of it.
WEAKNESS = {
    "MR101": 547,
    "MR102": 1188,
    "MR201": 306,
    "MR202": 798,
    "MR203": 295,
    "MR204": 319,
    "MR301": 400,
    "MR302": 400,
    "MR303": 400,
    "MR401": 1104,
    "MR402": 1322,
    "MR404": 1322,
    "MR501": 1088,
    "MR504": 770,
    "MR603": 306,
    "MR604": 260,
}
WEAKNESSES = {
    260: "Password in Configuration File",
    295: "Improper Certificate Validation",
    306: "Missing Authentication for Critical Function",
    319: "Cleartext Transmission of Sensitive Information",
    400: "Uncontrolled Resource Consumption",
    547: "Use of Hard-coded, Security-relevant Constants",
    770: "Allocation of Resources Without Limits or Throttling",
    798: "Use of Hard-coded Credentials",
    1088: "Synchronous Access of Remote Resource without Timeout",
    1104: "Use of Unmaintained Third Party Components",
    1188: "Initialization of a Resource with an Insecure Default",
    1322: "Use of Blocking Code in Single-threaded, Non-blocking Context",
}
# What these families find hangs on callers and servers that the tree may not show.
LESS_PRECISE = ("MR3", "MR5")
EXAMPLES = "\n\nBad:"


def numbers() -> dict[str, int]:
    """The place of each rule in `rules()`, by its code."""
    return {rule.code: number for number, rule in enumerate(catalogue())}


def rules() -> list[dict[str, Any]]:
    """Every rule as a `reportingDescriptor`."""
    known = _known()
    return [_descriptor(rule, known) for rule in catalogue()]


def taxonomy() -> dict[str, Any]:
    """The part of the CWE that the rules point into."""
    return {
        "name": "CWE",
        "organization": "MITRE",
        "shortDescription": {"text": "The MITRE Common Weakness Enumeration"},
        "informationUri": "https://cwe.mitre.org/",
        "isComprehensive": False,
        "taxa": [
            {
                "id": str(weakness),
                "name": f"CWE-{weakness}",
                "shortDescription": {"text": WEAKNESSES[weakness]},
                "helpUri": f"https://cwe.mitre.org/data/definitions/{weakness}.html",
            }
            for weakness in _known()
        ],
    }


def _known() -> list[int]:
    """The weaknesses that some rule is a case of, in order."""
    return sorted({WEAKNESS[rule.code] for rule in catalogue() if rule.code in WEAKNESS})


def _descriptor(rule: Rule, known: list[int]) -> dict[str, Any]:
    prose, _, _ = rule.manual.partition(EXAMPLES)
    title, _, reason = prose.partition("\n\n")
    described: dict[str, Any] = {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": _flowing(title)},
        "fullDescription": {"text": _flowing(reason or title)},
        "help": {"text": rule.manual, "markdown": rule.manual},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": _properties(rule),
    }
    weakness = WEAKNESS.get(rule.code)
    if weakness is not None:
        component = {"name": "CWE", "index": 0}
        target = {"id": str(weakness), "index": known.index(weakness), "toolComponent": component}
        # The weakness covers more than the rule does.
        described["relationships"] = [{"target": target, "kinds": ["superset"]}]
    return described


def _properties(rule: Rule) -> dict[str, Any]:
    tags = [FAMILIES[rule.code[2]]]
    if rule.code in SECURITY_SEVERITY:
        tags.append("security")
    if rule.code in WEAKNESS:
        tags.append(f"external/cwe/cwe-{WEAKNESS[rule.code]}")
    properties: dict[str, Any] = {
        "tags": tags,
        "precision": "medium" if rule.code.startswith(LESS_PRECISE) else "high",
        "problem.severity": PROBLEM_LEVELS[rule.severity],
    }
    if rule.code in SECURITY_SEVERITY:
        properties["security-severity"] = SECURITY_SEVERITY[rule.code]
    return properties


def _flowing(text: str) -> str:
    """Paragraphs, each on one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
