"""Three real Redis and their Sentinels, configured by the script that each node of the variant runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mooring.config.settings import RedisSettings
from mooring.doctor import Outcome, Scale, Target, examine
from mooring.embedded.port import free_port

from .places import KUBERNETES, OLD, written
from .running import client, environ, eventually, loadable, placed, process

SCRIPT = KUBERNETES / "components" / "sentinel" / "node.sh"
# One machine has many addresses: the nodes have the same ports, as in the cluster.
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


@dataclass
class Nodes:
    """The nodes, each with a folder of its own."""

    folder: Path
    secrets: Path
    port: int = field(default_factory=free_port)
    sentinel_port: int = field(default_factory=free_port)
    running: dict[str, ExitStack] = field(default_factory=dict)

    def secret(self, name: str) -> str:
        return (self.secrets / "redis-server" / name).read_text(encoding="utf-8")

    def prepare(self, host: str) -> str:
        """Run the script, and return what it says."""
        folder = self.folder / host
        data = folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        variables = environ(
            NODES=" ".join(HOSTS),
            HOST=host,
            CONF=str(folder),
            SERVER=str(self.secrets / "redis-server"),
            BASE=str(placed(data)),
            REDIS_PORT=str(self.port),
            SENTINEL_PORT=str(self.sentinel_port),
            DOWN_AFTER="1500",
        )
        done = subprocess.run(["sh", str(SCRIPT)], env=variables, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def start_redis(self, host: str) -> None:
        folder = self.folder / host
        stack = self.running[host] = ExitStack()
        own = ("--aclfile", str(self.secrets / "redis-users" / "users.acl"), "--bind", host)
        stack.enter_context(process(str(folder / "redis.conf"), *own, log=folder / "redis.log"))

    def start_sentinel(self, host: str) -> None:
        folder, stack = self.folder / host, self.running[host]
        sentinel = (str(folder / "sentinel.conf"), "--sentinel", "--bind", host)
        stack.enter_context(process(*sentinel, log=folder / "sentinel.log"))

    def replication(self, host: str) -> dict[str, Any]:
        password = json.loads(self.secret("exporter.json"))["redis://exporter@localhost:6379"]
        with client(self.port, "exporter", password, host) as one:
            told: dict[str, Any] = one.info("replication")
        return told

    def asked(self, host: str, *words: str) -> Any:
        """What a Sentinel answers."""
        with client(self.sentinel_port, None, self.secret("sentinels"), host) as sentinel:
            return sentinel.execute_command(*words)

    def master(self, asked: str) -> str:
        return str(self.asked(asked, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")[0])

    def known(self, host: str) -> bool:
        """Whether a Sentinel knows the whole of it."""
        told = self.asked(host, "SENTINEL", "MASTER", "mymaster")
        table = told if isinstance(told, dict) else dict(zip(told[::2], told[1::2], strict=True))
        return int(table["num-slaves"]) == 2 and int(table["num-other-sentinels"]) == 2


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    secrets = written(tmp_path / "secrets", "--sentinel", REDIS_PASSWORD=OLD)
    loadable(secrets / "redis-users" / "users.acl")
    made = Nodes(tmp_path, secrets)
    try:
        yield made
    finally:
        for stack in made.running.values():
            stack.close()


def test_the_nodes_follow_a_failover_and_come_back(nodes: Nodes, tmp_path: Path) -> None:
    first, *others = HOSTS
    # At the first start nobody knows a master.
    for host in HOSTS:
        assert nodes.prepare(host) == f"the master is {first}:{nodes.port}"
    for host in HOSTS:
        nodes.start_redis(host)
    # A Sentinel looks for replicas when it begins, then only every ten seconds: here it begins last.
    eventually(lambda: nodes.replication(first).get("connected_slaves") == 2)
    for host in HOSTS:
        nodes.start_sentinel(host)
    eventually(lambda: all(nodes.known(host) for host in HOSTS))

    # A server finds its way by what it is given, but for the names.
    way = {"REDIS_SECRETS_DIR": str(nodes.secrets / "mcp-github-redis")}
    asked = {"sentinels": [(host, nodes.sentinel_port) for host in HOSTS]}
    settings = RedisSettings.load(environ=way, overrides=asked, root=tmp_path)
    diagnosis = examine(Target.of(settings), Scale(50, 6, 5.0))
    assert diagnosis.outcome in {Outcome.WELL, Outcome.FINDINGS}, diagnosis

    nodes.running.pop(first).close()
    eventually(lambda: first not in (told := {nodes.master(host) for host in others}) and len(told) == 1)
    master = nodes.master(others[0])
    eventually(lambda: nodes.replication(master)["role"] == "master")

    # The one that was lost learns who is the master now, and follows it.
    assert nodes.prepare(first) == f"the master is {master}:{nodes.port}"
    nodes.start_redis(first)
    nodes.start_sentinel(first)
    eventually(lambda: nodes.replication(first).get("master_link_status") == "up")
    assert nodes.replication(first)["master_host"] == master


def test_what_a_node_is_given_is_for_its_owner_alone(nodes: Nodes) -> None:
    nodes.prepare(HOSTS[0])
    for name in ("redis.conf", "sentinel.conf"):
        assert (nodes.folder / HOSTS[0] / name).stat().st_mode & 0o077 == 0
