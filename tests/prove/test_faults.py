"""Faults strike a real Redis while a real server is asked, and what they did is in the samples."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.prove import (
    FAULTS,
    Contact,
    Door,
    Figure,
    Load,
    Measurement,
    Outcome,
    Request,
    Scenario,
    Side,
    State,
    Verdict,
)
from mooring.prove.compare import compare
from mooring.prove.driver import Record
from mooring.prove.environment import Address
from mooring.prove.measure import measure
from mooring.prove.reasons import Redactor
from mooring.prove.relay import Relay
from mooring.prove.scenarios import Launch
from mooring.prove.strikes import Berth
from mooring.prove.trouble import trouble

from . import servers
from .test_doors import CACHE

LOAD = Load(rounds=1, faults=FAULTS, fault_seconds=0.8, call_seconds=2)


def moved(launch: Launch, address: Address, file: Path | None) -> Launch:
    assert file is None or file.read_text() == address.password
    return replace(launch, env={**launch.env, "REDIS_URL": address.url()}, redis_url=address.url())


async def struck(folder: Path, fault: Scenario, redis: EmbeddedRedis) -> Measurement:
    record = Record()
    home = servers.write_server(folder, "good", servers.GOOD)
    await trouble(servers.launch(home, redis), fault, 1, LOAD, Redactor(), record, moved)
    contact = Contact("good", Side.AFTER, State.CONNECTS, 0.5, 1)
    return Measurement((contact,), tuple(record.samples), tuple(record.tallies))


async def test_a_lost_password_fails_every_call_from_then_on(tmp_path: Path, secure_redis: EmbeddedRedis) -> None:
    found = await struck(tmp_path, Scenario.ROTATION, secure_redis)
    (tally,) = found.tallies
    assert tally.struck is not None and tally.back is not None and tally.made == len(found.samples)
    ended_before = [s.outcome for s in found.samples if s.start + s.seconds < tally.struck]
    began_later = [s.outcome for s in found.samples if s.start > tally.back]
    assert set(ended_before) == {Outcome.OK}
    assert began_later and Outcome.OK not in began_later
    failures, outage = (c for c in compare(found) if c.scenario is Scenario.ROTATION)
    assert (failures.figure, outage.figure) == (Figure.FAILURES, Figure.OUTAGE)
    assert failures.before is None and (failures.after or 0) >= len(began_later)
    assert (outage.after or 0) > 0.6
    assert outage.verdict is Verdict.UNMEASURED


async def test_a_demoted_master_is_told_by_its_calls(tmp_path: Path, secure_redis: EmbeddedRedis) -> None:
    found = await struck(tmp_path, Scenario.FAILOVER, secure_redis)
    reasons = " ".join(sample.reason or "" for sample in found.samples)
    assert "read only replica" in reasons


async def test_a_server_that_does_not_start_is_tallied_as_such(tmp_path: Path, secure_redis: EmbeddedRedis) -> None:
    record = Record()
    home = servers.write_server(tmp_path, "dead", servers.DEAD)
    await trouble(servers.launch(home, secure_redis), Scenario.RESTART, 1, LOAD, Redactor(), record, moved)
    (tally,) = record.tallies
    assert (tally.made, tally.struck, tally.cut) == (0, None, "did not start: RuntimeError: no such luck")


class Watcher:
    """Remembers what was struck."""

    def __init__(self) -> None:
        self.struck: list[str] = []

    def contacted(self, contact: Contact) -> None: ...

    def loading(self, service: str) -> None: ...

    def striking(self, service: str, fault: Scenario) -> None:
        self.struck.append(f"{service} {fault}")


async def test_two_services_are_struck_at_once_and_only_those_that_connect(
    tmp_path: Path, secure_redis: EmbeddedRedis
) -> None:
    launches = []
    for name, source in (("one", CACHE), ("two", CACHE), ("dead", servers.DEAD)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cache.py").write_text(source)
        own = servers.launch(tmp_path / name, secure_redis)
        launches.append(replace(own, request=Request(Door.FUNCTION, "cache:read", {"key": "{key}"}, "source")))
    load = replace(
        LOAD, calls=1, concurrency=(1,), scenarios=(), faults=(Scenario.RESTART,), fault_on=("one", "two", "dead")
    )
    watcher = Watcher()
    found = await measure(launches, load, Redactor(), watcher, moved)
    assert watcher.struck == ["one restart", "two restart"]
    one, two = (tally for tally in found.tallies if tally.scenario is Scenario.RESTART)
    assert {one.service, two.service} == {"one", "two"}
    assert one.struck is not None and two.struck is not None
    assert abs(one.struck - two.struck) < min(one.seconds, two.seconds)


@pytest.mark.parametrize("fault", [Scenario.RESTART, Scenario.FAILOVER, Scenario.ROTATION])
def test_the_address_of_a_struck_redis_answers_again(tmp_path: Path, fault: Scenario) -> None:
    import redis

    file = tmp_path / "password"
    with Berth(fault, file) as berth:
        address = berth.address
        berth.strike()
        password = file.read_text()
        assert (password == address.password) is (fault is not Scenario.ROTATION)
        assert password in berth.passwords
        with redis.Redis(host=address.host, port=address.port, password=password) as client:
            assert client.set("key", "value")
    assert not file.exists()


def test_a_relay_keeps_old_connections_and_sends_new_ones_elsewhere() -> None:
    with (
        EmbeddedRedis() as one,
        EmbeddedRedis() as other,
        Relay(one.port) as relay,
        socket.create_connection(("127.0.0.1", relay.port)) as early,
    ):
        early.sendall(b"SET place one\r\n")
        assert early.recv(64) == b"+OK\r\n"
        relay.target = other.port
        with socket.create_connection(("127.0.0.1", relay.port)) as late:
            late.sendall(b"GET place\r\n")
            assert late.recv(64) == b"$-1\r\n"
        early.sendall(b"GET place\r\n")
        assert early.recv(64) == b"$3\r\none\r\n"
