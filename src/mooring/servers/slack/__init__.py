"""The Slack server: 8 tools over Slack's Web API."""

from __future__ import annotations

from mooring.servers.slack.tools import tools
from mooring.servers.slack.vendor import Slack

__all__ = ["VENDOR", "tools"]

VENDOR = Slack()
