"""Settings told to a person or a program: each value with its origin, and no secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mooring.config.bounds import BOUNDS, UNBOUNDED
from mooring.config.cache_size import CacheSize
from mooring.config.environment import Environment
from mooring.config.value import SECRETS

__all__ = ["Explained", "Explanation", "shown"]

_MASK = "**********"


@dataclass(frozen=True, slots=True)
class Explained:
    """One setting as it may be shown."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that may be told about the settings of one connection. Its text has a line for each value."""

    name: str
    mode: str
    endpoint: str
    environment: Environment | None
    values: tuple[Explained, ...]

    def __str__(self) -> str:
        return "\n".join(f"{value.key} = {value.value}  ({value.origin})" for value in self.values)

    def as_data(self) -> dict[str, Any]:
        """Return the same as plain data, fit for JSON."""
        where = None
        if self.environment is not None:
            where = {"kind": self.environment.kind.value, "evidence": list(self.environment.evidence)}
        return {
            "name": self.name,
            "mode": self.mode,
            "endpoint": self.endpoint,
            "environment": where,
            "settings": [{"key": told.key, "value": told.value, "origin": told.origin} for told in self.values],
        }


def shown(key: str, value: Any) -> str:
    """Write a value for everybody to see."""
    if key in SECRETS:
        return _MASK
    if value is None and key in BOUNDS:
        return UNBOUNDED
    # An object of the caller's (a retry policy, a credential provider) may print what it holds.
    return str(value) if isinstance(value, str | int | float | bool | CacheSize | None) else f"<{type(value).__name__}>"
