"""Four servers of the fleet use the Redis that they are given, over both transports."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from mcp import Client

from mooring.embedded import EmbeddedRedis

Connect = Callable[..., AbstractAsyncContextManager[Client]]

RIGHT = ("analytics", "identity", "pricing", "search")


async def answer(client: Client, tool: str, **arguments: object) -> Any:
    """What a tool answers, taken out of the envelope that the SDK puts around plain values."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    content = result.structured_content
    return content["result"] if isinstance(content, dict) and set(content) == {"result"} else content


@pytest.mark.parametrize("name", RIGHT)
async def test_a_right_server_asks_upstream_once_and_redis_after(
    over_stdio: Connect, name: str, secure_redis: EmbeddedRedis
) -> None:
    async with over_stdio(name) as client:
        assert "lookup" in {tool.name for tool in (await client.list_tools()).tools}
        first = await answer(client, "lookup", key="item-1")
        second = await answer(client, "lookup", key="item-1")

    assert (first["source"], second["source"]) == ("upstream", "cache")
    assert first["value"] == second["value"]
    with secure_redis.client(decode_responses=True) as redis:
        [key] = redis.keys("*item-1*")
        assert key.startswith(f"{name}:")
        assert redis.ttl(key) > 0


async def test_a_right_server_answers_the_same_over_http(over_http: Connect, secure_redis: EmbeddedRedis) -> None:
    async with over_http("search") as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {"lookup", "search", "trending"}
        sources = [(await answer(client, "lookup", key="item-1"))["source"] for _ in range(2)]

    assert sources == ["upstream", "cache"]


async def test_analytics_counts_events(over_stdio: Connect, secure_redis: EmbeddedRedis) -> None:
    async with over_stdio("analytics") as client:
        counts = [await answer(client, "count_event", name="sessions") for _ in range(2)]
        metric = await answer(client, "metric", name="sessions")

    assert counts == [1, 2]
    assert metric["events"] == 2


async def test_identity_opens_sessions_that_say_whose_they_are(
    over_stdio: Connect, secure_redis: EmbeddedRedis
) -> None:
    async with over_stdio("identity") as client:
        token = await answer(client, "open_session", user_id="ann-lee")
        user = await answer(client, "whoami", token=token)
        stranger = await client.call_tool("whoami", {"token": "made-up"})

    assert user["name"] == "Ann Lee"
    assert stranger.is_error


async def test_pricing_takes_markdowns_off_up_to_half(over_stdio: Connect, secure_redis: EmbeddedRedis) -> None:
    async with over_stdio("pricing") as client:
        full = await answer(client, "quote", skus=["ABC-0001"])
        off = [await answer(client, "mark_down", sku="ABC-0001", percent=30) for _ in range(2)]
        half = await answer(client, "quote", skus=["ABC-0001"])

    assert off == [30, 50]
    assert half["total_cents"] == full["total_cents"] // 2


async def test_search_remembers_what_is_searched_for_most(over_stdio: Connect, secure_redis: EmbeddedRedis) -> None:
    async with over_stdio("search") as client:
        for query in ("boots", "tent", "boots"):
            await answer(client, "search", query=query)
        trending = await answer(client, "trending")

    assert trending == ["boots", "tent"]


async def test_what_upstream_refuses_is_told_and_not_cached(over_stdio: Connect, secure_redis: EmbeddedRedis) -> None:
    async with over_stdio("search") as client:
        absent = await client.call_tool("lookup", {"key": "absent-1"})

    assert absent.is_error
    assert "does not exist" in str(absent.content)
    with secure_redis.client() as redis:
        assert redis.dbsize() == 0
