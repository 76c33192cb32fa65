"""The audit as SARIF 2.1.0, for GitHub's code scanning and whatever else reads it.

Places are lines and columns in characters, in results as in fixes; a byte order mark is not counted. The fingerprint
stands under a key of our own, as GitHub's upload computes `primaryLocationLineHash` itself.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from itertools import groupby
from typing import Any
from urllib.parse import quote

from mooring import __version__
from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.engine import Audit
from mooring.audit.facts import Confidence, Span, Unreadable
from mooring.audit.files import SourceFile
from mooring.audit.rule import Finding, Severity
from mooring.report import sarif_rules
from mooring.report.characters import plain
from mooring.report.redaction import MASK, Redactor

__all__ = ["render"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "SRCROOT"
RANKS = {Severity.ERROR: 90.0, Severity.WARNING: 60.0, Severity.INFO: 30.0}
# Where the related places lead to the finding, in their order. Elsewhere they stand beside it.
LEADING = ("MR1", "MR402", "MR404")
SAFETY_NOTES = {
    Safety.SAFE: "safe",
    Safety.UNSAFE: "unsafe: it may change what the program does, so mooring fix needs --unsafe for it",
}
UNREADABLE = "unreadable-file"

Json = dict[str, Any]


def render(audit: Audit) -> str:
    """The audit as JSON text with a final newline, secrets masked."""
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_Run(audit).run()]}
    return json.dumps(document, indent=2) + "\n"


class _Run:
    """The parts of the one run, made of one audit."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.redact = Redactor.of(audit.sites, audit.secrets)
        self.numbers = sarif_rules.numbers()

    def run(self) -> Json:
        """All of it."""
        uri = self.audit.root.as_uri()
        notices = [self.notice(file) for file in self.audit.unreadable]
        return {
            "tool": {"driver": _driver()},
            "automationDetails": {"id": "mooring/"},
            "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notices}],
            "originalUriBaseIds": {ROOT: {"uri": uri if uri.endswith("/") else f"{uri}/"}},
            "columnKind": "unicodeCodePoints",
            "newlineSequences": ["\r\n", "\n", "\r"],
            "redactionTokens": [MASK],
            "taxonomies": [sarif_rules.taxonomy()],
            "results": [self.result(finding) for finding in self.audit.findings],
        }

    def result(self, finding: Finding) -> Json:
        """One finding."""
        problem = finding.problem
        result: Json = {
            "ruleId": finding.rule,
            "ruleIndex": self.numbers[finding.rule],
            "level": sarif_rules.LEVELS[finding.severity],
            "rank": RANKS[finding.severity] / (2 if problem.confidence is Confidence.LOW else 1),
            "message": self.message(f"{problem.message}. Remedy: {problem.remedy}."),
            "locations": [{"physicalLocation": _place(problem.path, _region(problem.span))}],
            "partialFingerprints": {"mooring/v1": finding.fingerprint},
            "properties": {"confidence": str(problem.confidence)},
        }
        if problem.related:
            result["relatedLocations"] = self.related(finding)
            if finding.rule.startswith(LEADING):
                result["codeFlows"] = [self.flow(finding)]
        if problem.fix:
            result["properties"]["fix"] = {
                "title": plain(self.redact(problem.fix.title)),
                "safety": str(problem.fix.safety),
            }
            if self.tellable(problem.fix):
                result["fixes"] = [self.fix(problem.fix)]
        return result

    def related(self, finding: Finding) -> list[Json]:
        """The other places of a finding, numbered."""
        return [
            {
                "id": number,
                "physicalLocation": _place(related.path, _region(related.span)),
                "message": self.message(related.message),
            }
            for number, related in enumerate(finding.problem.related, start=1)
        ]

    def flow(self, finding: Finding) -> Json:
        """From the first related place through the others to the finding."""
        problem = finding.problem
        steps = [(related.path, related.span, related.message) for related in problem.related]
        steps.append((problem.path, problem.span, problem.message))
        locations = [
            {"location": {"physicalLocation": _place(path, _region(span)), "message": self.message(message)}}
            for path, span, message in steps
        ]
        return {"threadFlows": [{"locations": locations}]}

    def tellable(self, fix: Fix) -> bool:
        """Whether its edits can be told: not those of a suggestion, nor any with a secret, as masked it is another."""
        return fix.safety is not Safety.DISPLAY and all(
            self.redact(edit.text) == edit.text and self.audit.source(edit.path).editable for edit in fix.edits
        )

    def fix(self, fix: Fix) -> Json:
        """The edits of a fix, file by file."""
        return {
            "description": self.message(f"{fix.title} ({SAFETY_NOTES[fix.safety]})"),
            "artifactChanges": [
                {
                    "artifactLocation": _artifact(path),
                    "replacements": [_replacement(edit, self.audit.source(path)) for edit in edits],
                }
                for path, edits in groupby(sorted(set(fix.edits)), key=lambda edit: edit.path)
            ],
        }

    def notice(self, file: Unreadable) -> Json:
        """A file that could not be read."""
        region = None if file.line is None else {"startLine": file.line}
        return {
            "descriptor": {"id": UNREADABLE, "index": 0},
            "level": "warning",
            "message": self.message(file.reason),
            "locations": [{"physicalLocation": _place(file.path, region)}],
        }

    def message(self, text: str) -> Json:
        """A message without secrets, in which nothing is taken for a placeholder or a link."""
        told = plain(self.redact(text)).replace("{", "{{").replace("}", "}}").replace("](", "] (")
        return {"text": told}


def _driver() -> Json:
    return {
        "name": "Mooring",
        "semanticVersion": __version__,
        "rules": sarif_rules.rules(),
        "notifications": [
            {"id": UNREADABLE, "shortDescription": {"text": "A file could not be read, or not in full."}},
        ],
        "supportedTaxonomies": [{"name": "CWE", "index": 0}],
    }


def _place(path: str, region: Json | None) -> Json:
    place: Json = {"artifactLocation": _artifact(path)}
    if region is not None:
        place["region"] = region
    return place


def _artifact(path: str) -> Json:
    # By its bytes: not every file name is UTF-8.
    return {"uri": quote(path.encode(errors="surrogateescape")), "uriBaseId": ROOT}


def _region(span: Span) -> Json:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _replacement(edit: Edit, source: SourceFile) -> Json:
    deleted = Span(*_position(source, edit.start), *_position(source, edit.end))
    return {"deletedRegion": _region(deleted), "insertedContent": {"text": edit.text}}


def _position(source: SourceFile, offset: int) -> tuple[int, int]:
    """The line and column, both from 1, of an offset into the text."""
    line = bisect_right(source.starts, offset)
    return line, offset - source.starts[line - 1] + 1
