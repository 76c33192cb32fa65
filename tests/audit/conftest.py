"""Every test of the auditor has an empty folder to put a tree of files in."""

from __future__ import annotations

from pathlib import Path

import pytest

from .tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty tree, to be filled and audited."""
    return Tree(tmp_path)
