"""What a server offers: few bytes, honest hints, only what was asked for."""

from __future__ import annotations

import pytest
from mcp import Client
from mcp_types import ListToolsResult

from mooring.errors import UsageError
from mooring.servers.app import NAMES, App
from mooring.servers.settings import Settings

_MOST_BYTES = 6_000
_TOOLS = {"github": 12, "slack": 8, "hubspot": 10, "gong": 7}


async def _listed(name: str, **settings: object) -> ListToolsResult:
    async with Client(App.on_fake(name, Settings.load(**settings)).mcp) as client:
        return await client.list_tools()


@pytest.mark.parametrize("name", NAMES)
async def test_the_list_of_tools_is_short(name: str, no_redis: None) -> None:
    listed = await _listed(name)
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True).encode()) < _MOST_BYTES
    assert len(listed.tools) == _TOOLS[name] + 1  # read_more
    assert all(tool.description and len(tool.description) < 90 for tool in listed.tools)


@pytest.mark.parametrize("name", NAMES)
async def test_every_tool_says_whether_it_writes(name: str, no_redis: None) -> None:
    for tool in (await _listed(name)).tools:
        hints = tool.annotations
        assert hints is not None and hints.open_world_hint is True
        if hints.read_only_hint:
            assert "max_age" in tool.input_schema["properties"]
        else:
            assert hints.idempotent_hint and hints.destructive_hint is False
            assert "idempotency_key" in tool.input_schema["properties"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_read_only_server_writes_nothing(name: str, no_redis: None) -> None:
    listed = await _listed(name, read_only=True)
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in listed.tools)
    assert (len(listed.tools) < _TOOLS[name] + 1) == (name != "gong")  # where all tools read


async def test_a_read_only_server_refuses_a_write_that_is_called_all_the_same(no_redis: None) -> None:
    async with Client(App.on_fake("github", Settings.load(read_only=True)).mcp) as client:
        result = await client.call_tool("create_issue", {"owner": "acme", "repo": "rocket", "title": "A leak"})
    assert result.is_error


async def test_toolsets_choose_groups(no_redis: None) -> None:
    names = {tool.name for tool in (await _listed("github", toolsets="issues, search")).tools}
    assert names == {
        "list_issues", "get_issue", "create_issue", "add_issue_comment", "search_code", "search_issues", "read_more",
    }  # fmt: skip


def test_an_unknown_toolset_is_told_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'deals' is unknown: give some of repos, issues, pulls, search"):
        App("github", Settings.load(toolsets="deals"), environ={})


async def test_the_list_may_be_kept_by_clients(no_redis: None) -> None:
    assert (await _listed("github")).ttl_ms == 3_600_000
