"""What the clients ask of each server: one tool that only reads, with arguments that its stand-in knows."""

from __future__ import annotations

from typing import Any, NamedTuple

from mooring.servers.app import NAMES

__all__ = ["COMMANDS", "READS", "VERSIONS", "Read"]

VERSIONS = {"2025-11-25": "legacy", "2026-07-28": "modern"}
"""The two protocols that clients speak: before and since sessions were given up."""

COMMANDS = {name: ["mooring", "serve", name, "--fake"] for name in NAMES}
"""How each server is started, after `python -m`."""


class Read(NamedTuple):
    """A call of a tool."""

    tool: str
    arguments: dict[str, Any]


READS = {
    "github": Read("get_issue", {"owner": "acme", "repo": "rocket", "number": 1}),
    "slack": Read("list_users", {}),
    "hubspot": Read("list_pipelines", {}),
    "gong": Read("list_users", {}),
}
