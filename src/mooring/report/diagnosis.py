"""A diagnosis for people (text) and for programs (JSON, `docs/schema/doctor-1.json`). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from mooring.doctor import Diagnosis, Finding, Outcome, Severity, Step
from mooring.report.characters import plain

__all__ = ["CLASSES", "SCHEMA", "headline", "render_json", "render_text"]

SCHEMA = 1
CLASSES = {
    Outcome.WELL: "all is well",
    Outcome.FINDINGS: "it works, with findings",
    Outcome.USAGE: "wrong usage or settings",
    Outcome.DNS: "the name does not resolve",
    Outcome.TCP: "no connection",
    Outcome.TLS: "no TLS",
    Outcome.ACCESS: "no access: authentication or rights",
    Outcome.STATE: "the state of the server",
}
COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def headline(diagnosis: Diagnosis) -> str:
    """The answer in one line."""
    outcome = diagnosis.outcome
    first = next((finding for finding in diagnosis.findings() if finding.outcome is outcome), None)
    because = f" {first.message}" if first and outcome > Outcome.USAGE else ""
    return plain(f"{diagnosis.settings.name} ({diagnosis.settings.endpoint}): {CLASSES[outcome]}.{because}")


def render_text(diagnosis: Diagnosis, *, color: bool = False) -> str:
    """Settings, steps with their times, findings with their remedies, and the answer."""
    lines = ["settings", *(f"  {plain(line)}" for line in str(diagnosis.settings).splitlines())]
    endpoint = ""
    width = max((len(step.name) for step in diagnosis.steps), default=0)
    for step in diagnosis.steps:
        if step.endpoint != endpoint:
            endpoint = step.endpoint
            lines += ["", plain(endpoint)]
        lines.append(f"  {step.name:<{width}}  {_milliseconds(step):>9}  {plain(step.look.summary)}")
        for finding in step.look.findings:
            lines += _told(finding, color=color)
    return "\n".join([*lines, "", headline(diagnosis)]) + "\n"


def render_json(diagnosis: Diagnosis) -> str:
    """All of it as JSON text with a final newline, keys in the order of the schema."""
    outcome, told = diagnosis.outcome, diagnosis.settings
    document = {
        "schema": SCHEMA,
        "name": told.name,
        "mode": told.mode,
        "endpoint": told.endpoint,
        "outcome": {"code": int(outcome), "class": outcome.name.lower(), "text": headline(diagnosis)},
        "settings": [{"key": value.key, "value": value.value, "origin": value.origin} for value in told.values],
        "steps": [_step(step) for step in diagnosis.steps],
    }
    return json.dumps(document, indent=2) + "\n"


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "endpoint": step.endpoint,
        "milliseconds": round(step.seconds * 1000, 3),
        "summary": step.look.summary,
        "facts": dict(step.look.facts),
        "findings": [
            {
                "code": finding.code,
                "severity": str(finding.severity),
                "class": finding.outcome.name.lower(),
                "message": finding.message,
                "remedy": finding.remedy,
            }
            for finding in step.look.findings
        ],
    }


def _told(finding: Finding, *, color: bool) -> Iterator[str]:
    severity: str = finding.severity
    if color:
        severity = click.style(severity, fg=COLORS[finding.severity], bold=True)
    yield f"    {severity} {finding.code}: {plain(finding.message)}"
    yield f"      {plain(finding.remedy)}"


def _milliseconds(step: Step) -> str:
    return f"{step.seconds * 1000:,.1f} ms"
