"""Findings that were there before: a report of `mooring audit --format json` says which, by their fingerprints."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from mooring.audit.rule import Finding
from mooring.errors import UsageError

__all__ = ["new_findings", "read_baseline"]


def read_baseline(file: Path) -> Counter[str]:
    """How often each fingerprint stands in a report. Raises `UsageError` where `file` is no such report."""
    try:
        report = json.loads(file.read_bytes())
        return Counter(str(finding["fingerprint"]) for finding in report["findings"])
    except OSError as error:
        raise UsageError(f"--baseline {file}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        remedy = "make one with mooring audit --format json --output FILE"
        raise UsageError(f"--baseline {file}: is no report of an audit; {remedy}") from error


def new_findings(findings: Iterable[Finding], baseline: Counter[str]) -> Iterator[Finding]:
    """The findings that the baseline does not hold; one that has multiplied is new as often as it is more."""
    left = baseline.copy()
    for finding in findings:
        if left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
        else:
            yield finding
