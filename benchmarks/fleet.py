"""A synthetic fleet: services of nine files each, of which three talk about Redis, in the styles that fleets use.

The files that have nothing to do with Redis are as large as those of a real fleet, about 11 KB each.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

__all__ = ["FILES_PER_SERVICE", "write_fleet"]

FILES_PER_SERVICE = 9

# How the services of a fleet reach Redis; each takes its turn.
STYLES = (
    "import redis\n\nclient = redis.Redis(host='localhost', port=6379, db=$number)\n",
    "import redis.asyncio as redis\n\nfrom .config import settings\n\n"
    "client = redis.from_url(settings.redis_url, decode_responses=True)\n",
    "import os\n\nimport redis\n\nclient = redis.Redis.from_url(os.getenv('REDIS_URL', 'redis://localhost:6379/0'))\n",
    "import redis\n\n\nclass Cache:\n    def __init__(self, host: str = 'redis-master', port: int = 6379) -> None:\n"
    "        self.client = redis.Redis(host=host, port=port, password='secret-$number')\n\n\nclient = Cache().client\n",
    "import os\n\nimport redis\n\npool = redis.ConnectionPool.from_url(os.environ['REDIS_URL'], max_connections=20)\n"
    "client = redis.Redis(connection_pool=pool)\n",
    "from redis import asyncio as aioredis\n\n\nasync def get_client():\n"
    "    return await aioredis.from_url('redis://localhost')\n\n\nclient = None\n",
)
CONFIG = """\
import os
from dataclasses import dataclass


@dataclass
class Settings:
    redis_url: str = os.getenv("REDIS_URL", "redis://localhost:6379/$number")
    upstream: str = os.environ.get("UPSTREAM_URL", "http://upstream")
    timeout: float = 5.0


settings = Settings()
"""
SERVER = """\
from mcp.server.fastmcp import FastMCP

from .cache import client
from .handlers import summary_0, total_0
from .models import Record0

mcp = FastMCP("service-$number")


@mcp.tool()
async def lookup(key: str) -> str:
    cached = await client.get(f"service-$number:{key}")
    if cached:
        return cached
    record = Record0(key, 1, {})
    await client.setex(f"service-$number:{key}", 60, summary_0([record]))
    return str(total_0([record]))


@mcp.tool()
def remember(key: str, value: str) -> None:
    import redis

    connection = redis.Redis(host="localhost")
    connection.set(key, value)


if __name__ == "__main__":
    mcp.run()
"""
HANDLER = """\
def total_$index(records):
    total = 0
    for record in records:
        if record.amount > $index and record.name.startswith("service-$number"):
            total += record.amount * $index
        elif record.labels.get("kind") == "refund":
            total -= record.amount
    return total


def summary_$index(records):
    lines = [f"{record.name}: {record.amount:,}" for record in sorted(records, key=lambda r: r.name)]
    try:
        return "\\n".join(lines[: $index + 10])
    except ValueError as error:
        raise RuntimeError("cannot be summed up") from error

"""
MODEL = """\
class Record$index:
    def __init__(self, name, amount, labels):
        self.name = name
        self.amount = amount
        self.labels = dict(labels)

    def as_dict(self):
        return {"name": self.name, "amount": self.amount, **self.labels, "number": $number}

    def __eq__(self, other):
        return isinstance(other, Record$index) and self.as_dict() == other.as_dict()

"""
TEST = """\
from ..handlers import total_0


def test_nothing_is_nothing():
    assert total_0([]) == 0
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: service-$number}
spec:
  template:
    spec:
      containers:
        - name: service-$number
          image: registry/service-$number
          env:
            - {name: REDIS_URL, value: "redis://redis-master:6379/0"}
"""


def write_fleet(folder: Path, services: int) -> None:
    """Write a fleet of that many services below `folder`."""
    for number in range(services):
        package = folder / "services" / f"service_{number:05}"
        (package / "tests").mkdir(parents=True)
        ordinary = {
            "handlers.py": "".join(_filled(HANDLER, number, index) for index in range(22)),
            "reports.py": "".join(_filled(HANDLER, number, index) for index in range(26)),
            "models.py": "".join(_filled(MODEL, number, index) for index in range(28)),
        }
        files = {
            "__init__.py": "",
            "cache.py": _filled(STYLES[number % len(STYLES)], number),
            "config.py": _filled(CONFIG, number),
            "server.py": _filled(SERVER, number),
            **ordinary,
            "tests/test_handlers.py": TEST,
            "deployment.yaml": _filled(DEPLOYMENT, number),
        }
        for name, text in files.items():
            (package / name).write_text(text)


def _filled(template: str, number: int, index: int = 0) -> str:
    return Template(template).substitute(number=number, index=index)
