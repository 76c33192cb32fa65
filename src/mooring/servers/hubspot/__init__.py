"""The HubSpot server: 10 tools over HubSpot's CRM API."""

from __future__ import annotations

from mooring.servers.hubspot.tools import tools
from mooring.servers.hubspot.vendor import HubSpot

__all__ = ["VENDOR", "tools"]

VENDOR = HubSpot()
