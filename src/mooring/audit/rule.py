"""What a rule is: an identifier, a severity, a check over one kind of fact, its module's docstring as manual."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from mooring.audit.edits import Fix
from mooring.audit.facts import Confidence, Severity, Site, Span
from mooring.audit.project import Project

__all__ = ["Finding", "Problem", "Related", "Rule", "Severity", "rule", "steps_to"]


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that belongs to a finding."""

    path: str
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check says about one fact: where, what is wrong, what to do, and the fix as data where there is one.

    `severity` is None where it is as bad as its rule says.
    """

    path: str
    span: Span
    message: str
    remedy: str
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    confidence: Confidence = Confidence.HIGH
    severity: Severity | None = None

    @classmethod
    def at(
        cls, site: Site, message: str, remedy: str, fix: Fix | None = None, related: tuple[Related, ...] = ()
    ) -> Problem:
        """A problem of a whole site; where its import is missing, the message says so."""
        if site.unbound_root:
            message += f"; nothing in this module imports {site.unbound_root}"
        return cls(site.path, site.call.span, message, remedy, fix, related, site.confidence)


def steps_to(site: Site, project: Project) -> tuple[Related, ...]:
    """The lines that give a site its address, the farthest first."""
    return tuple(Related(path, span, f"{name} is given here") for path, span, name in project.trail(site))


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem under its rule, with a fingerprint that survives moved lines."""

    rule: str
    name: str
    severity: Severity
    problem: Problem
    fingerprint: str


Check = Callable[[Any, Project], Iterator[Problem]]
Checked = TypeVar("Checked", bound=Check)


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its identity; `reads` is the type of fact it is called with, `manual` its module's docstring."""

    code: str
    name: str
    severity: Severity
    reads: type
    check: Check
    manual: str


def rule(code: str, severity: Severity) -> Callable[[Checked], Checked]:
    """Mark a function as the check of rule `code`; the catalogue finds it by this mark.

    The first parameter's annotation says which facts it reads; the second is the project. The module names the rule.
    """

    def mark(check: Checked) -> Checked:
        module = inspect.getmodule(check)
        first = next(iter(inspect.signature(check).parameters))
        reads = typing.get_type_hints(check)[first]
        name = check.__module__.rpartition(".")[2].replace("_", "-")
        manual = inspect.cleandoc((module and module.__doc__) or "")
        check.__dict__["rule"] = Rule(code, name, severity, reads, check, manual)
        return check

    return mark
