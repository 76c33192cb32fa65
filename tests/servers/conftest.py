"""Fixtures: a stand-in for each vendor, and the Redis that the servers under test find."""

from __future__ import annotations

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.fakes.slack import FakeSlack


@pytest.fixture
def github() -> FakeGitHub:
    """A stand-in for GitHub."""
    return FakeGitHub()


@pytest.fixture
def slack() -> FakeSlack:
    """A stand-in for Slack."""
    return FakeSlack()


@pytest.fixture
def shared_redis(redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> EmbeddedRedis:
    """The Redis that every server of the test uses."""
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    return redis_server


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that nobody reaches."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
