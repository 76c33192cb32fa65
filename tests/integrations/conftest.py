"""Every integration is configured for the shared server, and leaves no pool behind."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.integrations import answers
from mooring.runtime.manager import RedisConnectionManager


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, redis_server: EmbeddedRedis) -> Iterator[None]:
    """Configure the process for the server without a password, and nothing else."""
    for name in [name for name in os.environ if "REDIS_" in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MOORING_ENVIRONMENT", "local")
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    # What is observed once is so for the process: a test that asks for metrics runs a process of its own.
    monkeypatch.setattr(answers, "metrics_available", lambda: False)
    yield
    RedisConnectionManager.instance().close()
