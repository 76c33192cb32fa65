"""What the doctor thinks of the state of real servers, and of what servers tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from mooring.doctor import Finding, Look, Outcome, state
from mooring.doctor.knowledge import Knowledge, fields
from mooring.embedded import EmbeddedRedis
from mooring.embedded.deadline import comes_true
from mooring.embedded.port import free_port

from . import fronts
from .examining import codes, examined, found, look

PASSWORD = "hunter2"
MEMORY = {"used_memory": "950", "maxmemory": "1000", "maxmemory_policy": "noeviction"}


@pytest.fixture
def pair() -> Iterator[tuple[EmbeddedRedis, EmbeddedRedis]]:
    """A master and its replica, in step."""
    with ExitStack() as stack:
        master = stack.enter_context(EmbeddedRedis(password=PASSWORD))
        settings = {"replicaof": f"127.0.0.1 {master.port}"}
        replica = stack.enter_context(EmbeddedRedis(password=PASSWORD, settings=settings))

        def in_step() -> bool:
            with master.client() as client, replica.client() as follower:
                seen = client.info("replication").get("slave0", {}).get("state")
                return bool(seen == "online" and follower.info("replication")["master_link_status"] == "up")

        assert comes_true(in_step, 20)
        yield master, replica


def only(seen: Look) -> Finding:
    (finding,) = seen.findings
    return finding


def test_a_well_server_is_told_in_full(secure_redis: EmbeddedRedis) -> None:
    diagnosis = examined(secure_redis.url)
    assert look(diagnosis, "server").facts == {"server": "Redis", "version": secure_redis.version, "mode": "standalone"}
    assert look(diagnosis, "replication").summary == "master, replicas: 0"
    assert look(diagnosis, "writes").facts == {"writable": True}
    assert look(diagnosis, "exposure").facts == {"open": False, "protected_mode": "yes"}
    assert look(diagnosis, "ping").facts["pings"] == 100
    assert [step.name for step in diagnosis.steps] == [
        *("dns", "tcp", "auth", "rights", "ping", "server", "replication", "clients", "memory", "persistence"),
        *("writes", "exposure"),
    ]


@pytest.mark.parametrize(
    ("reply", "code", "outcome"),
    [
        ("LOADING Redis is loading the dataset in memory", "server-loading", Outcome.STATE),
        ("BUSY Redis is busy running a script.", "server-busy", Outcome.STATE),
        ("MASTERDOWN Link with MASTER is down", "replica-link-down", Outcome.STATE),
        ("ERR max number of clients reached", "clients-full", Outcome.STATE),
        ("ERR something else", "server-error", Outcome.STATE),
    ],
)
def test_a_server_that_is_not_ready_says_why(reply: str, code: str, outcome: Outcome) -> None:
    with fronts.answering(f"-{reply}") as port:
        diagnosis = examined(f"redis://127.0.0.1:{port}")
    assert (diagnosis.outcome, codes(diagnosis)) == (outcome, [code])


def test_a_server_with_no_room_for_a_client_says_so() -> None:
    with EmbeddedRedis(settings={"maxclients": "1"}) as server, server.client() as client:
        client.ping()
        diagnosis = examined(server.url)
    assert codes(diagnosis) == ["clients-full"]


def test_a_replica_is_told_with_its_master(pair: tuple[EmbeddedRedis, EmbeddedRedis]) -> None:
    master, replica = pair
    diagnosis = examined(replica.url)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.STATE, ["server-readonly"])
    assert look(diagnosis, "replication").facts == {
        "role": "replica",
        "master": f"127.0.0.1:{master.port}",
        "link": "up",
    }
    told = look(examined(master.url), "replication")
    assert told.facts == {"role": "master", "replicas": 1, "replicas_not_online": []}


def test_a_replica_that_lost_its_master_is_told() -> None:
    settings = {"replicaof": f"127.0.0.1 {free_port()}"}
    with EmbeddedRedis(password=PASSWORD, settings=settings) as replica:
        diagnosis = examined(replica.url)
        # A user with no leave to ask for INFO gets the role at least.
        with replica.client() as client:
            client.execute_command("ACL", "SETUSER", "app", "on", f">{PASSWORD}", "+@all", "-info", "~*", "&*")
        partial = examined(f"redis://app:{PASSWORD}@127.0.0.1:{replica.port}")
    assert codes(diagnosis) == ["replica-link-down", "server-readonly"]
    assert codes(partial) == ["server-readonly"]


def test_a_server_full_to_its_limit_refuses_writes() -> None:
    with EmbeddedRedis(password=PASSWORD, settings={"maxmemory": "1mb"}) as server:
        with server.client() as client:
            client.config_set("maxmemory", 100_000)
        diagnosis = examined(server.url)
        with server.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("maxmemory", 100_000_000)
        evicting = examined(server.url)
    assert diagnosis.outcome is Outcome.STATE
    assert codes(diagnosis) == ["memory-nearly-full", "memory-full"]
    assert look(diagnosis, "writes").facts == {"writable": False}
    assert codes(evicting) == []


def test_a_server_that_misses_replicas_refuses_writes() -> None:
    with EmbeddedRedis(password=PASSWORD, settings={"min-replicas-to-write": "1"}) as server:
        diagnosis = examined(server.url)
    assert codes(diagnosis) == ["too-few-replicas"]


def test_a_server_without_info_is_told_by_its_greeting() -> None:
    with EmbeddedRedis(password=PASSWORD) as server:
        with server.client() as client:
            rights = ("+@all", "-info", "-config", "~*", "&*")
            client.execute_command("ACL", "SETUSER", "app", "on", f">{PASSWORD}", *rights)
        diagnosis = examined(f"redis://app:{PASSWORD}@127.0.0.1:{server.port}")
    assert look(diagnosis, "server").summary == f"Redis {server.version}, standalone"
    assert look(diagnosis, "replication").summary == "master, replicas: 0"
    assert look(diagnosis, "memory").summary == "not told"
    assert found(diagnosis, "info-unavailable")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("MISCONF Redis is configured to save RDB snapshots, but", "writes-stopped"),
        ("CLUSTERDOWN Hash slot not served", "cluster-down"),
        ("READONLY You can't write against a read only replica.", "server-readonly"),
    ],
)
def test_a_write_that_would_be_refused_is_told(reply: str, code: str) -> None:
    with fronts.answering("+OK", SET=f"-{reply}", ACL="-ERR unknown command", CONFIG="-ERR no", INFO="-ERR no") as port:
        diagnosis = examined(f"redis://127.0.0.1:{port}")
    assert (diagnosis.outcome, found(diagnosis, code).outcome) == (Outcome.STATE, Outcome.STATE)


def test_the_pool_of_every_replica_needs_room(secure_redis: EmbeddedRedis) -> None:
    assert codes(examined(secure_redis.url, pool=100, replicas=50)) == []
    diagnosis = examined(secure_redis.url, pool=1000, replicas=50)
    assert codes(diagnosis) == ["clients-over-limit"]
    assert look(diagnosis, "clients").facts["wanted"] == 50_000


@pytest.mark.parametrize(
    ("connected", "pool", "code"),
    [("10", 90, None), ("11", 90, "clients-near-limit"), ("0", 101, "clients-over-limit")],
)
def test_connections_in_use_count(connected: str, pool: int, code: str | None) -> None:
    seen = state.clients(Knowledge({"connected_clients": connected}, {"maxclients": "100"}), pool, 1)
    assert [finding.code for finding in seen.findings] == ([code] if code else [])


def test_a_limit_that_is_not_told_is_no_finding() -> None:
    seen = state.clients(Knowledge({}), 50, 3)
    assert (seen.findings, seen.facts["wanted"]) == ((), 150)


@pytest.mark.parametrize(
    ("changed", "code", "outcome"),
    [
        ({}, "memory-nearly-full", Outcome.FINDINGS),
        ({"used_memory": "100"}, "memory-noeviction", Outcome.WELL),
        ({"maxmemory": "0"}, "memory-unlimited", Outcome.WELL),
    ],
)
def test_memory_is_judged_by_what_happens_when_it_is_full(
    changed: Mapping[str, str], code: str, outcome: Outcome
) -> None:
    finding = only(state.memory(Knowledge({**MEMORY, **changed})))
    assert (finding.code, finding.outcome) == (code, outcome)


def test_a_server_that_evicts_is_never_full() -> None:
    assert not state.memory(Knowledge({**MEMORY, "maxmemory_policy": "allkeys-lru"})).findings


@pytest.mark.parametrize(
    ("info", "config", "code"),
    [
        ({"rdb_last_bgsave_status": "err"}, {"save": "60 1"}, "save-failed"),
        ({"rdb_last_bgsave_status": "ok", "aof_enabled": "0"}, {"save": ""}, "persistence-off"),
        (
            {"rdb_last_bgsave_status": "ok", "aof_enabled": "1", "aof_last_write_status": "err"},
            {"save": ""},
            "aof-failed",
        ),
    ],
)
def test_what_does_not_outlive_a_restart_is_told(info: Mapping[str, str], config: Mapping[str, str], code: str) -> None:
    assert only(state.persistence(Knowledge(info, config))).code == code


def test_an_append_only_file_outlives_a_restart() -> None:
    with EmbeddedRedis(password=PASSWORD, settings={"appendonly": "yes"}) as server:
        told = look(examined(server.url), "persistence")
    assert (told.facts, told.findings) == ({"aof": True, "snapshots": False}, ())


def test_valkey_goes_by_its_own_name_and_version() -> None:
    info = fields("# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n")
    assert state.identity(Knowledge(info)).facts == {"server": "Valkey", "version": "8.1.0", "mode": "not told"}


def test_a_replica_out_of_step_is_a_warning() -> None:
    info = {"role": "master", "connected_slaves": "1", "slave0": "ip=10.0.0.9,port=6379,state=wait_bgsave,lag=0"}
    finding = only(state.replication(Knowledge(info)))
    assert (finding.code, finding.outcome) == ("replica-late", Outcome.FINDINGS)
    assert "10.0.0.9:6379" in finding.message
