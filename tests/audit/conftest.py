"""Every test of the auditor has an empty folder to put a tree of files in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from mooring.audit.store import Store

from .opening import Opener
from .tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty tree, to be filled and audited."""
    return Tree(tmp_path)


@pytest.fixture
def open_store() -> Iterator[Opener]:
    """Opens stores, and closes them when the test is over."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(closing(Store(folder)))
