"""The journal of the tests' own runs does not reach the user."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `mooring fix` keeps what it can undo."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("MOORING_STATE_DIR", str(folder))
    return folder
