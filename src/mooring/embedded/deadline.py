"""Waiting for a condition, but not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["comes_true"]

_PAUSE = 0.02
"""Seconds between two looks."""


def comes_true(condition: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until `condition` holds or `seconds` have passed; return whether it holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE)
    return True
