"""Applies the fixes that do not overlap, looks again until nothing changes, and refuses what would break a file."""

from __future__ import annotations

from mooring.audit.fixer.disk import replace_file, write
from mooring.audit.fixer.outcome import Applied, Change, Failure, FixOutcome, Left, Refused
from mooring.audit.fixer.rounds import Audited, fix

__all__ = [
    "Applied",
    "Audited",
    "Change",
    "Failure",
    "FixOutcome",
    "Left",
    "Refused",
    "fix",
    "replace_file",
    "write",
]
