"""Every test of the runtime is configured for the shared server, and leaves no pool behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.runtime.manager import RedisConnectionManager

# The development mode of asyncio tells of every step that takes 0.1 s, as on a busy machine many do.
PATIENCE = "import logging; logging.getLogger('asyncio').setLevel(logging.ERROR)\n"
SOURCES = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, redis_server: EmbeddedRedis) -> Iterator[None]:
    """Configure the process for the server without a password, and nothing else."""
    for name in [name for name in os.environ if "REDIS_" in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MOORING_ENVIRONMENT", "local")
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    yield
    RedisConnectionManager.instance().close()


@pytest.fixture
def named(redis_server: EmbeddedRedis) -> Iterator[Callable[[str], int]]:
    """Count the open connections at the server whose clients bear a name."""
    with redis_server.client() as observer:
        yield lambda name: len([known for known in observer.client_list() if known["name"] == name])


@pytest.fixture
def gone(named: Callable[[str], int]) -> Callable[[str], bool]:
    """Tell whether the server has seen every connection of a name close; it may take a moment to look."""

    def look(name: str) -> bool:
        for _ in range(20_000):
            if not named(name):
                return True
            time.sleep(0.001)
        return False

    return look


@pytest.fixture
def becomes() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait until a condition holds, and fail when it never does."""

    async def wait(condition: Callable[[], bool]) -> None:
        for _ in range(20_000):
            if condition():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("the condition never held")

    return wait


@pytest.fixture
def run_script(configured: None) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run a program in a process of its own, where every warning is an error."""

    def run(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-c", PATIENCE + script],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")])},
        )

    return run
