"""What a source gives: text under a variable's name, then a setting under the name of redis-py's argument."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["SECRETS", "SourcedValue", "Text"]

SECRETS = frozenset({"password", "sentinel_password", "ssl_password", "ssl_ca_data"})
"""The settings that nothing may show."""


@dataclass(frozen=True, slots=True)
class Text:
    """One value as its source spells it, and the place that gave it. Its repr hides the value."""

    text: str = field(repr=False)
    origin: str
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class SourcedValue:
    """One setting, the place that gave it, and the file that it was read from, if any. Its repr hides the value."""

    key: str
    value: Any = field(repr=False)
    origin: str
    file: Path | None = None
