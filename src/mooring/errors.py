"""Every error that Mooring raises on purpose.

::

    MooringError
    ├── UsageError             the command line or its input is wrong; the command exits with 2
    ├── ConfigError            a Redis setting is missing, contradictory or malformed
    ├── MissingExtra           an optional dependency is needed; names the extra that brings it
    ├── EmbeddedRedisError     a private Redis could not be found, started or reached
    ├── ManagerClosed          a client was asked of a manager that is closed
    ├── DeadlineExceeded       a call was out of time (mooring.runtime.failures)
    ├── CircuitOpen            an endpoint has failed for so long that calls fail at once (mooring.runtime.failures)
    ├── PoolExhausted          all connections stayed in use (mooring.runtime.failures)
    ├── UpstreamError          a vendor did not answer as asked (mooring.servers.failures)
    ├── BudgetExhausted        an account's rate budget is spent (mooring.cache); has retry_after_seconds
    └── ProofError             a fleet could not be measured at all

Each message says what is wrong, which file, option or variable it is about, and what to do. No message carries a
secret. Errors of Redis itself are redis-py's own (`redis.RedisError`), and those of `mooring.runtime.failures` are
redis-py's ConnectionError or TimeoutError as well, so that fixed code goes on catching what it caught before.
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "EmbeddedRedisError",
    "ManagerClosed",
    "MissingExtra",
    "MooringError",
    "ProofError",
    "UsageError",
]


class MooringError(Exception):
    """The root: `except MooringError` catches whatever Mooring raises on purpose."""


class UsageError(MooringError):
    """The command line, or a file that it names, is wrong."""


class ConfigError(MooringError):
    """A Redis setting is missing, contradictory or malformed."""


class MissingExtra(MooringError):
    """An optional dependency is not installed."""

    def __init__(self, need: str, extra: str) -> None:
        super().__init__(f"{need} is not installed; it comes with an extra: pip install 'mooring[{extra}]'")
        self._needed = need, extra

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        return type(self), self._needed


class EmbeddedRedisError(MooringError):
    """A private Redis could not be found, started or reached."""


class ManagerClosed(MooringError):
    """A client was asked of a manager that is already closed."""


class ProofError(MooringError):
    """A fleet could not be measured at all."""
