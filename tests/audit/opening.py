"""The type of the fixture that opens stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mooring.audit.store import Store

__all__ = ["Opener"]

Opener = Callable[[Path | None], Store]
