"""The Inspector's command line, over HTTP and standard streams, in both protocols: list the tools, call one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from scripts.conformance.node import Node
from scripts.conformance.reading import READS, VERSIONS

from mooring.servers.freshness import META_KEY

__all__ = ["faults"]


def faults(node: Node, name: str, version: str, url: str | None, command: list[str], redis_url: str) -> list[str]:
    """Return what is wrong with a server for the Inspector; at `url`, or started by it if there is none."""
    target = [url] if url else [sys.executable, "-m", *command]
    read = READS[name]
    call = ["--tool-name", read.tool, "--tool-args-json", json.dumps(read.arguments)]
    found: list[str] = []
    for method, more in (("tools/list", []), ("tools/call", call)):
        asked = ["--cli", *target, "--method", method, *more, "--protocol-era", VERSIONS[version]]
        done = node.run("mcp-inspector", *asked, "--format", "json", "--quiet", environ={"REDIS_URL": redis_url})
        found += _fault(done, method, read.tool)
    return found


def _fault(done: subprocess.CompletedProcess[str], method: str, tool: str) -> list[str]:
    if done.returncode:
        return [f"{method} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[:300]}"]
    result: dict[str, Any] = json.loads(done.stdout)["result"]
    if method == "tools/list":
        listed = tool in {one["name"] for one in result["tools"]}
        return [] if listed else [f"{method} has no {tool}"]
    told = META_KEY in result.get("_meta", {}) and not result.get("isError")
    return [] if told else [f"{tool} failed: {done.stdout[:300]}"]
