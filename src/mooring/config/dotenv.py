"""The nearest `.env`, for a service on its developer's machine. What the environment says, it does not override."""

from __future__ import annotations

import os
from pathlib import Path

from mooring.config.value import Text
from mooring.config.variables import environment_texts
from mooring.errors import ConfigError

__all__ = ["dotenv_texts", "nearest_dotenv"]

_NAME = ".env"
_BORDER = ".git"


def nearest_dotenv(directory: Path) -> Path | None:
    """Find `.env` in a directory or the nearest above it, but not above the checkout that it is in."""
    # Done again for each client that is made, so in the quickest way; nor do these functions ever raise.
    folder = str(directory)
    while True:
        if os.path.isfile(f"{folder}/{_NAME}"):  # noqa: PTH113
            return Path(folder, _NAME)
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder or os.path.exists(f"{folder}/{_BORDER}"):  # noqa: PTH110
            return None
        folder = above


def dotenv_texts(prefix: str, directory: Path) -> dict[str, Text]:
    """Read the variables of the nearest `.env`. Raises `ConfigError`, naming the file, when it cannot be read."""
    path = nearest_dotenv(directory)
    if path is None:
        return {}
    # Loaded when there is something to read, for a service in a cluster never needs it.
    from dotenv import dotenv_values  # noqa: PLC0415

    try:
        variables = dotenv_values(path, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ConfigError(f"{path} cannot be read: {reason}; mend it, or take it away.") from None
    given = {name: value for name, value in variables.items() if value is not None}
    return {
        name: Text(found.text, found.origin, path)
        for name, found in environment_texts(prefix, given, f" in {path}").items()
    }
