"""Redis settings: the sources merged, validated, explained, redacted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from mooring.config.environment import detect
from mooring.config.sources import DEFAULT_NAME, SourcedValue, read_sources
from mooring.errors import ConfigError

_MASK = "**********"
_SECRETS = frozenset({"password", "ssl_password", "ssl_ca_data"})
_EXPECTED = {
    "host": "a host name or address, not a URL",
    "port": "a whole number from 1 to 65535, for example 6379",
    "unix_socket_path": "the path of a socket",
    "username": "text",
    "password": "text",
    "db": "a whole number from 0, for example 0",
    "ssl": "true or false",
    "max_connections": "a whole number from 1, for example 50",
    "pool_timeout": "a number of seconds above 0, for example 5",
}
# A value is repeated in a message only where nobody keeps a secret.
_REPEATABLE = frozenset({"port", "db", "ssl", "max_connections", "pool_timeout"})


class RedisSettings(BaseModel):
    """Where one Redis is, how to get in, and how many connections may be open to it.

    `max_connections` bounds the pool (default 50); `pool_timeout` is the longest wait for a connection of a full pool,
    in seconds (default 5). `options` holds every other argument for redis-py, as given. `origins` tells where each
    value came from; what is not in it is a default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = DEFAULT_NAME
    # Not a URL, which could carry a password into the logs under the name of a host.
    host: str = Field(default="localhost", pattern=r"^[^\s/@]+$")
    port: int = Field(default=6379, ge=1, le=65535)
    unix_socket_path: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    db: int = Field(default=0, ge=0)
    ssl: bool = False
    max_connections: int = Field(default=50, ge=1)
    pool_timeout: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    origins: Mapping[str, str] = Field(default_factory=dict, repr=False)

    @classmethod
    def load(
        cls,
        name: str = DEFAULT_NAME,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        root: Path = Path("/"),
    ) -> Self:
        """Read the settings of connection `name` from `overrides`, then from `environ`, then from defaults.

        `environ` is this process's environment unless given; marker files of the environment are sought under `root`.
        Raises `ConfigError` when a value is malformed, naming the variable or argument.
        """
        environ = os.environ if environ is None else environ
        return cls.from_sources(name, read_sources(name, overrides or {}, environ, detect(environ, root)))

    @classmethod
    def from_sources(cls, name: str, values: Iterable[SourcedValue]) -> Self:
        """Merge values, best first: the first of a key decides it. Raises `ConfigError`, naming a bad one's origin."""
        chosen: dict[str, SourcedValue] = {}
        for found in values:
            chosen.setdefault(found.key, found)
        own = {key: found.value for key, found in chosen.items() if key in _EXPECTED}
        options = {key: found.value for key, found in chosen.items() if key not in _EXPECTED}
        origins = {key: found.origin for key, found in chosen.items()}
        try:
            return cls(name=name, **own, options=options, origins=origins)
        except ValidationError as error:
            # Not chained: the original keeps the offending values, and one may be a password.
            raise ConfigError(_told(error, chosen)) from None

    @property
    def endpoint(self) -> str:
        """The server and database in short, without credentials: `localhost:6379/0`."""
        if self.unix_socket_path is not None:
            return f"{self.unix_socket_path} db {self.db}"
        return f"{'rediss://' if self.ssl else ''}{self.host}:{self.port}/{self.db}"

    def explain(self) -> str:
        """Tell each value and its origin, one a line, without secrets."""
        return "\n".join(
            f"{key} = {_shown(key, value)}  ({self.origins.get(key, 'default')})" for key, value in self._told_values()
        )

    def _told_values(self) -> Iterable[tuple[str, Any]]:
        unreachable = {"host", "port", "ssl"} if self.unix_socket_path is not None else set()
        for key in _EXPECTED:
            value = getattr(self, key)
            if value is not None and key not in unreachable:
                yield key, value
        yield from self.options.items()


def _shown(key: str, value: Any) -> str:
    if key in _SECRETS:
        return _MASK
    # An object of the caller's (a retry policy, a credential provider) may print what it holds.
    return str(value) if isinstance(value, str | int | float | bool | None) else f"<{type(value).__name__}>"


def _told(error: ValidationError, chosen: Mapping[str, SourcedValue]) -> str:
    keys = dict.fromkeys(str(detail["loc"][0]) for detail in error.errors(include_input=False, include_url=False))
    return " ".join(_fault(chosen[key]) for key in keys)


def _fault(found: SourcedValue) -> str:
    value = f"is {found.value!r}, but" if found.key in _REPEATABLE else "is malformed:"
    return f"{found.origin} {value} {found.key} must be {_EXPECTED[found.key]}."
