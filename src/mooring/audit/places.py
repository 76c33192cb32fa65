"""Where a user's own files go that are no part of any project."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["user_folder"]


def user_folder(own: str, shared: str, below_home: str) -> Path | None:
    """The folder that the variable `own` names, else Mooring's in the one that `shared` names, else below the home.

    `shared` is a variable of the XDG base directories (https://specifications.freedesktop.org/basedir-spec); on Windows
    LOCALAPPDATA takes its place. None where there is no such place.
    """
    given = os.environ.get(own)
    if given:
        return Path(given)
    place = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else shared)
    # Not Path.expanduser, which raises where there is no home.
    folder = Path(place or os.path.expanduser(below_home))  # noqa: PTH111
    return folder / "mooring" if folder.is_absolute() else None
