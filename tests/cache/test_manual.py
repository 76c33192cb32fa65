"""What the manual shows happens."""

from __future__ import annotations

import doctest

import mooring.cache


def test_the_example_of_the_manual_runs_as_shown() -> None:
    # Three examples: two imports, and one session.
    assert doctest.testmod(mooring.cache) == (0, 3)


def test_every_public_class_and_function_is_documented() -> None:
    aliases = {"AsyncLoader", "Key", "Loader", "Validators"}
    public = [getattr(mooring.cache, name) for name in mooring.cache.__all__ if name not in aliases]
    assert [each for each in public if not each.__doc__] == []
    assert sorted(mooring.cache.__all__) == mooring.cache.__all__
