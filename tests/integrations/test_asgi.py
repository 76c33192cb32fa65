"""The endpoints in ASGI applications: alone, mounted, and around another."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port
from mooring.integrations.asgi import HealthEndpoints
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.observing.health import State


@asynccontextmanager
async def visitor(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Ask an application, and close the manager in its loop."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client
    await RedisConnectionManager.instance().aclose()


def dead_url() -> str:
    return f"redis://:hunter2@127.0.0.1:{free_port()}"


async def test_a_service_that_reaches_redis_is_alive_and_ready() -> None:
    async with visitor(HealthEndpoints()) as client:
        assert (await client.get("/livez")).text == "ok\n"
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        assert answer.json()["redis"][0]["state"] == "ok"


async def test_a_service_without_redis_is_alive_and_not_ready() -> None:
    async with visitor(HealthEndpoints(url=dead_url(), timeout=0.3)) as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["redis"][0]["reason"]
        assert "hunter2" not in answer.text
        assert (await client.get("/livez")).status_code == 200


async def test_being_alive_touches_no_redis() -> None:
    async with visitor(HealthEndpoints()) as client:
        assert (await client.get("/livez")).status_code == 200
        assert RedisConnectionManager.instance().numbers() == {}


async def test_a_blip_within_the_grace_leaves_it_ready_until_the_grace_is_over() -> None:
    server = EmbeddedRedis(port=free_port())
    server.start()
    try:
        endpoints = HealthEndpoints(url=server.url, interval=0.05, timeout=0.3, grace=1.0)
        async with visitor(endpoints) as client:
            assert (await client.get("/readyz")).status_code == 200
            server.kill()
            seen: list[tuple[int, State]] = []
            while not seen or seen[-1] != (503, State.DOWN):
                answer = await client.get("/readyz")
                seen.append((answer.status_code, State(answer.json()["redis"][0]["state"])))
                await asyncio.sleep(0.02)
            assert (200, State.DOWN) in seen
            server.restart()
            while seen[-1][0] != 200:
                seen.append(((await client.get("/readyz")).status_code, State.OK))
                await asyncio.sleep(0.02)
    finally:
        server.stop()


async def test_every_named_redis_must_be_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_REDIS_URL", dead_url())
    async with visitor(HealthEndpoints(names=("default", "cache"), timeout=0.3)) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert [(one["name"], one["ready"]) for one in answer.json()["redis"]] == [("default", True), ("cache", False)]


@pytest.mark.parametrize("prefix", ["/health", "/a/b"])
async def test_it_can_be_mounted_in_fastapi_and_starlette(prefix: str) -> None:
    fastapi = FastAPI()
    fastapi.mount(prefix, HealthEndpoints())
    for app in (fastapi, Starlette(routes=[Mount(prefix, HealthEndpoints())])):
        async with visitor(app) as client:
            assert (await client.get(f"{prefix}/readyz")).status_code == 200
            assert (await client.get(f"{prefix}/nothing")).status_code == 404
            assert (await client.get("/readyz")).status_code == 404


async def test_around_an_application_it_takes_its_own_paths_only() -> None:
    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/", hello)])
    app.add_middleware(HealthEndpoints, metrics=False)
    async with visitor(app) as client:
        assert (await client.get("/")).text == "hello"
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/metrics")).status_code == 404


async def test_other_methods_are_refused_and_head_has_no_body() -> None:
    async with visitor(HealthEndpoints()) as client:
        refused = await client.post("/livez")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
        head = await client.head("/readyz")
        assert (head.status_code, head.content) == (200, b"")


PROGRAM = """
import asyncio, httpx, mooring
from mooring.integrations.asgi import HealthEndpoints
async def main():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(HealthEndpoints()), base_url="http://test") as client:
        await mooring.create_async_redis_from_config().set("key", 1)
        answer = await client.get("/metrics")
        print([line for line in answer.text.splitlines() if "duration_seconds_count" in line and '"SET"' in line][0])
    await mooring.RedisConnectionManager.instance().aclose()
asyncio.run(main())
"""


def test_metrics_are_those_of_the_process() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("mooring_redis_command_duration_seconds_count{"), done.stderr
    assert done.stdout.rstrip().endswith(" 1.0")
    assert done.stderr == ""


async def test_served_by_itself_it_begins_and_ends_with_its_server() -> None:
    sent: list[str] = []
    events = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        event = next(events)
        if event == "lifespan.shutdown":
            assert RedisConnectionManager.instance().async_monitor(interval=5.0, timeout=1.0).running
        return {"type": event}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await HealthEndpoints()({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert not RedisConnectionManager.instance().async_monitor(interval=5.0, timeout=1.0).running
    await RedisConnectionManager.instance().aclose()
