"""The Gong server: 7 tools over Gong's API, all of which read."""

from __future__ import annotations

from mooring.servers.gong.tools import tools
from mooring.servers.gong.vendor import Gong

__all__ = ["VENDOR", "tools"]

VENDOR = Gong()
