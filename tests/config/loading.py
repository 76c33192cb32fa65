"""How the tests of settings load them: from a given environment, and from nowhere else unless a test says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mooring.config.settings import RedisSettings

__all__ = ["NOWHERE", "load", "password_of", "write"]

NOWHERE = Path("/nonexistent")


def load(
    environ: Mapping[str, str], name: str = "default", root: Path = NOWHERE, directory: Path = NOWHERE, **overrides: Any
) -> RedisSettings:
    return RedisSettings.load(name, environ, overrides, root, directory)


def password_of(settings: RedisSettings) -> str | None:
    return None if settings.password is None else settings.password.get_secret_value()


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
