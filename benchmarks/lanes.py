"""Lanes against redis-py, and against valkey-glide and coredis where they can be imported.

    python -m benchmarks.lanes [--loop uvloop] [--rounds N] [--concurrent 1 50 500] [--bytes 64] [--calls get set mixed]
                               [--way tcp unix tls]

MOORING_BENCH_PYTHON names an interpreter that has the rivals and uvloop beside Mooring's dependencies. Each line is a
ratio to redis-py in the same run: throughput (more is better), 50th and 99th percentile of a command's time and the
client's CPU time per command (less is better), each the median of interleaved rounds; for throughput with quartiles.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import redis.asyncio

from mooring.embedded import EmbeddedRedis
from mooring.runtime.lanes.client import AsyncRedis

__all__ = ["comparisons"]

Call = Callable[[str, bytes], Awaitable[object]]
THEIRS = "redis-py"
# Of each client, in a round: enough that one turn of the server's or the machine's does not matter.
SECONDS = 0.4
KEYS = 50


@dataclass(frozen=True)
class Sample:
    """One client's round: commands per second, percentiles and CPU time per command in microseconds."""

    throughput: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True)
class LaneComparison:
    """One client against redis-py: the medians of the ratios of the rounds, and its own medians."""

    title: str
    client: str
    ratios: Sample
    quartiles: tuple[float, float]
    own: Sample

    def __str__(self) -> str:
        """One line of the table."""
        ratio, own = self.ratios, self.own
        return (
            f"{self.title:34} {self.client:12} {ratio.throughput:6.2f}x [{self.quartiles[0]:.2f} to"
            f" {self.quartiles[1]:.2f}]  p50 {ratio.p50:.2f}  p99 {ratio.p99:.2f}  CPU {ratio.cpu:.3f}"
            f"   ({own.throughput:,.0f}/s, p99 {own.p99:,.0f} us, CPU {own.cpu:.1f} us)"
        )


def main() -> None:
    """Measure what the arguments ask for, and print each line as soon as it is known."""
    elsewhere = os.environ.pop("MOORING_BENCH_PYTHON", None)
    if elsewhere is not None:
        os.environ["PYTHONPATH"] = os.pathsep.join(["src", os.environ.get("PYTHONPATH", "")])
        os.execv(elsewhere, [elsewhere, "-m", "benchmarks.lanes", *sys.argv[1:]])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--concurrent", type=int, nargs="+", default=[1, 10, 50, 500])
    parser.add_argument("--bytes", type=int, nargs="+", default=[64])
    parser.add_argument("--calls", nargs="+", default=["get"], choices=["get", "set", "mixed"])
    parser.add_argument("--way", nargs="+", default=["tcp"], choices=["tcp", "unix", "tls"])
    given = parser.parse_args()
    for way in given.way:
        with served(way) as address:
            for calls in given.calls:
                for size in given.bytes:
                    for concurrent in given.concurrent:
                        title = f"{way} {calls} {size} B, {concurrent} at once"
                        measuring = measure(address, calls, size, concurrent, given.rounds)
                        for comparison in compared(title, run(measuring, given.loop)):
                            print(comparison, flush=True)


def comparisons() -> Iterator[LaneComparison]:
    """What `python -m benchmarks` shows of this file: GET of 64 bytes over TCP."""
    with served("tcp") as address:
        for concurrent in (1, 50, 500):
            taken = asyncio.run(measure(address, "get", 64, concurrent, 7))
            yield from compared(f"GET, {concurrent} at once", taken)


def run(measuring: Any, loop: str) -> dict[str, list[Sample]]:
    """Run in an event loop of a kind."""
    factory = None if loop == "asyncio" else importlib.import_module(loop).new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        taken: dict[str, list[Sample]] = runner.run(measuring)
        return taken


def compared(title: str, taken: dict[str, list[Sample]]) -> Iterator[LaneComparison]:
    """Compare each client with redis-py, round by round."""
    for name, samples in taken.items():
        if name == THEIRS:
            continue
        pairs = zip(map(astuple, samples), map(astuple, taken[THEIRS]), strict=True)
        ratios = [[a / b for a, b in zip(ours, theirs, strict=True)] for ours, theirs in pairs]
        columns = list(zip(*ratios, strict=True))
        low, _, high = quantiles(columns[0], n=4)
        own = Sample(*(median(column) for column in zip(*map(astuple, samples), strict=True)))
        yield LaneComparison(title, name, Sample(*map(median, columns)), (low, high), own)


