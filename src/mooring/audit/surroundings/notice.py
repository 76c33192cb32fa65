"""What only a person, or another tool, can do around fixed code."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Notice"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A file that somebody has to see to, and why; `command` does it where a command can, run in the file's folder."""

    path: str
    reason: str
    command: str = ""
