"""Examinations as the tests want them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mooring.config.settings import RedisSettings
from mooring.doctor import Diagnosis, Finding, Look, Scale, Target, examine

NOWHERE = {"MOORING_ENVIRONMENT": "ci"}
"""An environment that tells nothing of a Redis."""


def examined(
    url: str = "", *, timeout: float = 5.0, pool: int | None = None, replicas: int = 1, **overrides: Any
) -> Diagnosis:
    """Examine what a URL and arguments name, and nothing else."""
    given: Mapping[str, Any] = {"url": url, **overrides} if url else overrides
    settings = RedisSettings.load(environ=NOWHERE, overrides=given, root=Path("/nonexistent"))
    return examine(Target.of(settings), Scale(pool, replicas, timeout))


def look(diagnosis: Diagnosis, name: str) -> Look:
    """The look of the last step of that name."""
    return [step.look for step in diagnosis.steps if step.name == name][-1]


def found(diagnosis: Diagnosis, code: str) -> Finding:
    """The finding with that code."""
    return next(finding for finding in diagnosis.findings() if finding.code == code)


def codes(diagnosis: Diagnosis) -> list[str]:
    """The codes of what is wrong; notes are left out."""
    return [finding.code for finding in diagnosis.findings() if finding.outcome]
