"""Long results are cut by rule, and can be read whole."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.trimming import as_json, fitted, sliced

from .replicas import called, replica

_FILE = {"owner": "acme", "repo": "rocket", "path": "big.txt"}
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=30)
@given(st.dictionaries(st.text(), _JSON))
def test_what_fits_is_left_as_it_is(value: dict[str, Any]) -> None:
    assert fitted(value, as_json(value), 1_000_000) is value


@settings(max_examples=50)
@given(st.lists(st.text(max_size=500), min_size=1, max_size=200))
def test_texts_in_a_list_always_fit_after_cutting(texts: list[str]) -> None:
    value = {"items": texts}
    cut = fitted(value, as_json(value), 2_000)
    assert len(as_json(cut).encode()) <= 2_000
    assert (cut is not value) == (len(as_json(value).encode()) > 2_000)


def test_a_long_text_is_clipped_before_a_list_loses_items() -> None:
    value = {"items": [{"title": f"t{i}", "body": "x" * 3_000} for i in range(10)]}
    cut = fitted(value, as_json(value), 10_000)
    assert [item["title"] for item in cut["items"]] == [f"t{i}" for i in range(10)]
    assert "characters]" in cut["items"][0]["body"]


def test_the_same_result_is_always_cut_the_same_way() -> None:
    value = {"items": [{"number": i, "body": "x" * i * 100} for i in range(60)]}
    assert fitted(value, as_json(value), 5_000) == fitted(value, as_json(value), 5_000) != value


@given(st.text(min_size=1), st.integers(10, 50))
def test_slices_put_together_are_the_whole(text: str, budget: int) -> None:
    parts, offset = [], 0
    while offset is not None:
        part, offset = sliced(text, offset, budget)  # type: ignore[assignment]
        assert len(as_json(part).encode()) <= budget
        parts.append(part)
    assert "".join(parts) == text


async def test_a_cut_result_has_a_handle_under_which_the_whole_is_read(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    text = "".join(f'line {i}: ä "quoted"\n' for i in range(3_000))
    github.repos["acme/rocket"].files["big.txt"] = text
    async with Client(replica("github", github, response_budget=4_000).mcp) as client:
        result = await client.call_tool("get_file_content", _FILE)
        assert result.structured_content is not None
        assert len(as_json(result.structured_content).encode()) < 4_100  # the handle itself is not counted
        handle = result.structured_content["more"]["handle"]
    whole, offset = "", 0
    async with Client(replica("github", github, response_budget=40_000).mcp) as other:
        while True:
            part = await called(other, "read_more", handle=handle, offset=offset)
            whole += part["text"]
            if "next_offset" not in part:
                break
            offset = part["next_offset"]
    assert json.loads(whole)["text"] == text
    assert github.calls("/repos/acme/rocket/contents/big.txt") == 1


async def test_a_handle_is_of_no_use_to_another_account(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    github.repos["acme/rocket"].files["big.txt"] = "x" * 10_000
    bob = replica("github", github, environ={"GITHUB_TOKEN": "ghp_bob"})
    async with Client(replica("github", github, response_budget=4_000).mcp) as hers, Client(bob.mcp) as his:
        handle = (await called(hers, "get_file_content", **_FILE))["more"]["handle"]
        result = await his.call_tool("read_more", {"handle": handle})
    assert result.is_error
    assert result.structured_content is not None
    assert result.structured_content["error"] == "not_found"


async def test_handles_work_without_redis(github: FakeGitHub, no_redis: None) -> None:
    github.repos["acme/rocket"].files["big.txt"] = "x" * 10_000
    async with Client(replica("github", github, response_budget=4_000).mcp) as client:
        handle = (await called(client, "get_file_content", **_FILE))["more"]["handle"]
        assert (await called(client, "read_more", handle=handle))["text"].startswith('{"path":"big.txt"')
