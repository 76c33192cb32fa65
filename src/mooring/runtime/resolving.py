"""From the name of a connection and the caller's arguments to the options of its pool and clients."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from typing import Any

from mooring.config.settings import RedisSettings
from mooring.config.surroundings import Surroundings
from mooring.runtime.arguments import check_overrides
from mooring.runtime.flavour import Flavour
from mooring.runtime.options import RedisOptions, redis_options

__all__ = ["resolved"]


def resolved(name: str, overrides: Mapping[str, Any], flavour: Flavour) -> RedisOptions:
    """Resolve the settings of a connection; at once where nothing has changed since they were last asked for.

    Raises `ConfigError` for settings that cannot be used, and `TypeError` for an argument that nobody takes.
    """
    given = tuple(sorted(overrides.items()))
    surroundings = Surroundings.here().fingerprint(name)
    try:
        hash(given)
    except TypeError:  # an argument such as a list of errors to retry on
        return _read(name, overrides, flavour)
    return _remembered(name, given, flavour, surroundings)


# A service calls the factory with a handful of different arguments, but perhaps for each request.
@functools.lru_cache(maxsize=128)
def _remembered(
    name: str,
    given: tuple[tuple[str, Any], ...],
    flavour: Flavour,
    surroundings: Hashable,  # noqa: ARG001  # part of the key: settings are read again if what they come from changes
) -> RedisOptions:
    return _read(name, dict(given), flavour)


def _read(name: str, overrides: Mapping[str, Any], flavour: Flavour) -> RedisOptions:
    check_overrides(overrides, flavour)
    return redis_options(RedisSettings.load(name, overrides=overrides), flavour, overrides)
