"""A measurement of real servers on a real Redis: whatever a server does is a result."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port
from mooring.errors import ProofError
from mooring.prove import Contact, Figure, Load, Measurement, Outcome, Scenario, Side, State, Verdict
from mooring.prove.compare import compare
from mooring.prove.drive import CannotStart, serve
from mooring.prove.measure import measure
from mooring.prove.meter import Meter
from mooring.prove.reasons import Redactor

from . import servers

PASSWORD = "s3sam/ö ffne@dich"
LOAD = Load(calls=3, rounds=3, concurrency=(1, 4), call_seconds=30, failing_seconds=5)


class Watcher:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def contacted(self, contact: Contact) -> None:
        self.told.append(f"{contact.service} {contact.side} {contact.state}")

    def loading(self, service: str) -> None:
        self.told.append(f"{service} loading")

    def striking(self, service: str, fault: Scenario) -> None:
        self.told.append(f"{service} {fault}")


@pytest.fixture(scope="module")
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, watcher: Watcher) -> Iterator[Measurement]:
    folder = tmp_path_factory.mktemp("fleet")
    faulty = servers.FAULTY.replace("PORT", str(free_port()))
    sources = {
        "good": servers.GOOD,
        "chatty": servers.CHATTY,
        "dead": servers.DEAD,
        "crashing": servers.CRASHING,
        "stray": servers.STRAY,
        "elsewhere": servers.ELSEWHERE,
        "refusing": servers.REFUSING,
        "mute": servers.MUTE,
        "mended": servers.GOOD,
    }
    homes = {name: servers.write_server(folder, name, source) for name, source in sources.items()}
    before = servers.write_server(folder / "before", "mended", faulty)
    greedy = servers.write_server(folder / "before", "good", servers.GREEDY)
    with ExitStack() as stack:
        lanes = [stack.enter_context(EmbeddedRedis(password=PASSWORD)) for _ in range(4)]
        launches = [servers.launch(home, lanes[index % 3]) for index, home in enumerate(homes.values())]
        launches.append(servers.launch(greedy, lanes[3], Side.BEFORE))
        launches.append(servers.launch(before, lanes[3], Side.BEFORE))
        redact = Redactor([PASSWORD], {folder: "fleet"})
        yield asyncio.run(measure(launches, LOAD, redact, watcher))


def contact(measured: Measurement, service: str, side: Side = Side.AFTER) -> Contact:
    found = measured.contact(service, side)
    assert found is not None
    return found


@pytest.mark.parametrize("service", ["good", "chatty", "mended"])
def test_a_server_that_reads_its_settings_connects(measured: Measurement, service: str) -> None:
    found = contact(measured, service)
    assert (found.state, found.reason) == (State.CONNECTS, None)
    assert found.connections >= 1


@pytest.mark.parametrize(
    ("service", "state", "reason"),
    [
        ("dead", State.DEAD, "RuntimeError: no such luck"),
        ("crashing", State.FAILS, "KeyError: the roof is on fire"),
        ("stray", State.FAILS, "answered from upstream, not from cache"),
        ("elsewhere", State.FAILS, "answers from a cache, but never opened a connection to its Redis"),
        ("mute", State.MUTE, "offers no tool lookup(key)"),
    ],
)
def test_a_server_that_does_not_is_a_result_with_its_reason(
    measured: Measurement, service: str, state: State, reason: str
) -> None:
    found = contact(measured, service)
    assert (found.state, found.reason) == (state, reason)


def test_a_server_that_ignores_its_settings_fails_with_what_it_logged(measured: Measurement) -> None:
    found = contact(measured, "mended", Side.BEFORE)
    assert found.state is State.FAILS
    assert found.connections == 0
    assert found.reason is not None
    assert found.reason.startswith("ConnectionError: Error 111 connecting to localhost:")


def test_a_secret_in_a_servers_error_is_masked(measured: Measurement) -> None:
    found = contact(measured, "refusing")
    assert found.reason is not None
    assert found.reason.startswith("no cache: redis://:***@127.0.0.1:")
    assert "s3sam" not in repr(measured)


def test_each_call_of_the_load_is_a_sample(measured: Measurement) -> None:
    own = [s for s in measured.samples if s.service == "good" and s.block.side is Side.AFTER and s.block.round]
    counted = Counter((s.block.round, s.block.scenario, s.block.concurrency) for s in own)
    assert counted == {
        (number, scenario, concurrency): calls
        for number in (1, 2, 3)
        for scenario, concurrency, calls in [
            (Scenario.HIT, 1, 3),
            (Scenario.HIT, 4, 4),
            (Scenario.MISS, 1, 1),
            (Scenario.MISS, 4, 4),
        ]
    }
    assert {s.outcome for s in own} == {Outcome.OK}
    assert all(s.seconds > 0 for s in own)


def test_a_side_that_does_not_connect_carries_no_load_and_its_failures_are_counted(measured: Measurement) -> None:
    own = [s for s in measured.samples if s.service == "mended" and s.block.side is Side.BEFORE]
    assert {s.block.round for s in own} == {0}
    assert len(own) == 5  # one at first, then four at once
    assert {s.outcome for s in own} <= {Outcome.ERROR, Outcome.TIMEOUT}
    assert not [t for t in measured.tallies if t.service == "mended" and t.side is Side.BEFORE]


def test_both_sides_take_turns_in_every_round(measured: Measurement) -> None:
    own = [t for t in measured.tallies if t.service == "good" and t.scenario is Scenario.HIT and t.concurrency == 4]
    assert [(t.round, t.side) for t in own] == [
        (1, Side.BEFORE),
        (1, Side.AFTER),
        (2, Side.AFTER),
        (2, Side.BEFORE),
        (3, Side.BEFORE),
        (3, Side.AFTER),
    ]


def test_the_redis_counts_a_connection_for_each_call_of_a_client_per_call(measured: Measurement) -> None:
    opened = {
        side: [t.connections for t in measured.tallies if t.service == "good" and t.side is side and t.round]
        for side in Side
    }
    made = [t.made for t in measured.tallies if t.service == "good" and t.side is Side.BEFORE and t.round]
    assert opened[Side.BEFORE] == made
    assert sum(opened[Side.AFTER]) < sum(made) / 2


def test_fewer_connections_are_a_verdict(measured: Measurement) -> None:
    found = next(c for c in compare(measured) if c.service == "good" and c.figure is Figure.CONNECTIONS)
    assert found.verdict is Verdict.BETTER


def test_progress_is_told_while_it_runs(measured: Measurement, watcher: Watcher) -> None:
    assert "dead after does not start" in watcher.told
    assert watcher.told.index("good after connects") < watcher.told.index("good loading")
    assert len(watcher.told) == len(measured.contacts) + 3


def processes_in(folder: Path) -> list[str]:
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/cwd") if os.path.realpath(path) == str(folder)]


async def test_a_silent_server_is_given_up_and_leaves_no_process(tmp_path: Path, secure_redis: EmbeddedRedis) -> None:
    home = servers.write_server(tmp_path, "silent", servers.SILENT)
    with pytest.raises(CannotStart) as caught:
        async with serve(servers.launch(home, secure_redis), 1.0, Redactor()):
            pass
    assert str(caught.value) == ("did not complete the MCP handshake within 1 s; last heard: waiting for a friend")
    assert processes_in(home) == []


async def test_a_call_that_is_never_answered_is_given_up(tmp_path: Path, secure_redis: EmbeddedRedis) -> None:
    home = servers.write_server(tmp_path, "hanging", servers.HANGING)
    load = Load(call_seconds=0.5, failing_seconds=0.25, concurrency=(1, 4))
    measured = await measure([servers.launch(home, secure_redis)], load, Redactor(), Watcher())
    assert (contact(measured, "hanging").state, contact(measured, "hanging").reason) == (
        State.FAILS,
        "no answer within 0.5 s",
    )
    assert [s.outcome for s in measured.samples] == [Outcome.TIMEOUT] * 5
    assert processes_in(home) == []


async def test_a_redis_that_is_gone_ends_the_measurement_with_one_clear_error(tmp_path: Path) -> None:
    home = servers.write_server(tmp_path, "good", servers.GOOD)
    with EmbeddedRedis() as server:
        launch = servers.launch(home, server)
    with pytest.raises(ProofError, match="the private Redis stopped answering"):
        await measure([launch], LOAD, Redactor(), Watcher())


async def test_a_meter_never_counts_itself(secure_redis: EmbeddedRedis) -> None:
    async with Meter(secure_redis.url) as meter:
        first = await meter.connections()
        await meter.clear()
        assert await meter.connections() == first
        with secure_redis.client() as client:
            client.ping()
        assert await meter.connections() == first + 1
