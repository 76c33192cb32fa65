"""`mooring serve github` against a server of fastmcp with its Redis caching middleware: the same tools, over HTTP.

Both stand in front of one stand-in for GitHub, which takes 45 ms for an answer, and on one Redis, each in a process of
its own; callers, 1 or 50 at once, are in this one (see `callers`). A hit is one of 40 files of 0.3 KB or one of 20
lists of issues (10 to 29 of them, 3 to 8 KB), a miss a file that nobody has asked for. Before the clock runs the
results of both are compared, and after it the stand-in says whether the hits were hits.

Each case gives the cost of a call (the seconds of all, divided by them), and the 99th percentile of what single calls
took; where calls stand in line, as 50 at once do, that is mostly the line.

The rival lives in an environment of its own, whose `bin` MOORING_BENCH_TOOLS names: it takes `fastmcp`,
`py-key-value-aio[redis]` and `hiredis`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx

from benchmarks.callers import Call, Caller, Sample, called
from benchmarks.rounds import Comparison, comparison, interleaved
from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port

__all__ = ["comparisons"]

ROUNDS = 5
LATENCY = 0.045
_RIVAL = Path(__file__).parent / "rivals" / "fastmcp_github.py"
_PLACE = {"owner": "acme", "repo": "rocket"}
_PATIENCE = 30.0


def comparisons() -> Iterator[Comparison]:
    """Yield the cost of a call over the rival's, where the rival can be found."""
    python = Path(os.environ.get("MOORING_BENCH_TOOLS", ".venv-rivals/bin")) / "python"
    if not python.exists():
        raise SystemExit(f"{python} is missing: name the rivals' bin folder by MOORING_BENCH_TOOLS")
    with ExitStack() as stack:
        redis = stack.enter_context(EmbeddedRedis())
        github = stack.enter_context(_served([sys.executable, "-m", "mooring.servers.fakes", "github", "--port"]))
        api = f"http://127.0.0.1:{github}"
        environ = {"REDIS_URL": redis.url, "GITHUB_TOKEN": "ghp_ada", "GITHUB_API_URL": api}
        ours = [sys.executable, "-m", "mooring", "serve", "github", "--transport=http", "--port"]
        ports = {
            "mooring": stack.enter_context(_served(ours, environ=environ)),
            "fastmcp": stack.enter_context(_served([str(python), str(_RIVAL)], redis.url, api)),
        }
        _fill(api)
        files = [_file(f"release-{n}") for n in range(40)]
        lists = [Call("list_issues", {**_PLACE, "limit": limit}) for limit in range(10, 30)]
        asyncio.run(_compare_results(ports, [*files, *lists]))
        for at_once, count in ((1, 400), (50, 2_000)):
            yield from _hits(f"hit, file, {at_once} at once", ports, files, count, at_once, api)
            yield from _hits(f"hit, list, {at_once} at once", ports, lists, count, at_once, api)
        for at_once, count in ((1, 20), (50, 200)):
            yield from _misses(f"miss, {at_once} at once", ports, count, at_once)


def _hits(
    title: str, ports: Mapping[str, int], calls: Sequence[Call], count: int, at_once: int, api: str
) -> Iterator[Comparison]:
    def measured(name: str) -> Sample:
        # An answer of ours lasts for half a minute where issues are concerned; it must not end under way.
        fresh = {"max_age": 0} if name == "mooring" else {}
        asyncio.run(called(ports[name], [Call(one.tool, {**one.arguments, **fresh}) for one in calls], 10))
        before = _asked(api)
        sample = asyncio.run(called(ports[name], list(itertools.islice(itertools.cycle(calls), count)), at_once))
        if _asked(api) != before:
            raise RuntimeError(f"{name} asked the vendor for what it had in its cache")
        return sample

    yield from _compared(title, {name: partial(measured, name) for name in ports})


def _misses(title: str, ports: Mapping[str, int], count: int, at_once: int) -> Iterator[Comparison]:
    unasked = itertools.count()

    def measured(name: str) -> Sample:
        return asyncio.run(called(ports[name], [_file(f"{at_once}-{next(unasked)}") for _ in range(count)], at_once))

    yield from _compared(title, {name: partial(measured, name) for name in ports})


def _compared(title: str, ways: Mapping[str, Callable[[], Sample]]) -> Iterator[Comparison]:
    taken = interleaved(ways, ROUNDS)
    yield comparison(f"{title} / fastmcp", {name: [one.each for one in samples] for name, samples in taken.items()})
    yield comparison(f"{title}, p99 / fastmcp", {name: [one.p99 for one in samples] for name, samples in taken.items()})


def _file(ref: str) -> Call:
    return Call("get_file_content", {**_PLACE, "path": "README.md", "ref": ref})


def _fill(api: str) -> None:
    """Give the stand-in issues to list, and its latency."""
    with httpx.Client(base_url=api, headers={"authorization": "Bearer ghp_ada"}) as github:
        for number in range(30):
            text = f"It fails when the wind is from the north, and {number} more. " * 3
            issue = {"title": f"Found a bug in part {number}", "body": text, "labels": ["bug", "help wanted"]}
            github.post("/repos/acme/rocket/issues", json=issue).raise_for_status()
        github.post("/_faults", json={"latency": LATENCY}).raise_for_status()


def _asked(api: str) -> int:
    """Tell how often the stand-in was asked, which remembers the last 10,000."""
    return len(httpx.get(f"{api}/_seen", timeout=_PATIENCE).json())


async def _compare_results(ports: Mapping[str, int], calls: Sequence[Call]) -> None:
    ours, rival = ports.values()
    async with Caller(ours) as mine, Caller(rival) as theirs:
        for call in calls:
            results = [(await caller.ask(call))["structuredContent"] for caller in (mine, theirs)]
            if results[0] != results[1]:
                raise RuntimeError(f"{call} is answered with {results[0]} and {results[1]}")


@contextmanager
def _served(command: Sequence[str], *more: str, environ: Mapping[str, str] | None = None) -> Iterator[int]:
    """Start a server at a free port, and give the port once it listens."""
    port = free_port()
    # What it logs is written, as in a cluster, and read by nobody.
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [*command, str(port), *more], env={**os.environ, **(environ or {})}, stdout=quiet, stderr=quiet
    )
    try:
        _await_listening(process, port)
        yield port
    finally:
        process.kill()
        process.wait()


def _await_listening(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen")
