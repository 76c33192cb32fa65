"""The lifespan opens, warms up and closes, and a Redis that is down stops an application only if it is required."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis
from starlette.applications import Starlette

from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port
from mooring.errors import ManagerClosed
from mooring.integrations.lifespan import redis_lifespan
from mooring.runtime.manager import RedisConnectionManager


async def test_the_client_is_in_the_state_and_its_connection_open() -> None:
    manager = RedisConnectionManager.instance()
    async with redis_lifespan()(Starlette()) as state:
        assert [numbers.size + numbers.lanes for numbers in manager.numbers().values()] == [1]
        assert await state["redis"].ping()
    with pytest.raises(ManagerClosed):
        manager.client()


async def test_each_name_has_a_client(monkeypatch: pytest.MonkeyPatch, redis_server: EmbeddedRedis) -> None:
    monkeypatch.setenv("PAGE_CACHE_REDIS_URL", redis_server.url)
    async with redis_lifespan("default", "page-cache")(Starlette()) as state:
        assert set(state) == {"redis", "page_cache_redis"}


async def test_a_lifespan_of_ones_own_runs_inside() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def own(app: Any) -> AsyncIterator[dict[str, Any]]:
        seen.append("open")
        yield {"mine": 1}
        await RedisConnectionManager.instance().async_client().ping()
        seen.append("closed, with Redis still open")

    async with redis_lifespan(inner=own)(Starlette()) as state:
        assert state["mine"] == 1
        assert "redis" in state
    assert seen == ["open", "closed, with Redis still open"]


async def test_without_an_answer_it_starts_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    url = f"redis://:hunter2@127.0.0.1:{free_port()}"
    with caplog.at_level(logging.WARNING, "mooring"):
        async with redis_lifespan(url=url, timeout=0.3)(Starlette()) as state:
            assert "redis" in state
    assert "does not answer at the start" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_required_redis_stops_the_start() -> None:
    lifespan = redis_lifespan(url=f"redis://127.0.0.1:{free_port()}", timeout=0.3, required=True)
    with pytest.raises((redis.RedisError, TimeoutError)):
        async with lifespan(Starlette()):
            raise AssertionError("it started")
