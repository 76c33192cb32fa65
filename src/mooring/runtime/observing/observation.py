"""Turns metrics, traces and logging on: by a call, or by the variable `MOORING_OBSERVE` when a first client is made.

| way | what is told | needs |
|---|---|---|
| `prometheus` | metrics, in prometheus_client's registry (see `prometheus` here) | `mooring[metrics]` |
| `otel` | metrics, to OpenTelemetry's meter provider (see `telemetry` here) | `mooring[metrics]`, an SDK |
| `traces` | a span for each command, to OpenTelemetry's tracer provider | `mooring[metrics]`, an SDK |
| `log` | reconnects, breakers and rotations, to the logger `mooring` | |
"""

from __future__ import annotations

import os
from collections.abc import Callable

from mooring.errors import ConfigError, MissingExtra
from mooring.runtime import hooks
from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.observing.metrics import Recorder
from mooring.runtime.pools.pool import guard

__all__ = ["VARIABLE", "WAYS", "observe", "observe_as_configured"]

VARIABLE = "MOORING_OBSERVE"
"""Ways, separated by commas: `MOORING_OBSERVE=prometheus,log`."""

_recorder: Recorder | None = None
_chosen: frozenset[str] = frozenset()


def observe(*ways: str) -> None:
    """Tell what the runtime does in these ways, from now on and in the whole process; once, however often it is called.

    The ways are `prometheus`, `otel`, `traces` and `log`. While none is on, a command pays for nothing. Raises
    `ConfigError` for another way, `MissingExtra` if its package is not installed.
    """
    _observe(ways, "observe()")


def observe_as_configured() -> None:
    """Do so for what `MOORING_OBSERVE` says. Raises the same, naming the variable."""
    text = os.environ.get(VARIABLE, "")
    if text.strip():
        _observe([way.strip().lower() for way in text.split(",") if way.strip()], VARIABLE)


def _observe(ways: list[str] | tuple[str, ...], origin: str) -> None:
    global _chosen  # noqa: PLW0603 - what is on is so for the process
    for way in ways:
        if way not in WAYS:
            raise ConfigError(f"{origin} names {way!r}, which is no way to observe; there are {', '.join(WAYS)}.")
    with guard:
        for way in ways:
            if way not in _chosen:
                try:
                    WAYS[way]()
                except ImportError as error:
                    raise MissingExtra(f"{error.name or way}, which {origin} {way} needs,", "metrics") from error
                _chosen |= {way}


def _prometheus() -> None:
    from prometheus_client import REGISTRY  # noqa: PLC0415 - loaded by those alone who ask for it

    from mooring.runtime.observing.prometheus import RedisCollector  # noqa: PLC0415

    REGISTRY.register(RedisCollector(_recording(), _numbers))


def _otel() -> None:
    from mooring.runtime.observing.telemetry import measure  # noqa: PLC0415

    measure(_recording(), _numbers)


def _traces() -> None:
    from mooring.runtime.observing.tracing import Spans  # noqa: PLC0415

    hooks.install(Spans())


def _log() -> None:
    from mooring.runtime.observing.log import Log  # noqa: PLC0415

    hooks.install(Log())


def _numbers() -> dict[str, PoolNumbers]:
    from mooring.runtime.manager import RedisConnectionManager  # noqa: PLC0415 - which turns on what is configured

    return RedisConnectionManager.all_numbers()


def _recording() -> Recorder:
    global _recorder  # noqa: PLW0603 - Prometheus and OpenTelemetry read the same counts
    if _recorder is None:
        _recorder = Recorder()
        hooks.install(_recorder)
    return _recorder


WAYS: dict[str, Callable[[], None]] = {"prometheus": _prometheus, "otel": _otel, "traces": _traces, "log": _log}
