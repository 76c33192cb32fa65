"""A private, real Redis for demos and tests: one server, a Sentinel trio, a Cluster of three.

>>> from mooring.embedded import EmbeddedRedis
>>> with EmbeddedRedis(password="secret") as server, server.client() as client:
...     client.ping()
True
"""

from __future__ import annotations

from mooring.embedded.binary import find_server
from mooring.embedded.cluster import ClusterTrio
from mooring.embedded.sentinel import SentinelTrio
from mooring.embedded.server import EmbeddedRedis

__all__ = ["ClusterTrio", "EmbeddedRedis", "SentinelTrio", "find_server"]
