"""Stand-ins for an audit of which only the findings matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from mooring.audit.project import Project
from mooring.audit.rule import Finding

__all__ = ["STILL", "Found"]


@dataclass(frozen=True)
class Found:
    """An audit that found this and looks no further."""

    findings: tuple[Finding, ...] = ()
    project: Project = cast(Project, None)  # noqa: RUF009  # nobody asks for it


STILL = Found()
