"""Runs a program on a real Redis and keeps all that can be seen of it: its output, its keys, its connections."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mooring
from mooring.embedded import EmbeddedRedis

__all__ = ["Trial", "run"]

HARNESS = Path(__file__).with_name("harness.py")
DATABASES = 16
READERS: dict[str, Callable[[Any, bytes], Any]] = {
    "string": lambda client, key: client.get(key),
    "list": lambda client, key: client.lrange(key, 0, -1),
    "set": lambda client, key: sorted(client.smembers(key)),
    "hash": lambda client, key: sorted(client.hgetall(key).items()),
    "zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    "stream": lambda client, key: client.xrange(key),
}

Key = tuple[int, bytes]


@dataclass(frozen=True)
class Trial:
    """What a run came to: its output, each key with its type and value and with its time to live, its connections."""

    output: str
    keys: Mapping[Key, tuple[str, Any]]
    lifetimes: Mapping[Key, int]
    connections: frozenset[str]


def run(
    program: str,
    folder: Path,
    server: EmbeddedRedis,
    *,
    redirected: bool,
    configured: bool = False,
    databases: int = DATABASES,
) -> Trial:
    """Run the text of a program against an empty `server`, and look into so many databases of it.

    If `redirected`, the usual addresses lead there; if `configured`, `REDIS_URL` does.
    """
    file, log = folder / "program.py", folder / "connections"
    file.write_text(program)
    log.write_text("")
    with server.client() as client:
        client.flushall()
    place = str(server.socket_path or server.port)
    told = ({"REDIS_URL": server.url} if configured else {}) | ({"HARBOUR_SERVER": place} if redirected else {})
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(mooring.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HARBOUR_LOG": str(log),
        **told,
    }
    command = [sys.executable, str(HARNESS), str(file)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    keys, lifetimes = snapshot(server, databases)
    return Trial(done.stdout, keys, lifetimes, frozenset(log.read_text().splitlines()))


def snapshot(server: EmbeddedRedis, databases: int = DATABASES) -> tuple[dict[Key, tuple[str, Any]], dict[Key, int]]:
    """All that a server holds, and the milliseconds that each key has left (-1 for ever)."""
    keys: dict[Key, tuple[str, Any]] = {}
    lifetimes: dict[Key, int] = {}
    with server.client(single_connection_client=True) as client:
        for number in range(databases):
            if databases > 1:  # a node of a Cluster has one, and refuses to be asked
                client.select(number)
            for name in client.scan_iter(count=1000):
                kind = str(client.type(name), "ascii")
                keys[number, name] = (kind, READERS[kind](client, name))
                lifetimes[number, name] = client.pttl(name)
    return keys, lifetimes
