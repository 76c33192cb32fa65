"""Whatever the source, a fix changes its spans, drops imports that it orphaned, and leaves the rest alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .rounds import fix_tree
from .sources import compiles, modules

trees = st.lists(modules().filter(compiles), min_size=1, max_size=12)


@pytest.mark.parametrize("unsafe", [False, True])
def test_whatever_the_source_a_fix_is_clean(unsafe: bool) -> None:
    fixes = 0

    @settings(
        max_examples=40,
        deadline=None,
        derandomize="CI" in os.environ,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(trees)
    def fixed_cleanly(tree: list[bytes]) -> None:
        nonlocal fixes
        with tempfile.TemporaryDirectory() as folder:
            for index, module in enumerate(tree):
                Path(folder, f"module_{index}.py").write_bytes(module)
            course = fix_tree(Path(folder).resolve(), unsafe=unsafe)
        fixes += course.fixes
        assert course.faults == []
        assert course.refused == []

    fixed_cleanly()
    assert fixes > 100
