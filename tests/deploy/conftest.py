"""A stage on which steps of the workflows run."""

from __future__ import annotations

from pathlib import Path

import pytest

from .stage import Stage
from .workflows import DEPLOYMENTS, LISTED


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path / "stage")
    made.answer(LISTED, DEPLOYMENTS)
    made.answer("acl load$", "OK\n")
    return made
