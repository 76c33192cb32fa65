"""Redis settings: the sources merged, validated, explained, redacted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from ssl import TLSVersion
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from mooring.config.bounds import BOUNDS, read_bound
from mooring.config.cache_size import CacheSize, read_local_cache
from mooring.config.environment import Environment
from mooring.config.explanation import Explained, Explanation, shown
from mooring.config.faults import FIELDS, refuse_mismatch, told_faults
from mooring.config.nodes import CLUSTER_PORT, SENTINEL_PORT, Node, read_nodes, write_nodes
from mooring.config.rendering import write_server, write_url
from mooring.config.sources import read_sources
from mooring.config.surroundings import Surroundings
from mooring.config.tls import TLS_FILES, check_tls_files, read_min_version, read_verify_mode
from mooring.config.value import SourcedValue
from mooring.config.variables import DEFAULT_NAME
from mooring.errors import ConfigError

__all__ = ["Mode", "RedisSettings"]

# TLS that is asked for by these alone, where nothing says whether to use it.
_TLS_SIGNS = (*TLS_FILES, "ssl_server_name")


class Mode(StrEnum):
    """The ways in which Redis is reached."""

    STANDALONE = "standalone"
    UNIX_SOCKET = "unix socket"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


_Bound = Annotated[Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, BeforeValidator(read_bound)]


def _nodes(default_port: int) -> BeforeValidator:
    return BeforeValidator(lambda value: read_nodes(value, default_port) if isinstance(value, str) else value)


class RedisSettings(BaseModel):
    """Where one Redis is, how to get in, and the bounds within which it is used.

    The server is `host` (default localhost) at `port` (6379), database `db` (0). `max_connections` bounds the pool
    (default 50); `pool_timeout` is the longest wait for a connection of a full pool, in seconds (default 5). `deadline`
    is the longest that one call may take, waiting, connecting and retrying included (default 5 s); a connection is
    closed at the age of `max_age` seconds (default 1800) or after `max_idle` seconds without use (default 300); none of
    the three bounds anything when it is None. With `multiplex` asyncio clients share sockets where a command allows it
    (default true), `lanes` of them (1 to 4, default 1). `local_cache` is how much a process keeps of what it has read
    (default None, nothing). `options` holds every other argument for redis-py, as given; all others are what the
    variables of their names say (`mooring.config.variables`). `origins` tells where each value came from; what is not
    in it is a default. `files` are those that a value was read from, or that hold TLS certificates and keys: when one
    of them changes, so do the settings. `environment` is where they were read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = DEFAULT_NAME
    # Not a URL, which could carry a password into the logs under the name of a host.
    host: str = Field(default="localhost", pattern=r"^[^\s/@,?#]+$")
    port: int = Field(default=6379, ge=1, le=65535)
    unix_socket_path: str | None = None
    sentinels: Annotated[tuple[Node, ...], _nodes(SENTINEL_PORT)] = ()
    sentinel_master: str | None = Field(default=None, min_length=1)
    sentinel_username: str | None = None
    sentinel_password: SecretStr | None = None
    cluster_nodes: Annotated[tuple[Node, ...], _nodes(CLUSTER_PORT)] = ()
    username: str | None = None
    password: SecretStr | None = None
    db: int = Field(default=0, ge=0)
    ssl: bool = False
    ssl_cert_reqs: Annotated[str, BeforeValidator(read_verify_mode)] = "required"
    ssl_check_hostname: bool | None = None
    ssl_min_version: Annotated[TLSVersion | None, BeforeValidator(read_min_version)] = None
    ssl_server_name: str | None = Field(default=None, pattern=r"^[^\s/@:]+$")
    ssl_ca_certs: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_password: SecretStr | None = None
    max_connections: int = Field(default=50, ge=1)
    pool_timeout: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    deadline: _Bound = 5.0
    max_age: _Bound = 1800.0
    max_idle: _Bound = 300.0
    multiplex: bool = True
    lanes: int = Field(default=1, ge=1, le=4)
    local_cache: Annotated[CacheSize | None, BeforeValidator(read_local_cache)] = None
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    origins: Mapping[str, str] = Field(default_factory=dict, repr=False)
    files: tuple[Path, ...] = Field(default=(), repr=False)
    environment: Environment | None = Field(default=None, repr=False)

    @classmethod
    def load(
        cls,
        name: str = DEFAULT_NAME,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        root: Path | None = None,
        directory: Path | None = None,
    ) -> Self:
        """Read the settings of connection `name` from `overrides`, then from what surrounds the process.

        `environ` is this process's environment unless given; marker files and secrets are sought under `root`, `.env`
        from `directory` upwards. `mooring.config.sources` tells the order. Raises `ConfigError` when a value is
        malformed, a file cannot be read or values contradict each other, naming the variable, file or argument.
        """
        here = Surroundings.here()
        surroundings = Surroundings(
            here.environ if environ is None else environ, root or here.root, directory or here.directory
        )
        environment = surroundings.environment
        values = read_sources(name, overrides or {}, surroundings, environment)
        return cls.from_sources(name, values, environment)

    @classmethod
    async def aload(cls, name: str = DEFAULT_NAME, overrides: Mapping[str, Any] | None = None) -> Self:
        """Do what `load` does in a thread, so that a slow source (Pulumi ESC) does not hold up the event loop."""
        return await asyncio.to_thread(cls.load, name, None, overrides)

    @classmethod
    def from_sources(cls, name: str, values: Iterable[SourcedValue], environment: Environment | None = None) -> Self:
        """Merge values, best first: the first of a key decides it. Raises `ConfigError`, naming a bad one's origin."""
        chosen: dict[str, SourcedValue] = {}
        for found in values:
            chosen.setdefault(found.key, found)
        sign = next((chosen[key] for key in _TLS_SIGNS if key in chosen and chosen[key].value is not None), None)
        if sign is not None and not sign.origin.startswith("argument "):
            chosen.setdefault("ssl", SourcedValue("ssl", True, f"{sign.origin}, which asks for it"))
        own = {key: found.value for key, found in chosen.items() if key in FIELDS}
        options = {key: found.value for key, found in chosen.items() if key not in FIELDS}
        origins = {key: found.origin for key, found in chosen.items()}
        read = dict.fromkeys(found.file for found in chosen.values() if found.file is not None)
        try:
            settings = cls(
                name=name, **own, options=options, origins=origins, files=tuple(read), environment=environment
            )
        except ValidationError as error:
            # Not chained: the original keeps the offending values, and one may be a password.
            raise ConfigError(told_faults(error, chosen)) from None
        return settings._checked()

    @property
    def mode(self) -> Mode:
        """How Redis is reached."""
        if self.unix_socket_path is not None:
            return Mode.UNIX_SOCKET
        if self.sentinels:
            return Mode.SENTINEL
        return Mode.CLUSTER if self.cluster_nodes else Mode.STANDALONE

    @property
    def endpoint(self) -> str:
        """The server and database in short, without credentials: `localhost:6379/0`."""
        if self.unix_socket_path is not None:
            return f"{self.unix_socket_path} db {self.db}"
        return write_server(self).removeprefix("redis://")

    @property
    def server(self) -> str:
        """The server alone, or those that stand for it, without credentials: `localhost:6379`."""
        if self.unix_socket_path is not None:
            return self.unix_socket_path
        return self.endpoint if self.cluster_nodes else self.endpoint.rpartition("/")[0]

    def url(self) -> str:
        """Write the settings as one URL with every secret in it. Raises `ConfigError` for what no URL can carry."""
        return write_url(self)

    def tls_arguments(self) -> dict[str, Any]:
        """Return what TLS is made with, secrets in clear, by redis-py's names; `ssl_server_name` is not one of them."""
        password = None if self.ssl_password is None else self.ssl_password.get_secret_value()
        checks_name = self.ssl_cert_reqs != "none" if self.ssl_check_hostname is None else self.ssl_check_hostname
        given = {key: getattr(self, key) for key in (*_TLS_SIGNS, "ssl_min_version")} | {"ssl_password": password}
        return {
            "ssl_cert_reqs": self.ssl_cert_reqs,
            "ssl_check_hostname": checks_name,
            **{key: value for key, value in given.items() if value is not None},
        }

    def sentinel_credentials(self) -> dict[str, str | None]:
        """Return user name and password of the Sentinels themselves, in clear."""
        password = None if self.sentinel_password is None else self.sentinel_password.get_secret_value()
        return {"username": self.sentinel_username, "password": password}

    def explain(self) -> str:
        """Tell each value and its origin, one a line, without secrets."""
        return str(self.explanation())

    def explanation(self) -> Explanation:
        """Tell the same as data."""
        values = tuple(
            Explained(key, shown(key, value), self.origins.get(key, "default")) for key, value in self._told_values()
        )
        return Explanation(self.name, self.mode.value, self.endpoint, self.environment, values)

    def _told_values(self) -> Iterable[tuple[str, Any]]:
        unreachable = {"host", "port"} if self.mode is not Mode.STANDALONE else set()
        if self.mode is Mode.UNIX_SOCKET:
            unreachable.add("ssl")
        if not self.ssl:
            unreachable.add("ssl_cert_reqs")
        for key in FIELDS:
            value = getattr(self, key)
            empty = value in (None, ()) and key not in BOUNDS
            if not empty and (key in self.origins or key not in unreachable):
                yield key, write_nodes(value) if key in {"sentinels", "cluster_nodes"} else value
        yield from self.options.items()

    def _checked(self) -> Self:
        refuse_mismatch(self.sentinels, self.sentinel_master, self.cluster_nodes, self.db, self.origins)
        if not self.ssl or self.unix_socket_path is not None:
            return self
        files = {key: str(value) for key in TLS_FILES if (value := getattr(self, key)) is not None}
        check_tls_files(files, self.tls_arguments().get("ssl_password"), self.origins)
        return self.model_copy(update={"files": tuple(dict.fromkeys((*self.files, *map(Path, files.values()))))})
