"""Somebody's claims about a tree, and which of them are true: TOML → claims → checks of an audit → answers.

Each kind of check is a module: `counting`, `quotes`, `clients`. They see the tree through `ground` only.
"""

from __future__ import annotations

from mooring.audit.claims.answers import Answer, Check, Evidence, Fixed, Mend, Validation, Verdict
from mooring.audit.claims.ground import Ground
from mooring.audit.claims.judge import judge, validate
from mooring.audit.claims.model import Claim, Claims
from mooring.audit.claims.reading import read_claims

__all__ = [
    "Answer",
    "Check",
    "Claim",
    "Claims",
    "Evidence",
    "Fixed",
    "Ground",
    "Mend",
    "Validation",
    "Verdict",
    "judge",
    "read_claims",
    "validate",
]
