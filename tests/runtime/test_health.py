"""Health is judged from a look and the pool's numbers, and lasts through a blip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import redis

from mooring.embedded import EmbeddedRedis
from mooring.embedded.cluster import ClusterTrio
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.observing.health import Look, State, begin, judge, read_cluster, read_replication, told
from mooring.runtime.observing.probe import look

WELL = Look(at=100.0, round_trip=0.001, role="master")
MISSED = Look(at=105.0, error="ConnectionError: refused")


def test_nobody_is_ready_before_the_first_look() -> None:
    health = begin("default", 100.0)
    assert health.state is State.DOWN
    assert not health.ready(100.0, grace=60.0)


def test_a_blip_leaves_a_service_ready_for_the_grace_and_no_longer() -> None:
    well = judge(begin("default", 99.0), WELL, None)
    blip = judge(well, MISSED, None)
    assert (well.state, blip.state) == (State.OK, State.DOWN)
    assert blip.ready(110.0, grace=10.0)
    assert not blip.ready(110.1, grace=10.0)


def test_a_redis_that_was_never_reached_has_no_grace() -> None:
    assert not judge(begin("default", 99.0), MISSED, None).ready(105.0, grace=60.0)


def test_since_is_when_the_state_began_and_the_last_error_stays() -> None:
    health = begin("default", 90.0)
    seen = []
    for at, error in ((100.0, None), (101.0, None), (102.0, "lost"), (103.0, "lost"), (104.0, None)):
        health = judge(health, replace(WELL, at=at, error=error), None)
        seen.append((health.state.value, health.since, health.last_error))
    assert seen == [
        ("ok", 100.0, None),
        ("ok", 100.0, None),
        ("down", 102.0, "lost"),
        ("down", 102.0, "lost"),
        ("ok", 104.0, "lost"),
    ]


@pytest.mark.parametrize(
    ("seen", "pool", "words"),
    [
        (replace(WELL, round_trip=0.3), None, "round trip"),
        (replace(WELL, role="replica", lag=60.0), None, "lags by 60 s"),
        (replace(WELL, complaint="a replica whose link to its master is down"), None, "link"),
        (WELL, PoolNumbers(size=50, in_use=50, waiting=3, max_connections=50), "callers wait"),
    ],
)
def test_what_works_badly_is_degraded_with_its_reason(seen: Look, pool: PoolNumbers | None, words: str) -> None:
    health = judge(begin("default", 99.0), seen, pool)
    assert health.state is State.DEGRADED
    assert words in health.reason
    assert health.ready(100.0, grace=0.0)


def test_a_full_pool_without_callers_in_line_is_well() -> None:
    pool = PoolNumbers(size=50, in_use=50, max_connections=50)
    assert judge(begin("default", 99.0), WELL, pool).state is State.OK


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"role": "master", "connected_slaves": 0}, {"role": "master", "lag": None}),
        (
            {"role": "master", "slave0": {"lag": 1}, "slave1": {"lag": 7}, "slave_repl_offset": 12},
            {"role": "master", "lag": 7.0},
        ),
        (
            {"role": "slave", "master_link_status": "up", "master_last_io_seconds_ago": 3},
            {"role": "replica", "lag": 3.0, "complaint": None},
        ),
        (
            {"role": "slave", "master_link_status": "down", "master_last_io_seconds_ago": -1},
            {"role": "replica", "lag": None, "complaint": "a replica whose link to its master is down"},
        ),
    ],
)
def test_the_role_and_the_lag_are_read_from_info(info: dict[str, Any], expected: dict[str, Any]) -> None:
    assert read_replication(info) == expected


def test_a_cluster_with_slots_that_nobody_serves_is_down() -> None:
    assert "error" in read_cluster({"cluster_state": "fail"})
    assert read_cluster({"cluster_state": "ok"}) == {"role": "cluster", "complaint": None}
    assert "7 slots" in read_cluster({"cluster_state": "ok", "cluster_slots_pfail": "7"})["complaint"]


def test_what_a_server_quotes_is_not_told() -> None:
    quoting = redis.ResponseError("unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'hunter2'")
    assert "hunter2" not in told(quoting)
    assert told(redis.exceptions.NoPermissionError("NOPERM this user has no rights")) == "NoPermissionError: NOPERM"
    assert told(redis.ConnectionError("Connection refused")) == "ConnectionError: Connection refused"
    assert told(ValueError("token hunter2 has expired")) == "ValueError"


def test_a_user_without_the_right_to_info_can_still_look(redis_server: EmbeddedRedis) -> None:
    with redis_server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "narrow", "on", ">pw", "+ping")
        try:
            with redis.Redis(port=redis_server.port, username="narrow", password="pw", protocol=2) as client:
                seen = look(client)
        finally:
            admin.execute_command("ACL", "DELUSER", "narrow")
    assert (seen.error, seen.role) == (None, None)
    assert seen.round_trip is not None


async def test_a_cluster_is_looked_at_as_a_whole() -> None:
    with ClusterTrio() as trio:
        url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in trio.nodes)
        async with RedisConnectionManager() as manager:
            for health in (manager.health(url=url), await manager.ahealth(url=url)):
                assert (health.state, health.role, health.reason) == (State.OK, "cluster", "commands work")


def test_a_replica_tells_its_lag_and_the_loss_of_its_master(redis_server: EmbeddedRedis) -> None:
    with EmbeddedRedis() as master, EmbeddedRedis() as replica, replica.client() as client:
        client.replicaof("127.0.0.1", master.port)
        for _ in range(20_000):
            if client.info("replication")["master_link_status"] == "up":
                break
        seen = look(client)
        assert (seen.role, seen.complaint) == ("replica", None)
        assert seen.lag is not None
        master.kill()
        for _ in range(20_000):
            if client.info("replication")["master_link_status"] == "down":
                break
        assert judge(begin("default", 0.0), look(client), None).state is State.DEGRADED
