"""The GitHub server: 12 tools over GitHub's REST API."""

from __future__ import annotations

from mooring.servers.github.tools import tools
from mooring.servers.github.vendor import GitHub

__all__ = ["VENDOR", "tools"]

VENDOR = GitHub()
