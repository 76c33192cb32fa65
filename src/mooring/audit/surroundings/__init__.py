"""The project around fixed code: dependency files, samples of environments, `MIGRATION.md`.

All is worked out from what is read through a `Disk`; nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from mooring.audit.facts import Service, Site, Unreadable
from mooring.audit.fixer import Change, FixOutcome
from mooring.audit.project import Project
from mooring.audit.surroundings.connections import connections
from mooring.audit.surroundings.dependencies import dependencies
from mooring.audit.surroundings.deployment import deployed
from mooring.audit.surroundings.disk import Disk
from mooring.audit.surroundings.environment import samples
from mooring.audit.surroundings.guide import Report, guide
from mooring.audit.surroundings.notice import Notice

__all__ = ["Audited", "Disk", "Notice", "surroundings"]


class Audited(Protocol):
    """What is asked of the audit before the fix."""

    @property
    def sites(self) -> tuple[Site, ...]:
        """Where clients are made."""

    @property
    def services(self) -> tuple[Service, ...]:
        """The services of the tree."""

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """What could not be read."""

    @property
    def project(self) -> Project:
        """The tree as the audit saw it."""


def surroundings(
    found: Audited, outcome: FixOutcome, disk: Disk, paths: Sequence[str], redact: Callable[[str], str]
) -> tuple[tuple[Change, ...], tuple[Notice, ...]]:
    """The changes of text files that those of `outcome` call for, and what only somebody else can do.

    `found` is the audit before the fix, `paths` are all Python files and manifests below its root, those outside the
    audit too. `redact` masks secrets in what is written for people. Where no code changes, nothing else does.
    """
    if not outcome.changes:
        return (), ()
    target = found.project.target
    sites: dict[str, list[Site]] = {}
    for site in found.sites:
        sites.setdefault(site.path, []).append(site)
    read = [
        replace(one, before=redact(one.before), url=redact(one.url))
        for change in outcome.changes
        for one in connections(change, sites.get(change.path, ()), target)
    ]
    changes, notices = dependencies(outcome.changes, disk, paths)
    sampled, troubles = samples(read, disk)
    told = [*notices, *troubles]
    report = Report(
        read,
        found.services,
        deployed(paths, disk),
        [replace(one, reason=redact(one.reason)) for one in outcome.left],
        [replace(one, reason=redact(one.reason)) for one in told],
        [replace(one, reason=redact(one.reason)) for one in found.unreadable],
        target,
    )
    match guide(report, disk):
        case Notice() as trouble:
            told.append(trouble)
        case Change() as change:
            sampled.append(change)
    return tuple(sorted([*changes, *sampled], key=lambda change: change.path)), tuple(told)
