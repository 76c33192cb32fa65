"""Clients of both protocols, over HTTP and standard streams, are served alike; probes and metrics tell the truth."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from mooring.cli import main
from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.fakes.vendor import Hold
from mooring.servers.running import Drained, listening

from .replicas import called, client_of, freshness, over_http, replica

_ISSUE = {"owner": "acme", "repo": "rocket", "number": 1}
_MODES = ["auto", "legacy"]


@pytest.mark.parametrize("mode", _MODES)
async def test_both_protocols_are_served_over_http(mode: str, github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with over_http(replica("github", github).asgi()) as url, client_of(url, mode) as client:
        assert len((await client.list_tools()).tools) == 13
        assert (await called(client, "get_issue", **_ISSUE))["title"] == "Leak in tank 1"
        assert freshness(await client.call_tool("get_issue", _ISSUE)) == "hit"


@pytest.mark.parametrize(
    ("mode", "command"),
    [("auto", ["-m", "mooring", "serve", "github"]), ("legacy", ["-m", "mooring.servers.github"])],
)
async def test_both_protocols_are_served_on_standard_streams(
    mode: str, command: list[str], redis_server: EmbeddedRedis
) -> None:
    server = StdioServerParameters(
        command=sys.executable, args=[*command, "--fake"], env={**os.environ, "REDIS_URL": redis_server.url}
    )
    async with Client(server, mode=mode) as client:
        assert (await called(client, "get_issue", **_ISSUE))["title"] == "Leak in tank 1"
        assert freshness(await client.call_tool("get_issue", _ISSUE)) == "hit"


async def test_each_request_is_served_with_its_own_token(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    secret = {"owner": "acme", "repo": "secret", "number": 1}
    app = replica("github", github, environ={}, host="0.0.0.0")
    async with (
        over_http(app.asgi()) as url,
        client_of(url, authorization="Bearer ghp_ada") as hers,
        client_of(url, authorization="Bearer ghp_bob") as his,
        client_of(url) as nobodys,
    ):
        await called(hers, "get_issue", **secret)
        for client in (his, nobodys):
            assert (await client.call_tool("get_issue", secret)).is_error
        assert freshness(await hers.call_tool("get_issue", secret)) == "hit"


async def test_a_token_that_is_none_is_an_error_that_tells_what_to_do(github: FakeGitHub, no_redis: None) -> None:
    app = replica("github", github)
    async with over_http(app.asgi()) as url:
        for token, told in (
            ("gone", "another token: in the request's header authorization"),
            ("two words", "one word"),
        ):
            async with client_of(url, authorization=f"Bearer {token}") as client:
                result = await client.call_tool("get_issue", _ISSUE)
            assert result.is_error and result.structured_content is not None
            assert result.structured_content["error"] == "unauthorized"
            assert told in result.structured_content["message"]


async def test_no_stream_is_opened_that_would_hold_up_the_end(github: FakeGitHub, no_redis: None) -> None:
    async with over_http(replica("github", github).asgi()) as url, httpx.AsyncClient() as client:
        response = await client.get(f"{url}/mcp", headers={"accept": "text/event-stream"})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_a_foreign_host_is_refused_on_loopback(github: FakeGitHub, no_redis: None) -> None:
    async with over_http(replica("github", github).asgi()) as url, httpx.AsyncClient() as client:
        response = await client.post(f"{url}/mcp", json={}, headers={"host": "evil.example"})
    assert response.status_code == 421


async def test_only_the_hosts_that_are_named_are_let_in(github: FakeGitHub, no_redis: None) -> None:
    app = replica("github", github, host="0.0.0.0", allowed_hosts="mcp.example.com")
    async with over_http(app.asgi()) as url, httpx.AsyncClient() as client:
        answers = [
            await client.post(f"{url}/mcp", json={}, headers={"host": host})
            for host in ("evil.example", "mcp.example.com")
        ]
    assert answers[0].status_code == 421
    assert answers[1].status_code != 421


async def test_readiness_hangs_neither_on_redis_nor_on_the_vendor(github: FakeGitHub, no_redis: None) -> None:
    app = replica("github", github)
    async with over_http(app.asgi()) as url, client_of(url) as client, httpx.AsyncClient(base_url=url) as http:
        github.down = True
        assert (await client.call_tool("get_issue", _ISSUE)).is_error
        ready = await http.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["redis"] == "out of reach: uncached"
        assert (await http.get("/livez")).status_code == 200


async def test_a_draining_server_is_not_ready_and_asks_clients_to_leave(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    app = replica("github", github)
    async with over_http(Drained(app.asgi(), app.probes)) as url, httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/readyz")).headers.get("connection") != "close"
        app.probes.draining = True
        draining = await http.get("/readyz")
        alive = await http.get("/livez")
    assert (draining.status_code, draining.json()["reason"]) == (503, "draining")
    assert (alive.status_code, alive.headers["connection"]) == (200, "close")


async def test_metrics_tell_of_each_tool_and_of_no_account(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    app = replica("github", github)
    async with over_http(app.asgi()) as url, client_of(url) as client:
        for _ in range(3):
            await called(client, "get_issue", **_ISSUE)
        await client.call_tool("get_issue", {**_ISSUE, "number": 99})
        for _ in range(2):
            await called(client, "create_issue", owner="acme", repo="rocket", title="A leak")
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"{url}/metrics")).text
    for line in (
        'mooring_tool_calls_total{outcome="ok",server="github",tool="get_issue"} 3.0',
        'mooring_tool_calls_total{outcome="not_found",server="github",tool="get_issue"} 1.0',
        'mooring_tool_reads_total{server="github",state="hit",tool="get_issue"} 2.0',
        'mooring_upstream_saved_total{server="github",tool="get_issue"} 2.0',
        'mooring_writes_replayed_total{server="github",tool="create_issue"} 1.0',
        'mooring_upstream_requests_total{operation="issues/create",server="github",status="201"} 1.0',
        'mooring_upstream_quota_remaining{budget="core",server="github"} 499',
    ):
        assert line in text
    assert "ghp_" not in text
    assert "acme" not in text


def test_a_server_on_standard_streams_ends_at_sigterm(redis_server: EmbeddedRedis) -> None:
    environ = {**os.environ, "REDIS_URL": redis_server.url, "MOORING_LOG_LEVEL": "info"}
    with subprocess.Popen(
        [sys.executable, "-m", "mooring", "serve", "github", "--fake"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    ) as process:
        assert process.stderr is not None
        assert b'"serving"' in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert output == b""
    assert b"Traceback" not in errors


async def test_a_call_under_way_on_standard_streams_is_answered_after_sigterm(
    github: FakeGitHub, redis_server: EmbeddedRedis
) -> None:
    github.hold = hold = Hold()
    async with over_http(github.app) as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mooring", "serve", "github"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "REDIS_URL": redis_server.url, "GITHUB_API_URL": url, "GITHUB_TOKEN": "ghp_ada"},
        )
        assert process.stdin is not None
        initialize = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        for message in (
            {"id": 1, "method": "initialize", "params": initialize},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/call", "params": {"name": "get_issue", "arguments": _ISSUE}},
        ):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        await hold.reached.wait()
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        hold.released.set()
        output, _ = await asyncio.wait_for(process.communicate(), 20)
    answers = [json.loads(line) for line in output.splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[1]["result"]["structuredContent"]["title"] == "Leak in tank 1"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        (["gitlab"], {}, "gitlab"),
        (["github", "--toolsets", "deals"], {}, "toolset 'deals' is unknown"),
        (["github"], {"MOORING_DEADLINE": "never"}, "MOORING_DEADLINE"),
        (["github"], {"REDIS_PORT": "many"}, "REDIS_PORT"),
        (["github"], {"GITHUB_API_URL": "http://user:word@:x/"}, "GITHUB_API_URL"),
        (["github"], {"MOORING_REQUEST_STATE_KEYS": "short"}, "MOORING_REQUEST_STATE_KEYS"),
        (["github", "--host", ""], {}, "MOORING_HOST"),
        (["github"], {"GITHUB_TOKEN_FILE": "/nowhere"}, "GITHUB_TOKEN_FILE=/nowhere"),
    ],
)
def test_wrong_usage_is_told_in_a_line(
    arguments: list[str],
    environ: dict[str, str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    assert main(["serve", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_an_address_that_cannot_be_had_is_told_in_a_line() -> None:
    command = [sys.executable, "-m", "mooring", "serve", "github", "--fake", "--transport=http", "--host=192.0.2.1"]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert run.returncode == 2
    assert "cannot listen at 192.0.2.1 port 8000" in run.stderr
    assert "MOORING_PORT" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_answer_waits_for_an_acknowledgement(host: str) -> None:
    with listening(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]) as _:
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
