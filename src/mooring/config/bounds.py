"""Bounds in seconds that may also be none at all."""

from __future__ import annotations

from typing import Any

__all__ = ["BOUNDS", "UNBOUNDED", "read_bound"]

BOUNDS = frozenset({"deadline", "max_age", "max_idle"})
"""The settings of this kind: `None`, or the text `none`, is a value of theirs and not the lack of one."""

UNBOUNDED = "none"


def read_bound(value: Any) -> Any:
    """Read the text that stands for no bound; every other value is left to be checked as a number."""
    return None if isinstance(value, str) and value.strip().lower() == UNBOUNDED else value
