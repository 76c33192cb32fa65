"""A run on the disk, from its journal to the last check of what was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.audit.fixer.bisection import bisect
from mooring.audit.fixer.disk import remove_litter
from mooring.audit.fixer.inspection import inspect
from mooring.audit.fixer.journal import record
from mooring.audit.fixer.outcome import Failure, Fate, FixOutcome
from mooring.audit.fixer.rollout import Group, Rollout
from mooring.audit.fixer.rounds import Audited
from mooring.audit.fixer.trial import Attempt, Trial
from mooring.errors import UsageError

__all__ = ["Execution", "execute"]

# How often the user's check may run to find what breaks it.
RUNS = 64


@dataclass(frozen=True, slots=True)
class Execution:
    """What became of the changes: those that do not stand, by path those of them that the user's check turned down.

    `absent` are the modules that fixed files import and that could not be looked into.
    """

    failures: tuple[Failure, ...] = ()
    broken: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()


def execute(
    outcome: FixOutcome,
    root: Path,
    again: Callable[[], Audited],
    *,
    unsafe: bool = False,
    trial: Trial | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Execution:
    """Write the changes of an outcome below `root`, look at them again, and take back those that do not hold.

    `again` audits the tree as it is. `trial` must pass before anything is written, else `UsageError` is raised; where
    it does not pass afterwards, what breaks it is searched for and taken back. What is interrupted leaves every file as
    it was. `say` is told what takes its time.
    """
    if not outcome.changes:
        return Execution()
    if trial is not None:
        _require(trial, say)
    folders = {change.source.location.resolve().parent for change in outcome.changes}
    remove_litter(folders)
    run = record(root, outcome.changes)
    rollout = Rollout(outcome.changes)
    try:
        rollout.show(rollout.groups)
        absent = _settle(rollout, outcome, root, again, unsafe=unsafe)
        broken = _verify(rollout, trial, say) if trial is not None and rollout.standing else frozenset()
    except BaseException:
        say("stopped: putting back what was written")
        rollout.clear()
        for failure in rollout.failures.values():
            say(f"{failure.path}: {failure.fate}: {failure.reason}")
        # Of a file that Ctrl-C came upon as it was being made, nobody knew the name yet.
        remove_litter(folders)
        raise
    gone = {path for path, failure in rollout.failures.items() if failure.fate is not Fate.NOT_UNDONE}
    written = {change.source.location.resolve() for change in outcome.changes if change.path not in gone}
    run.keep(entry for entry in run.entries if entry.path in written)
    return Execution(tuple(failure for _, failure in sorted(rollout.failures.items())), broken, absent)


def _require(trial: Trial, say: Callable[[str], None]) -> None:
    attempt = trial.run()
    if not attempt.passed:
        _tell(trial, attempt, say)
        raise UsageError(
            f"--verify {trial.name}: {attempt.ending} before anything is fixed, so it could not tell what a fix breaks;"
            " mend it first, or leave --verify out"
        )
    say(f"{trial.name}: passes before the fix ({attempt.seconds:.1f} s)")


def _tell(trial: Trial, attempt: Attempt, say: Callable[[str], None]) -> None:
    if attempt.output.strip():
        say(f"{trial.name} wrote:\n{attempt.output.rstrip()}")


def _settle(
    rollout: Rollout, outcome: FixOutcome, root: Path, again: Callable[[], Audited], *, unsafe: bool
) -> frozenset[str]:
    """Take back what does not hold what it promised, until all that stands does; tell which modules are not here."""
    absent: set[str] = set()
    while rollout.standing:
        seen = inspect(rollout.changes, outcome, root, again, unsafe=unsafe)
        absent |= seen.absent
        if not seen.faults:
            break
        rollout.undo(seen.faults)
    return frozenset(absent)


def _verify(rollout: Rollout, trial: Trial, say: Callable[[str], None]) -> frozenset[str]:
    """Take back what breaks the user's check, and tell the files."""
    first = trial.run()
    if first.passed:
        say(f"{trial.name}: passes after it ({first.seconds:.1f} s)")
        return frozenset()
    _tell(trial, first, say)
    say(f"{trial.name}: {first.ending} after the fix; looking for the files that break it")

    def passes(groups: Sequence[Group]) -> bool:
        rollout.show(groups)
        return trial.run().passed

    found = bisect(list(rollout.standing), passes, RUNS)
    rollout.show(found.good)
    reasons = {
        f"{trial.name} does not pass with this fix": found.broken,
        f"{trial.name} does not pass, and {RUNS} runs did not tell whether because of this fix": found.untried,
    }
    faults = {path: reason for reason, groups in reasons.items() for group in groups for path in group.paths}
    rollout.undo(faults)
    return frozenset(faults)
