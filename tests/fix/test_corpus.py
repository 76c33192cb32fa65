"""Every fix over code that nobody wrote for it: the packages beside this one, and the example fleet."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from .rounds import fix_tree

FLEET = Path(__file__).parents[2] / "examples" / "fleet"
PACKAGES = ("redis", "aioredis", "rq", "kombu", "celery")


@pytest.mark.parametrize("package", PACKAGES)
def test_an_installed_package_is_fixed_cleanly(package: str) -> None:
    found = importlib.util.find_spec(package)
    assert found is not None and found.submodule_search_locations
    course = fix_tree(Path(found.submodule_search_locations[0]), unsafe=True)
    assert course.files > 5
    assert course.faults == []


@pytest.mark.parametrize("unsafe", [False, True])
def test_the_fleet_is_fixed_cleanly(unsafe: bool) -> None:
    course = fix_tree(FLEET, unsafe=unsafe)
    assert course.fixes >= 8
    assert course.faults == []
    assert course.refused == []
