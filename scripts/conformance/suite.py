"""The conformance suite: which scenarios it has for servers, and what each check of a run says."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.conformance.node import Node, NotReady

__all__ = ["WIRE", "Check", "Outcome", "Scenario", "run", "scenarios"]

WIRE = "wire-schema-valid"
"""The check of every scenario that each message which the server sent fits the protocol's schema."""

_LISTED = re.compile(r"^  - (?P<name>\S+) \[(?P<versions>[^\]]+)\]$", re.MULTILINE)
_RESULT = re.compile(r"server-(?P<name>.+)-\d{4}-\d\d-\d\dT[\d-]+Z")


@dataclass(frozen=True, order=True)
class Scenario:
    """A scenario in one version of the protocol; that is `extension` for those of optional extensions."""

    version: str
    name: str


@dataclass(frozen=True)
class Check:
    """One check of a scenario: SUCCESS, INFO, SKIPPED, WARNING or FAILURE, and what the suite tells of it."""

    id: str
    status: str
    told: str = ""

    @property
    def good(self) -> bool:
        """Whether it says that something is right."""
        return self.status == "SUCCESS"

    @property
    def bad(self) -> bool:
        """Whether it says that something is wrong, or should be otherwise."""
        return self.status in {"FAILURE", "WARNING"}


@dataclass(frozen=True)
class Outcome:
    """What a scenario found, and which fixtures it asked for, as far as the server logs that."""

    checks: tuple[Check, ...]
    asked: frozenset[str] = field(default_factory=frozenset)


def scenarios(node: Node) -> list[Scenario]:
    """Return every scenario for servers, once for each version of the protocol that it offers.

    Raises `NotReady` if there are none.
    """
    listed = node.run("conformance", "list", "--server").stdout
    found = [
        Scenario(version, match["name"])
        for match in _LISTED.finditer(listed)
        for version in match["versions"].split(",")
    ]
    if not found:
        raise NotReady(f"the suite lists no scenario: {listed[:200]}")
    return sorted(found)


def run(node: Node, url: str, version: str, folder: Path, name: str | None = None) -> dict[Scenario, Outcome]:
    """Run all scenarios of a version of the protocol against a server, or one of them."""
    shutil.rmtree(folder, ignore_errors=True)
    which = ["--scenario", name] if name else ["--suite", "all"]
    node.run("conformance", "server", "--url", url, *which, "--spec-version", version, "-o", str(folder))
    return {
        Scenario(version, match["name"]): Outcome(tuple(_check(check) for check in json.loads(file.read_text())))
        for file in sorted(folder.glob("*/checks.json"))
        if (match := _RESULT.fullmatch(file.parent.name))
    }


def _check(told: dict[str, Any]) -> Check:
    details = told.get("details") or {}
    words = details.get("message") or (json.dumps(details) if details else "")
    return Check(told["id"], told["status"], " ".join(filter(None, (told.get("errorMessage"), words))))
