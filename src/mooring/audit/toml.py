"""A TOML file of the user's, or a clear word about what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from mooring.errors import UsageError

__all__ = ["load"]


def load(file: Path) -> dict[str, Any]:
    """The document in `file`. Raises `UsageError` where it cannot be read or is no TOML."""
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: is no TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
