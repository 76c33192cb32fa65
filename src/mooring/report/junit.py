"""The audit as JUnit XML, which most build servers show as a list of tests.

A suite is a service, a test is a file: it fails with each finding, and is in error if the file could not be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from xml.etree import ElementTree as ET

from mooring.audit.engine import Audit
from mooring.audit.facts import Service, Unreadable
from mooring.audit.project.services import with_services
from mooring.audit.rule import Finding
from mooring.report.characters import plain
from mooring.report.redaction import Redactor
from mooring.report.tally import by_service

__all__ = ["render"]

OUTSIDE = "outside any service"
PASSED = "no finding"


def render(audit: Audit) -> str:
    """The audit as XML that ends in a newline; a tree without findings is one test that passed."""
    redact = Redactor.of(audit.sites, audit.secrets)
    suites: dict[str, list[ET.Element]] = {}
    for service, findings in by_service(audit.services, audit.findings):
        name = _name(service)
        for path, group in groupby(findings, key=lambda finding: finding.problem.path):
            suites.setdefault(name, []).append(_failed(name, path, list(group), redact))
    homes = dict(with_services(audit.services, (file.path for file in audit.unreadable)))
    for file in audit.unreadable:
        name = _name(homes[file.path])
        suites.setdefault(name, []).append(_in_error(name, file, redact))
    if not suites:
        suites["mooring"] = [ET.Element("testcase", {"classname": "mooring", "name": PASSED})]
    root = ET.Element(
        "testsuites", {"name": "mooring"} | _counts([test for suite in suites.values() for test in suite])
    )
    for name, tests in suites.items():
        ET.SubElement(root, "testsuite", {"name": name} | _counts(tests)).extend(tests)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _name(service: Service | None) -> str:
    return OUTSIDE if service is None else plain(service.path)


def _failed(suite: str, path: str, findings: list[Finding], redact: Redactor) -> ET.Element:
    test = ET.Element("testcase", {"classname": suite, "name": plain(path), "file": plain(path)})
    for finding in findings:
        told = f"{finding.rule} {finding.name}: {redact(finding.problem.message)}"
        failure = ET.SubElement(test, "failure", {"type": finding.rule, "message": plain(told)})
        failure.text = plain(redact("\n".join(_details(finding))))
    return test


def _details(finding: Finding) -> Iterator[str]:
    problem = finding.problem
    yield f"{problem.path}:{problem.span.line}:{problem.span.column}: {finding.severity}: {problem.message}"
    for related in problem.related:
        yield f"{related.path}:{related.span.line}: {related.message}"
    yield f"Remedy: {problem.remedy}"


def _in_error(suite: str, file: Unreadable, redact: Redactor) -> ET.Element:
    # A test of its own: what could be read of the same file may have findings.
    name = f"{file.path} can be read"
    test = ET.Element("testcase", {"classname": suite, "name": plain(name), "file": plain(file.path)})
    reason = plain(redact(file.reason))
    error = ET.SubElement(test, "error", {"type": "unreadable", "message": reason})
    error.text = plain(f"{file.path}{'' if file.line is None else f':{file.line}'}: ") + reason
    return test


def _counts(tests: list[ET.Element]) -> dict[str, str]:
    """How many tests there are, and how many of them failed or were in error, as attributes."""
    failures = sum(test.find("failure") is not None for test in tests)
    errors = sum(test.find("error") is not None for test in tests)
    return {"tests": str(len(tests)), "failures": str(failures), "errors": str(errors)}
