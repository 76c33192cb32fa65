"""Sentinels and Clusters, well and ailing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mooring.doctor import Diagnosis, Outcome
from mooring.doctor.cluster import judge, read_nodes
from mooring.doctor.sentinel import agreement
from mooring.embedded import ClusterTrio, EmbeddedRedis, SentinelTrio
from mooring.embedded.deadline import comes_true
from mooring.embedded.port import free_port

from .examining import codes, examined, found, look

PASSWORD = "hunter2"


@pytest.fixture(scope="module")
def sentinel_trio() -> Iterator[SentinelTrio]:
    with SentinelTrio(password=PASSWORD, down_after=0.5) as trio:
        yield trio


@pytest.fixture(scope="module")
def cluster_trio() -> Iterator[ClusterTrio]:
    with ClusterTrio(password=PASSWORD) as trio:
        yield trio


def through(sentinels: list[tuple[str, int]], master: str = "mymaster", **given: str) -> Diagnosis:
    return examined(
        sentinels=tuple(sentinels), sentinel_master=master, password=given.get("password", PASSWORD), timeout=2.0
    )


def test_sentinels_lead_to_the_master(sentinel_trio: SentinelTrio) -> None:
    diagnosis = through(sentinel_trio.sentinels)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.WELL, [])
    address = f"127.0.0.1:{sentinel_trio.master.port}"
    assert look(diagnosis, "sentinels").facts == {"master": address}
    assert diagnosis.steps[-1].endpoint == address
    facts = look(diagnosis, "sentinel").facts
    assert (facts["quorum"], facts["sentinels"], facts["replicas"]) == (2, 3, 1)


def test_a_dead_sentinel_is_a_warning_while_another_answers(sentinel_trio: SentinelTrio) -> None:
    diagnosis = through([("127.0.0.1", free_port()), *sentinel_trio.sentinels])
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.FINDINGS, ["tcp-refused"])


def test_dead_sentinels_alone_are_an_error() -> None:
    diagnosis = through([("127.0.0.1", free_port()), ("127.0.0.1", free_port())])
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.TCP, ["tcp-refused", "tcp-refused"])


def test_a_master_that_no_sentinel_knows_is_told_with_those_they_do(sentinel_trio: SentinelTrio) -> None:
    diagnosis = through(sentinel_trio.sentinels[:1], master="other")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.STATE, ["sentinel-unknown-master"])
    assert "mymaster" in found(diagnosis, "sentinel-unknown-master").message


def test_a_server_is_no_sentinel(redis_server: EmbeddedRedis) -> None:
    diagnosis = through([(redis_server.host, redis_server.port)])
    assert codes(diagnosis) == ["sentinel-not-one"]


def test_a_sentinel_is_no_server(sentinel_trio: SentinelTrio) -> None:
    host, port = sentinel_trio.sentinels[0]
    diagnosis = examined(f"redis://{host}:{port}")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.STATE, ["sentinel-unexpected"])
    assert "mymaster" in found(diagnosis, "sentinel-unexpected").message


def test_a_master_that_is_down_and_cannot_be_replaced_is_told() -> None:
    with SentinelTrio(replicas=0, down_after=0.3) as trio:
        trio.sentinel_nodes[1].kill()
        trio.sentinel_nodes[2].kill()
        trio.master.kill()

        def down() -> bool:
            with trio.sentinel_nodes[0].client(decode_responses=True) as client:
                told = client.execute_command("SENTINEL", "MASTER", "mymaster")
            flags = told["flags"] if isinstance(told, dict) else told[told.index("flags") + 1]
            return "s_down" in flags

        assert comes_true(down, 20)
        assert comes_true(lambda: "sentinel-no-quorum" in codes(through(trio.sentinels[:1])), 20)
        diagnosis = through(trio.sentinels[:1])
    assert diagnosis.outcome is Outcome.STATE
    assert codes(diagnosis) == [
        "sentinel-master-down",
        "sentinel-no-quorum",
        "sentinel-no-replica",
        "tcp-refused",
    ]


def test_sentinels_that_disagree_are_told() -> None:
    (finding,) = agreement({"a:26379": "10.0.0.1:6379", "b:26379": "10.0.0.2:6379"})
    assert finding.code == "sentinel-disagreement"
    assert not agreement({"a:26379": "10.0.0.1:6379", "b:26379": "10.0.0.1:6379"})


def test_a_cluster_that_serves_all_slots_is_well(cluster_trio: ClusterTrio) -> None:
    diagnosis = examined(cluster_nodes=tuple(cluster_trio.startup_nodes), password=PASSWORD)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.WELL, [])
    facts = look(diagnosis, "cluster").facts
    assert (facts["state"], facts["slots_served"], facts["masters"]) == ("ok", 16_384, 3)
    assert found(diagnosis, "cluster-no-replica")
    assert look(diagnosis, "server").facts["mode"] == "cluster"


def test_another_node_answers_for_one_that_is_dead(cluster_trio: ClusterTrio) -> None:
    nodes = (("127.0.0.1", free_port()), *cluster_trio.startup_nodes)
    diagnosis = examined(cluster_nodes=nodes, password=PASSWORD)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.FINDINGS, ["tcp-refused"])


def test_a_node_of_a_cluster_is_more_than_a_server(cluster_trio: ClusterTrio) -> None:
    diagnosis = examined(cluster_trio.nodes[0].url)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.FINDINGS, ["cluster-unexpected"])


def test_a_server_is_no_cluster(secure_redis: EmbeddedRedis) -> None:
    nodes = ((secure_redis.host, secure_redis.port),)
    diagnosis = examined(cluster_nodes=nodes, password=secure_redis.password)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.STATE, ["cluster-disabled"])


def test_a_cluster_that_lost_a_master_is_down() -> None:
    with ClusterTrio(password=PASSWORD) as trio:
        lost = trio.nodes[2]
        lost.kill()

        def noticed() -> bool:
            with trio.nodes[0].client() as client:
                return b"cluster_state:fail" in client.execute_command("CLUSTER", "INFO")

        assert comes_true(noticed, 30)
        diagnosis = examined(cluster_nodes=tuple(trio.startup_nodes[:1]), password=PASSWORD)
    assert diagnosis.outcome is Outcome.STATE
    assert codes(diagnosis) == ["cluster-down", "cluster-node-failed"]
    assert look(diagnosis, "cluster").facts["failed_nodes"] == [f"127.0.0.1:{lost.port}"]


def test_slots_and_followers_are_counted_from_the_list_of_nodes() -> None:
    text = (
        "aa 10.0.0.1:6379@16379,host-a master - 0 1 1 connected 0-99 200 [300->-bb]\n"
        "bb 10.0.0.2:6379@16379 myself,master - 0 1 2 connected 100-199\n"
        "cc 10.0.0.3:6379@16379 slave aa 0 1 1 connected\n"
        "dd 10.0.0.4:6379@16379 slave,fail bb 0 1 1 disconnected\n"
    )
    nodes = read_nodes(text)
    assert [node.slots for node in nodes] == [101, 100, 0, 0]
    seen = judge({"cluster_state": "ok", "cluster_slots_ok": "16384"}, nodes, expected=True)
    assert seen.facts["masters_without_replica"] == ["10.0.0.2:6379"]
    assert seen.facts["failed_nodes"] == ["10.0.0.4:6379"]
