"""Run redis-py's own asyncio tests twice: on its `Redis`, and with `AsyncRedis` in its place.

    python scripts/peer_suite.py PATH [--url redis://...] [--python PYTHON] [PYTEST ARGUMENT ...]

PATH is a checkout of redis-py at the version that is installed. Without a URL a private Redis is started. PYTHON is an
interpreter that has Mooring's dependencies and what redis-py's tests import (pytest, pytest-asyncio, pytest-timeout,
packaging, numpy, cryptography, mock, opentelemetry-sdk); by default a virtual environment is made for it in
build/peers. Fails if a test that passes with redis-py does not with `AsyncRedis`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ENVIRONMENT = PROJECT / "build" / "peers"
NEEDS = "pytest pytest-asyncio pytest-timeout packaging numpy cryptography mock opentelemetry-sdk".split()
FILES = """
test_client test_commands test_connect test_connection test_connection_pool test_cwe_404 test_encoding test_hash
test_lock test_monitor test_pipeline test_pubsub test_retry test_scripting
""".split()
MARKS = "not onlycluster and not redismod and not ssl"
OUTCOME = re.compile(
    r"^(?P<outcome>PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) (?P<test>tests/\S+(?: - )?.*)$", re.MULTILINE
)
REPLACED = "MOORING_PEER_SUITE"


def main() -> int:
    """Run both, compare, and name what only fails with Mooring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--url")
    parser.add_argument("--python", type=Path)
    arguments, further = parser.parse_known_args()
    if not (arguments.path / "tests" / "test_asyncio").is_dir():
        parser.error(f"{arguments.path} is no checkout of redis-py: it has no tests/test_asyncio")
    python = arguments.python or environment()
    if arguments.url is not None:
        return compare(python, arguments.path, arguments.url, further)
    sys.path.insert(0, str(PROJECT / "src"))
    from mooring.embedded import EmbeddedRedis  # noqa: PLC0415 - only without a server that is given
    from mooring.errors import EmbeddedRedisError  # noqa: PLC0415

    with ExitStack() as stack:
        try:  # from Redis 7 on, some tests need what it does not allow by itself
            server = stack.enter_context(EmbeddedRedis(settings={"enable-debug-command": "yes"}))
        except EmbeddedRedisError:
            server = stack.enter_context(EmbeddedRedis())
        return compare(python, arguments.path, server.url, further)


def compare(python: Path, checkout: Path, url: str, further: list[str]) -> int:
    """Run the suite both ways and print what differs; 1 if anything only fails with Mooring."""
    theirs = outcomes(python, checkout, url, further, replaced=False)
    ours = outcomes(python, checkout, url, further, replaced=True)
    for who, results in (("redis-py", theirs), ("AsyncRedis", ours)):
        counts = Counter(results.values())
        print(f"{who:12}", ", ".join(f"{count} {outcome.lower()}" for outcome, count in sorted(counts.items())))
    lost = sorted(test for test, outcome in theirs.items() if outcome == "PASSED" and ours.get(test) != "PASSED")
    for test in lost:
        print(f"only with AsyncRedis: {ours.get(test, 'not run')} {test}")
    return 1 if lost or not theirs else 0


def outcomes(python: Path, checkout: Path, url: str, further: list[str], *, replaced: bool) -> dict[str, str]:
    """Run the suite once and return each test's outcome."""
    files = [f"tests/test_asyncio/{name}.py" for name in FILES]
    command = [str(python), "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "peer_suite", "-m", MARKS]
    paths = [str(PROJECT / "scripts"), str(PROJECT / "src")]
    run = subprocess.run(
        [*command, "--redis-url", f"{url.rstrip('/')}/0", "--timeout", "120", "--tb=short", *further, *files],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), REPLACED: "1" if replaced else ""},
        capture_output=True,
        text=True,
        check=False,
    )
    log = PROJECT / "build" / f"peers-{'async-redis' if replaced else 'redis-py'}.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(run.stdout + run.stderr)
    print(f"{log}: {run.stdout.rstrip().rpartition(chr(10))[2]}", flush=True)
    return {found["test"].partition(" - ")[0]: found["outcome"] for found in OUTCOME.finditer(run.stdout)}


def environment() -> Path:
    """Make the virtual environment of the tests, once."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-e", str(PROJECT), *NEEDS], check=True)
    return python


if os.environ.get(REPLACED):  # loaded by pytest as a plugin, before any test
    import redis.asyncio.client

    from mooring.runtime.lanes.client import AsyncRedis

    for module in (redis.asyncio, redis.asyncio.client):
        for name in ("Redis", "StrictRedis"):
            setattr(module, name, AsyncRedis)


if __name__ == "__main__":
    sys.exit(main())
