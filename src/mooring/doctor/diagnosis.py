"""What an examination comes to: steps, each with what was seen and what is wrong with it. Plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from mooring.config.explanation import Explanation

__all__ = ["Diagnosis", "Fact", "Finding", "Look", "Outcome", "Severity", "Step", "failed", "note", "warning"]

Fact = str | int | float | bool | list[str] | dict[str, int]


class Outcome(IntEnum):
    """The classes of an answer; each is the exit code of the command."""

    WELL = 0
    FINDINGS = 1
    USAGE = 2
    DNS = 3
    TCP = 4
    TLS = 5
    ACCESS = 6
    STATE = 7


class Severity(StrEnum):
    """An error keeps clients from working, a warning is a finding to mend, a note is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in words, and what to do. `code` is for programs and never changes."""

    code: str
    outcome: Outcome
    message: str
    remedy: str

    @property
    def severity(self) -> Severity:
        """How bad it is, which follows from its class."""
        if self.outcome > Outcome.USAGE:
            return Severity.ERROR
        return Severity.WARNING if self.outcome is Outcome.FINDINGS else Severity.NOTE


def failed(outcome: Outcome, code: str, message: str, remedy: str) -> Finding:
    """An error of one class."""
    return Finding(code, outcome, message, remedy)


def warning(code: str, message: str, remedy: str) -> Finding:
    """A finding with which clients work."""
    return Finding(code, Outcome.FINDINGS, message, remedy)


def note(code: str, message: str, remedy: str) -> Finding:
    """Something that may be meant so."""
    return Finding(code, Outcome.WELL, message, remedy)


@dataclass(frozen=True, slots=True)
class Look:
    """What one probe saw: a line for people, facts for programs, findings for both.

    `ends` says that nothing further can be told of this server.
    """

    summary: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One look at one endpoint, and the seconds that it took."""

    name: str
    endpoint: str
    seconds: float
    look: Look


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The whole examination of a connection: its settings, with origins and without secrets, and the steps in order."""

    settings: Explanation
    steps: tuple[Step, ...]

    def findings(self) -> Iterator[Finding]:
        """All findings in the order of the steps."""
        for step in self.steps:
            yield from step.look.findings

    @property
    def outcome(self) -> Outcome:
        """The class of the first error, for what comes after may follow from it; else whether there are warnings."""
        found = [finding.outcome for finding in self.findings()]
        errors = [outcome for outcome in found if outcome > Outcome.USAGE]
        return errors[0] if errors else max(found, default=Outcome.WELL)
