"""Fixtures for every room: two real Redis servers, emptied before each test that uses one."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from mooring.embedded import EmbeddedRedis

_SHARED = ("redis_server", "secure_redis")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of the house: redis.asyncio knows no other."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, as would the commands that tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the audit remembers between runs does not reach the tests, nor does theirs reach the user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOORING_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    """A Redis that asks for no password."""
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture(scope="session")
def secure_redis() -> Iterator[EmbeddedRedis]:
    """A Redis with a password that a URL and a shell must quote."""
    with EmbeddedRedis(password="p@ss/w0rd: #%?") as server:
        yield server


@pytest.fixture(autouse=True)
def emptied_redis(request: pytest.FixtureRequest) -> None:
    """Empty the shared servers that the test uses, before it begins."""
    for name in _SHARED:
        if name in request.fixturenames:
            server: EmbeddedRedis = request.getfixturevalue(name)
            with server.client() as client:
                client.flushall()
