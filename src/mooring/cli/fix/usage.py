"""Where `mooring fix` begins, and when it had better not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mooring.audit.checkout import uncommitted
from mooring.audit.engine import Audit
from mooring.audit.fixer import applicable
from mooring.errors import UsageError

__all__ = ["project_root", "refuse_together", "refuse_uncommitted", "refuse_uncommitted_fixable"]

MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile")
# As many names as one can take in.
NAMED = 10


def project_root(folder: Path) -> Path:
    """The nearest folder, from `folder` upward, that looks like the root of a project; else `folder` itself.

    The files that declare what a program needs stand there, though only a part of it may be fixed.
    """
    around = (place for place in (folder, *folder.parents) if any((place / mark).exists() for mark in MARKS))
    return next(around, folder)


def refuse_together(options: Mapping[str, bool]) -> None:
    """Raise `UsageError` where more than one of these options is given."""
    first, *others = [name for name, given in options.items() if given] or [""]
    if others:
        raise UsageError(f"{first}: does not go with {others[0]}; leave one of them out")


def refuse_uncommitted(root: Path, paths: Iterable[str], *, force: bool) -> None:
    """Raise `UsageError` where git has not got what one of the files below `root` holds, unless by `force`."""
    found = [] if force else uncommitted(root, sorted(paths))
    if found:
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        named = f"{', '.join(found[:NAMED])}{more}"
        raise UsageError(
            f"{named}: git has uncommitted changes there, which would mix with the fix; commit or stash them first, or"
            " pass --force"
        )


def refuse_uncommitted_fixable(found: Audit, *, unsafe: bool, force: bool) -> None:
    """The same for all files that the fixes of an audit would change, before anybody is asked about them."""
    fixes = [fix for finding in found.findings if (fix := applicable(finding, unsafe=unsafe))]
    refuse_uncommitted(found.root, {edit.path for fix in fixes for edit in fix.edits}, force=force)
