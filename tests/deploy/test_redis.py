"""The redis.conf, the users and the scripts that are shipped, on a real Redis."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from mcp import Client
from redis.exceptions import AuthenticationError, NoPermissionError

from mooring.config.settings import RedisSettings
from mooring.doctor import Outcome, Scale, Target, examine
from mooring.embedded.port import free_port
from mooring.servers.app import App
from mooring.servers.freshness import META_KEY
from mooring.servers.settings import Settings

from .places import KUBERNETES, NEW, OLD, SERVERS, written
from .running import client, environ, eventually, loadable, placed, process

OPERATOR = KUBERNETES / "base" / "redis" / "operator.sh"
DANGEROUS = (
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "GET", "*"),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("SHUTDOWN",),
    ("ACL", "LIST"),
    ("ACL", "SETUSER", "mcp-github"),
    ("CLIENT", "LIST"),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("MONITOR",),
    ("REPLICAOF", "NO", "ONE"),
    ("SCRIPT", "FLUSH"),
    ("PUBLISH", "anything", "1"),
)


@dataclass(frozen=True)
class Fleet:
    """A Redis with the users of the fleet."""

    port: int
    secrets: Path

    def password(self, server: str) -> str:
        return (self.secrets / f"mcp-{server}-redis" / "REDIS_PASSWORD").read_text(encoding="utf-8")

    def client(self, server: str) -> redis.Redis:
        return client(self.port, f"mcp-{server}", self.password(server))

    def settings(self, server: str) -> RedisSettings:
        way = {"REDIS_SECRETS_DIR": str(self.secrets / f"mcp-{server}-redis")}
        return RedisSettings.load(environ=way, root=self.secrets, overrides={"host": "127.0.0.1", "port": self.port})

    def operator(self, *words: str) -> str:
        variables = environ(
            OPERATOR_PASSWORD_FILE=str(self.secrets / "redis-server" / "operator"),
            REDIS_CLI_OPTIONS=f"-p {self.port}",
        )
        command = ["sh", str(OPERATOR), *words]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False).stdout.strip()

    def give(self, phase: str, **variables: str) -> None:
        written(self.secrets, "--phase", phase, **variables)
        loadable(self.secrets / "redis-users" / "users.acl")


@contextmanager
def started(folder: Path) -> Iterator[Fleet]:
    secrets = written(folder / "secrets", REDIS_PASSWORD=OLD)
    users = loadable(secrets / "redis-users" / "users.acl")
    made = Fleet(free_port(), secrets)
    own = ("--aclfile", str(users), "--port", str(made.port), "--bind", "127.0.0.1")
    with process(str(placed(folder)), *own, log=folder / "log"):
        eventually(lambda: made.operator("ping") == "PONG")
        yield made


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with started(tmp_path_factory.mktemp("fleet")) as made:
        yield made


def test_a_server_may_do_what_the_doctor_looks_for(fleet: Fleet) -> None:
    for server in SERVERS:
        diagnosis = examine(Target.of(fleet.settings(server)), Scale(50, 6, 5.0))
        assert diagnosis.outcome is Outcome.WELL, diagnosis


async def test_a_server_works_with_its_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(tmp_path) as fleet:
        await _work(fleet, monkeypatch)


async def _work(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_SECRETS_DIR", str(fleet.secrets / "mcp-github-redis"))
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(fleet.port))
    issue = {"owner": "acme", "repo": "rocket"}
    async with Client(App.on_fake("github", Settings.load(response_budget=2_000)).mcp) as caller:
        states = []
        for _ in range(2):
            result = await caller.call_tool("get_issue", {**issue, "number": 1})
            states.append((result.meta or {})[META_KEY]["state"])
        assert states == ["miss", "hit"]
        written = await caller.call_tool("create_issue", {**issue, "title": "Leak " * 20})
        assert not written.is_error
        # Too long for one result, so that it leaves a handle.
        assert not (await caller.call_tool("list_commits", issue)).is_error
    with client(fleet.port, "exporter", _exporter(fleet)) as exporter:
        told = exporter.info("commandstats")
    refused = [name for name, stats in told.items() if stats.get("rejected_calls")]
    # The probes ask before they have given a password; older Redis do not know how a library names itself.
    assert set(refused) <= {"cmdstat_ping", "cmdstat_client|setinfo", "cmdstat_client"}
    assert {"cmdstat_mget", "cmdstat_evalsha", "cmdstat_set"} <= set(told)


@pytest.mark.parametrize("words", DANGEROUS, ids=" ".join)
def test_a_server_may_do_nothing_else(fleet: Fleet, words: tuple[str, ...]) -> None:
    with fleet.client("github") as github, pytest.raises(NoPermissionError):
        github.execute_command(*words)


def test_a_server_has_no_key_of_another(fleet: Fleet) -> None:
    with fleet.client("github") as github:
        assert github.set("mooring:cache:github:{k}", "v", px=1000)
        for key in ("mooring:cache:slack:{k}", "mooring:write:slack:k", "session"):
            with pytest.raises(NoPermissionError):
                github.get(key)
            with pytest.raises(NoPermissionError):
                github.eval("return redis.call('GET', KEYS[1])", 1, key)


def test_no_password_of_one_is_that_of_another(fleet: Fleet) -> None:
    passwords = {fleet.password(server) for server in SERVERS}
    assert len(passwords) == len(SERVERS)
    with client(fleet.port, "mcp-slack", fleet.password("github")) as wrong, pytest.raises(AuthenticationError):
        wrong.ping()


def test_who_names_no_user_gets_nowhere(fleet: Fleet) -> None:
    with client(fleet.port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    with client(fleet.port, "default", OLD) as wrong, pytest.raises(AuthenticationError):
        wrong.ping()


def test_the_exporter_sees_numbers_and_no_keys(fleet: Fleet) -> None:
    with client(fleet.port, "exporter", _exporter(fleet)) as exporter:
        told = exporter.info()
        assert told["maxmemory_policy"] == "allkeys-lru"
        assert told["maxmemory"] == 256 * 2**20
        assert told["aof_enabled"] == 1
        exporter.slowlog_get()
        exporter.execute_command("LATENCY", "LATEST")
        for words in (("GET", "mooring:doctor"), ("CONFIG", "GET", "masterauth"), ("KEYS", "*")):
            with pytest.raises(NoPermissionError):
                exporter.execute_command(*words)


def test_what_was_written_outlives_a_restart(tmp_path: Path) -> None:
    with started(tmp_path) as fleet, fleet.client("slack") as slack:
        slack.set("mooring:write:slack:k", "claimed", px=60_000)
        # The log goes to disk each second; whoever is killed has written it to the system by then.
    with started(tmp_path) as fleet, fleet.client("slack") as slack:
        assert slack.get("mooring:write:slack:k") == "claimed"


def test_a_rotation_leaves_nobody_out(tmp_path: Path) -> None:
    both = {"REDIS_PASSWORD": NEW, "REDIS_PASSWORD_PREVIOUS": OLD}
    with started(tmp_path) as fleet:
        old = fleet.password("github")

        def let_in(password: str) -> bool:
            with client(fleet.port, "mcp-github", password) as one:
                try:
                    return bool(one.ping())
                except AuthenticationError:
                    return False

        fleet.give("announce", **both)
        assert fleet.password("github") == old
        assert fleet.operator("acl", "load") == "OK"
        assert let_in(old)

        fleet.give("switch", **both)
        new = fleet.password("github")
        assert new != old
        # Before Redis has loaded anything more: the servers may have the new one at once, and the operator too.
        assert let_in(new)
        assert fleet.operator("acl", "load") == "OK"
        assert let_in(old)

        fleet.give("settle", **both)
        assert fleet.operator("acl", "load") == "OK"
        assert let_in(new)
        assert not let_in(old)
        assert fleet.operator("ping") == "PONG"


def _exporter(fleet: Fleet) -> str:
    table = json.loads((fleet.secrets / "redis-server" / "exporter.json").read_text(encoding="utf-8"))
    password: str = table["redis://exporter@localhost:6379"]
    return password
