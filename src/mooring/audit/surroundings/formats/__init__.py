"""The files that say what a project needs: where each kind lists it, and how an entry comes and goes.

Every edit keeps all that stands around it: comments, quotes, commas, indentation, newlines.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from mooring.audit.surroundings.formats.listing import Format, Listing, Package, Rank, Unsupported, name_of, normal
from mooring.audit.surroundings.formats.pyproject import PIPFILE, PYPROJECT
from mooring.audit.surroundings.formats.requirements_txt import REQUIREMENTS_TXT, is_generated
from mooring.audit.surroundings.formats.setup_cfg import SETUP_CFG
from mooring.audit.surroundings.formats.setup_py import SETUP_PY

__all__ = [
    "REQUIREMENTS_TXT",
    "Format",
    "Listing",
    "Package",
    "Rank",
    "Unsupported",
    "format_of",
    "is_generated",
    "name_of",
    "normal",
]

# The first that lists anything speaks for its folder where none lists a client.
FORMATS = {
    "pyproject.toml": PYPROJECT,
    "Pipfile": PIPFILE,
    "setup.cfg": SETUP_CFG,
    "setup.py": SETUP_PY,
    "requirements*.in": REQUIREMENTS_TXT,
    "requirements*.txt": REQUIREMENTS_TXT,
}


def format_of(name: str) -> tuple[int, Format] | None:
    """How a file of this name is read, and how early its kind comes; None if it is no dependency file."""
    for order, (pattern, kind) in enumerate(FORMATS.items()):
        if fnmatchcase(name, pattern):
            return order, kind
    return None