async def measure(
    address: dict[str, Any], calls: str, size: int, concurrent: int, rounds: int
) -> dict[str, list[Sample]]:
    """Take one sample of each client a round, in turn; the first round warms them up and does not count."""
    taken: dict[str, list[Sample]] = {}
    async with contextlib.AsyncExitStack() as stack:
        clients = {}
        for name, open_client in CLIENTS.items():
            with contextlib.suppress(ImportError):
                clients[name] = await stack.enter_async_context(open_client(address, concurrent))
        value = b"x" * size
        for key in range(KEYS):
            await clients[THEIRS][1](f"key:{key}", value)
        for get, _ in clients.values():  # opens all connections, which over TLS takes longer than a round
            await asyncio.gather(*(get(f"key:{number % KEYS}") for number in range(concurrent)))
        for turn in range(rounds + 1):
            for name, (get, put) in list(clients.items())[:: 1 if turn % 2 else -1]:
                sample = await _sample(_mix(get, put, calls), value, concurrent)
                if turn:
                    taken.setdefault(name, []).append(sample)
    return taken


async def _sample(call: Call, value: bytes, concurrent: int) -> Sample:
    waits: list[float] = []
    clock = time.perf_counter
    until = clock() + SECONDS

    async def caller(number: int) -> None:
        key = f"key:{number % KEYS}"
        before = clock()
        while before < until:
            await call(key, value)
            after = clock()
            waits.append(after - before)
            before = after

    cpu, began = time.process_time(), clock()
    await asyncio.gather(*(caller(number) for number in range(concurrent)))
    took, cpu = clock() - began, time.process_time() - cpu
    waits.sort()
    return Sample(
        len(waits) / took, waits[len(waits) // 2] * 1e6, waits[len(waits) * 99 // 100] * 1e6, cpu / len(waits) * 1e6
    )


def _mix(get: Callable[[str], Awaitable[object]], put: Call, calls: str) -> Call:
    if calls == "set":
        return put
    turn = 0

    def call(key: str, value: bytes) -> Awaitable[object]:
        nonlocal turn
        turn += 1
        return put(key, value) if calls == "mixed" and not turn % 4 else get(key)

    return call


@contextlib.contextmanager
def served(way: str) -> Iterator[dict[str, Any]]:
    """Serve a Redis; yields redis-py's arguments for it."""
    if way == "tcp":
        with EmbeddedRedis() as server:
            yield {"host": server.host, "port": server.port}
    elif way == "unix":
        with EmbeddedRedis(unix_socket=True) as server:
            yield {"unix_socket_path": str(server.socket_path)}
    else:
        from tests.certificates import Authority  # noqa: PLC0415 - needs what only tests need

        with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as probe:
            pair = Authority(Path(folder)).issue("localhost")
            port = probe.getsockname()[1]
            probe.close()
            files = {"tls-cert-file": str(pair.certificate), "tls-key-file": str(pair.key)}
            with EmbeddedRedis(
                settings={
                    "tls-port": str(port),
                    "tls-auth-clients": "no",
                    **files,
                    "tls-ca-cert-file": files["tls-cert-file"],
                }
            ):
                yield {
                    "host": "127.0.0.1",
                    "port": port,
                    "ssl": True,
                    "ssl_cert_reqs": "none",
                    "ssl_check_hostname": False,
                }


Opened = tuple[Callable[[str], Awaitable[object]], Call]


@contextlib.asynccontextmanager
async def _redis_py(address: dict[str, Any], concurrent: int) -> AsyncIterator[Opened]:
    async with redis.asyncio.Redis(max_connections=concurrent, **address) as client:
        yield client.get, client.set


@contextlib.asynccontextmanager
async def _mooring(address: dict[str, Any], concurrent: int) -> AsyncIterator[Opened]:
    async with AsyncRedis(max_connections=concurrent, **address) as client:
        yield client.get, client.set


@contextlib.asynccontextmanager
async def _coredis(address: dict[str, Any], _: int) -> AsyncIterator[Opened]:
    coredis = importlib.import_module("coredis")
    if set(address) != {"host", "port"}:
        raise ImportError
    async with coredis.Redis(**address) as client:
        yield client.get, client.set


@contextlib.asynccontextmanager
async def _glide(address: dict[str, Any], _: int) -> AsyncIterator[Opened]:
    glide = importlib.import_module("glide")
    if set(address) != {"host", "port"}:
        raise ImportError
    node = glide.NodeAddress(address["host"], address["port"])
    client = await glide.GlideClient.create(glide.GlideClientConfiguration([node]))
    try:
        yield client.get, client.set
    finally:
        await client.close()


CLIENTS = {THEIRS: _redis_py, "mooring": _mooring, "valkey-glide": _glide, "coredis": _coredis}

if __name__ == "__main__":
    main()
