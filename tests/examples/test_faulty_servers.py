"""Eight servers of the fleet do not use the Redis that they are given; seven of them start nevertheless."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from mcp import Client

from mooring.embedded import EmbeddedRedis

Connect = Callable[..., AbstractAsyncContextManager[Client]]

FAULTY = ("billing", "catalog", "customers", "inventory", "orders", "shipping", "tickets")
CLOSED_BY_ITS_IMPORT = "notifications"


@dataclass(frozen=True)
class Sighting:
    """What was seen of one faulty server: its tools, what a lookup said, and which hosts it dialled on port 6379."""

    tools: set[str]
    source: str | None
    text: str
    dialled: set[str]


@dataclass(frozen=True)
class Sightings:
    by_server: dict[str, Sighting]
    connections_opened: int


@pytest.fixture(scope="module")
def sightings(
    over_stdio: Connect,
    environment: dict[str, str],
    secure_redis: EmbeddedRedis,
    tmp_path_factory: pytest.TempPathFactory,
) -> Sightings:
    """Run the faulty servers side by side, each in an interpreter where nothing listens on port 6379."""
    notes = tmp_path_factory.mktemp("dials")
    refusal = Path(__file__).parent / "refusal"
    by_server: dict[str, Sighting] = {}

    async def watch(name: str) -> None:
        dials = notes / name
        path = f"{refusal}:{environment['PYTHONPATH']}"
        async with over_stdio(name, PYTHONPATH=path, FLEET_DIALS=str(dials)) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            result = await client.call_tool("lookup", {"key": "item-1"})
        source = None if result.is_error else result.structured_content["source"]
        dialled = set(dials.read_text().split()) if dials.exists() else set()
        by_server[name] = Sighting(tools, source, str(result.content), dialled)

    async def watch_all() -> None:
        async with anyio.create_task_group() as group:
            for name in FAULTY:
                group.start_soon(watch, name)

    with secure_redis.client() as redis:
        before = redis.info("stats")["total_connections_received"]
        anyio.run(watch_all)
        after = redis.info("stats")["total_connections_received"]
    return Sightings(by_server, after - before)


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_server_starts_and_offers_its_tools(sightings: Sightings, name: str) -> None:
    assert "lookup" in sightings.by_server[name].tools
    assert len(sightings.by_server[name].tools) >= 2


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_server_dials_its_own_host_whatever_redis_url_says(sightings: Sightings, name: str) -> None:
    dialled = sightings.by_server[name].dialled

    assert dialled
    assert dialled <= {"127.0.0.1", "::1"}


def test_no_faulty_server_touches_the_redis_that_it_is_given(sightings: Sightings) -> None:
    assert sightings.connections_opened == 0


def test_one_faulty_server_hides_that_it_has_no_cache_and_the_others_say_so(sightings: Sightings) -> None:
    hiding = {name: sighting.source for name, sighting in sightings.by_server.items() if sighting.source is not None}

    assert hiding == {"catalog": "upstream"}
    for name in set(FAULTY) - set(hiding):
        assert "no cache" in sightings.by_server[name].text


async def test_a_faulty_server_answers_over_http_too(over_http: Connect) -> None:
    async with over_http("inventory") as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {"lookup", "stock", "reserve"}


def test_the_server_on_aioredis_does_not_start(fleet: Path, environment: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "server.py"],
        cwd=fleet / "servers" / CLOSED_BY_ITS_IMPORT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "TypeError: duplicate base class TimeoutError" in run.stderr
