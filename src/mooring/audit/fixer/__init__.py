"""Applies the fixes that do not overlap, looks again until nothing changes, and refuses what would break a file.

`fix` works in memory; `execute` brings what it came to onto the disk, from where `undo` takes it back.
"""

from __future__ import annotations

from mooring.audit.fixer.disk import replace_file, write
from mooring.audit.fixer.execution import Execution, execute
from mooring.audit.fixer.outcome import Applied, Change, Declined, Failure, Fate, FixOutcome, Left, Refused
from mooring.audit.fixer.rounds import Audited, Proposal, applicable, fix
from mooring.audit.fixer.trial import Trial
from mooring.audit.fixer.undoing import Undone, undo

__all__ = [
    "Applied",
    "Audited",
    "Change",
    "Declined",
    "Execution",
    "Failure",
    "Fate",
    "FixOutcome",
    "Left",
    "Proposal",
    "Refused",
    "Trial",
    "Undone",
    "applicable",
    "execute",
    "fix",
    "replace_file",
    "undo",
    "write",
]
