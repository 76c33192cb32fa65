"""What the configurations for MCP clients name is started as it stands there, and serves."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

import pytest
import yaml
from mcp import Client, StdioServerParameters, stdio_client
from tests.servers.replicas import freshness, over_http

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub

_PROJECT = Path(__file__).parents[2]
_MCP = _PROJECT / "examples" / "mcp"
_CLAUDE: dict[str, Any] = json.loads((_MCP / "claude_desktop_config.json").read_text())["mcpServers"]
_VS_CODE: dict[str, Any] = json.loads((_MCP / ".vscode" / "mcp.json").read_text())
_STARTED = [
    pytest.param(server, id=f"{client}-{name}")
    for client, servers in (("claude", _CLAUDE), ("vscode", _VS_CODE["servers"]))
    for name, server in servers.items()
    if "command" in server
]
_ISSUE = {"owner": "acme", "repo": "rocket", "number": 1}
_TOKEN = "ghp_ada"


@pytest.mark.parametrize("server", _STARTED)
async def test_a_client_starts_what_it_is_told_and_calls_a_tool(
    server: dict[str, Any], redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    async with over_http(FakeGitHub().app) as vendor:
        environ = {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "GITHUB_API_URL": vendor,
            **_answered(server.get("env", {}), redis_server.url, tmp_path),
        }
        command = shutil.which(server["command"], path=environ["PATH"])
        assert command is not None
        parameters = StdioServerParameters(command=command, args=server["args"], env=environ, cwd=tmp_path)
        with _nowhere() as errors:
            async with Client(stdio_client(parameters, errors)) as client:
                assert "get_issue" in {tool.name for tool in (await client.list_tools()).tools}
                result = await client.call_tool("get_issue", _ISSUE)
                again = await client.call_tool("get_issue", _ISSUE)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    assert result.structured_content["title"] == "Leak in tank 1"
    if "REDIS_URL" in environ:
        assert (freshness(result), freshness(again)) == ("miss", "hit")


def test_vs_code_asks_for_each_secret_and_hides_it() -> None:
    asked = {one["id"]: one for one in _VS_CODE["inputs"]}
    named = set(re.findall(r"\$\{input:([^}]+)\}", json.dumps(_VS_CODE["servers"])))
    assert named == asked.keys()
    for one in asked.values():
        assert (one["type"], one["password"]) == ("promptString", True)


def test_every_server_of_compose_is_named_at_its_port() -> None:
    services = yaml.safe_load((_PROJECT / "deploy" / "compose" / "compose.yaml").read_text())["services"]
    ports = {
        f"http://{port.rpartition(':')[0]}/mcp": name
        for name, service in services.items()
        if service.get("command", [None])[0] == "serve"
        for port in service["ports"]
    }
    named = {server["url"]: name for name, server in _VS_CODE["servers"].items() if server["type"] == "http"}
    assert named == {url: f"{name}-compose" for url, name in ports.items()}
    assert len(named) == 4
    assert all(urlsplit(url).hostname == "127.0.0.1" for url in named)


def _answered(environ: dict[str, str], redis_url: str, folder: Path) -> dict[str, str]:
    """Give what the user gives: the token when asked for it or in a file, and their own Redis."""
    token = folder / "github.token"
    token.write_text(_TOKEN)
    given = {"GITHUB_TOKEN": _TOKEN, "GITHUB_TOKEN_FILE": str(token), "REDIS_URL": redis_url}
    assert environ.keys() <= given.keys()
    return {name: given[name] for name in environ}


def _nowhere() -> TextIO:
    """A place for a server's log; the SDK's default is whatever standard error was when it was imported."""
    return Path(os.devnull).open("w")
