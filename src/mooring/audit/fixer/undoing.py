"""Giving files back what they held before the last run of the fixer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.audit.fixer.disk import contents, put, remove_litter
from mooring.audit.fixer.journal import Entry, Run, digest, runs
from mooring.audit.fixer.outcome import Failure, Fate
from mooring.errors import UsageError

__all__ = ["Undone", "undo"]


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing came to: the files that are as they were before the run, and those that were left, with `kept`.

    That is the archive of what the files that were left held before.
    """

    run: Run
    restored: tuple[Path, ...]
    left: tuple[Failure, ...]
    kept: Path | None


def undo(paths: Sequence[Path]) -> Undone:
    """Undo the last run that changed anything at or below `paths`, there and only there.

    A file that is no longer what the run wrote is left. Either way the run is over for these files, and the next undo
    is about the one before. Raises `UsageError` where there is nothing to undo.
    """
    places = [path.resolve() for path in paths]
    run, concerned = _last(places)
    remove_litter({entry.path.parent for entry in concerned})
    reasons = {entry: _restore(run, entry) for entry in concerned}
    left = {entry: reason for entry, reason in reasons.items() if reason is not None}
    kept = run.set_aside(left) if left else None
    run.keep(entry for entry in run.entries if entry not in reasons)
    return Undone(
        run,
        tuple(entry.path for entry in concerned if entry not in left),
        tuple(Failure(str(entry.path), reason, Fate.NOT_UNDONE) for entry, reason in left.items()),
        kept,
    )


def _last(places: Sequence[Path]) -> tuple[Run, list[Entry]]:
    for run in runs():
        concerned = [entry for entry in run.entries if any(entry.path.is_relative_to(place) for place in places)]
        if concerned:
            return run, concerned
    raise UsageError(
        f"--undo {', '.join(map(str, places))}: nothing to undo: no run of mooring fix changed anything there"
    )


def _restore(run: Run, entry: Entry) -> str | None:
    """Give a file its earlier contents and mode, or tell why not."""
    try:
        held = digest(contents(entry.path))
        if held == entry.before:
            return None
        if held != entry.after:
            return "it changed since it was fixed" if held else "it was removed since it was fixed"
        put(entry.path, run.earlier[entry], entry.mode)
    except OSError as error:
        return f"cannot be written: {error.strerror or error}"
    return None
