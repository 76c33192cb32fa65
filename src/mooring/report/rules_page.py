"""The page that tells every rule, made of the rules' own manuals."""

from __future__ import annotations

from mooring.audit.catalogue import catalogue
from mooring.audit.rule import Rule

__all__ = ["rules_page"]

FAMILIES = {
    "1": "Endpoint",
    "2": "Credentials and transport",
    "3": "Pooling and lifetime",
    "4": "Asynchrony",
    "5": "Resilience",
    "6": "Deployment",
}


def rules_page() -> str:
    """Markdown: a table of the rules, then each with its manual."""
    rules = catalogue()
    lines = ["<!-- Made from the rules' docstrings by `make docs`; edit those. -->", "", "# Rules", ""]
    lines += ["| code | name | severity | what is wrong |", "|---|---|---|---|"]
    lines += [f"| [{r.code}](#{_anchor(r)}) | {r.name} | {r.severity} | {_title(r)} |" for r in rules]
    family = ""
    for rule in rules:
        if rule.code[2] != family:
            family = rule.code[2]
            lines += ["", f"## {FAMILIES[family]}"]
        lines += ["", f"### {rule.code} {rule.name}", "", f"Severity: {rule.severity}.", "", rule.manual]
    return "\n".join(lines) + "\n"


def _title(rule: Rule) -> str:
    return rule.manual.partition("\n\n")[0].replace("\n", " ")


def _anchor(rule: Rule) -> str:
    return f"{rule.code}-{rule.name}".lower()
