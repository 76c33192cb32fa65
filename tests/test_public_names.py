"""What a service imports is a written list, and importing it stays cheap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mooring

ROOT = Path(__file__).resolve().parents[1]


def test_the_public_names_are_these() -> None:
    assert mooring.__all__ == [
        "AsyncRedis",
        "CacheSize",
        "CircuitOpen",
        "ConfigError",
        "DeadlineExceeded",
        "ManagerClosed",
        "MooringError",
        "PoolExhausted",
        "RedisConnectionManager",
        "RedisSettings",
        "__version__",
        "create_async_redis_from_config",
        "create_redis_from_config",
        "deadline",
        "get_redis_config",
        "get_redis_url",
        "idempotent",
        "observe",
    ]
    assert [name for name in mooring.__all__ if not hasattr(mooring, name)] == []


def test_every_public_thing_is_documented() -> None:
    assert [name for name in mooring.__all__ if name != "__version__" and not getattr(mooring, name).__doc__] == []


@pytest.mark.parametrize(
    "module",
    [
        "click",
        "yaml",
        "tree_sitter",
        "mcp",
        "httpx",
        "rich",
        "pathspec",
        "mooring.audit",
        "pydantic_settings",
        "dotenv",
        "pulumi_esc_sdk",
    ],
)
def test_importing_mooring_loads_none_of_the_tools(module: str) -> None:
    loaded = json.loads(
        subprocess.run(
            [
                sys.executable,
                "-c",
                "import json, sys, mooring; mooring.create_redis_from_config; print(json.dumps(sorted(sys.modules)))",
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    assert "mooring.runtime.factory" in loaded
    assert module not in loaded
