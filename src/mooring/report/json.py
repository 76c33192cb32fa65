"""The audit as JSON for other programs; `docs/schema/audit-1.json` describes it, and only grows within version 1."""

from __future__ import annotations

import json
from typing import Any

from mooring.audit.engine import Audit
from mooring.audit.facts import Service, Site, Span, Unreadable
from mooring.audit.rule import Finding, Related
from mooring.report.redaction import Redactor
from mooring.report.tally import affected, by_family, by_rule

__all__ = ["SCHEMA", "render"]

SCHEMA = 1


def render(audit: Audit) -> str:
    """The audit as JSON text with a final newline, keys in the order of the schema, secrets masked."""
    redact = Redactor.of(audit.sites, audit.secrets)
    hit = affected(audit.services, audit.findings)
    document = {
        "schema": SCHEMA,
        "root": str(audit.root),
        "files": {
            "python": audit.python_files,
            "manifests": audit.manifest_files,
            "unreadable": [_unreadable(unreadable) for unreadable in audit.unreadable],
        },
        "sites": [_site(site, redact) for site in sorted(audit.sites, key=lambda site: (site.path, site.call.span))],
        "findings": [_finding(finding, redact) for finding in audit.findings],
        "services": [_service(service, affected=service in hit) for service in audit.services],
        "summary": {
            "by_rule": {count.code: count.findings for count in by_rule(audit.findings)},
            "by_family": by_family(audit.findings),
            "services": len(audit.services),
            "affected": len(hit),
        },
    }
    # Escaped, so that a file name that is not UTF-8 is still JSON.
    return json.dumps(document, indent=2) + "\n"


def _unreadable(unreadable: Unreadable) -> dict[str, Any]:
    return {"path": unreadable.path, "line": unreadable.line, "reason": unreadable.reason}


def _position(span: Span) -> dict[str, int]:
    return {"line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column}


def _site(site: Site, redact: Redactor) -> dict[str, Any]:
    return {
        "path": site.path,
        **_position(site.call.span),
        "constructor": site.constructor,
        "asynchronous": site.asynchronous,
        "provenance": str(site.provenance),
        "endpoint": redact(site.endpoint.text),
        "scope": str(site.scope),
    }


def _finding(finding: Finding, redact: Redactor) -> dict[str, Any]:
    problem = finding.problem
    fix = problem.fix
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": str(finding.severity),
        "confidence": str(problem.confidence),
        "path": problem.path,
        **_position(problem.span),
        "message": redact(problem.message),
        "remedy": redact(problem.remedy),
        "fix": None if fix is None else {"title": redact(fix.title), "safety": str(fix.safety)},
        "related": [_related(related, redact) for related in problem.related],
        "fingerprint": finding.fingerprint,
    }


def _related(related: Related, redact: Redactor) -> dict[str, Any]:
    return {"path": related.path, "line": related.span.line, "message": redact(related.message)}


def _service(service: Service, *, affected: bool) -> dict[str, Any]:
    return {"name": service.name, "path": service.path, "kind": service.kind, "affected": affected}
