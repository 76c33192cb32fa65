"""What the settings ask for, as servers to visit. All that the doctor knows of `RedisSettings` is here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from mooring.config.explanation import Explanation
from mooring.config.nodes import Node
from mooring.config.settings import RedisSettings
from mooring.doctor.access import Credentials
from mooring.doctor.trust import Trust
from mooring.doctor.visit import Server

__all__ = ["Target"]

_TLS_OPTIONS = ("ssl_ca_path", "ssl_ca_data", "ssl_ciphers")
"""Arguments of redis-py that the settings hand on without a word of their own."""


@dataclass(frozen=True, slots=True)
class Target:
    """The servers of one connection: `server`, or with `cluster` some nodes, or the Sentinels that know `master`."""

    explanation: Explanation
    pool: int
    server: Server
    cluster: tuple[Server, ...] = ()
    sentinels: tuple[Server, ...] = ()
    master: str = ""

    @classmethod
    def of(cls, settings: RedisSettings) -> Self:
        """Read the settings. Raises ConfigError where TLS cannot be set up as they say."""
        password = None if settings.password is None else settings.password.get_secret_value()
        server = Server(
            settings.host,
            settings.port,
            settings.unix_socket_path,
            _trust(settings),
            settings.ssl_server_name,
            Credentials(settings.username, password),
            settings.db,
        )
        sentinel = replace(server, credentials=Credentials(**settings.sentinel_credentials()), db=0)
        return cls(
            explanation=settings.explanation(),
            pool=settings.max_connections,
            server=server,
            cluster=_servers(server, settings.cluster_nodes),
            sentinels=_servers(sentinel, settings.sentinels),
            master=settings.sentinel_master or "",
        )


def _trust(settings: RedisSettings) -> Trust | None:
    if not settings.ssl or settings.unix_socket_path is not None:
        return None
    plain = {key: settings.options[key] for key in _TLS_OPTIONS if key in settings.options}
    return Trust.of({**plain, **settings.tls_arguments()})


def _servers(like: Server, nodes: Iterable[Node]) -> tuple[Server, ...]:
    return tuple(replace(like, host=host, port=port) for host, port in nodes)
