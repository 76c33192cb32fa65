"""Looks at a Redis with the settings' own client, and at what it tells of its clients. Writes nothing."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from redis.exceptions import NoPermissionError, RedisError

from mooring.config.settings import RedisSettings
from mooring.errors import MooringError
from mooring.report.watch import ClientGroup, PoolLine, Sight, group_clients
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.observing.health import told

__all__ = ["CLIENT_NAME", "Watcher"]

CLIENT_NAME = "mooring-watch"
_PINGS = 10
_REMEMBERED = 1000
_PATIENCE = 3.0
"""Seconds for each command."""


class Watcher:
    """Looks, over one connection, at what a name stands for. Closes what it opened."""

    def __init__(self, settings: RedisSettings, overrides: Mapping[str, Any]) -> None:
        self._settings = settings
        self._manager = RedisConnectionManager()
        self._client: Any = self._manager.client(
            settings.name, **overrides, client_name=CLIENT_NAME, max_connections=1, deadline=_PATIENCE
        )
        self._trips: deque[float] = deque(maxlen=_REMEMBERED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._manager.close()

    def look(self, pools: tuple[Iterable[PoolLine], Iterable[str]] = ((), ())) -> Sight:
        """Look once. Round trips are those of the last thousand pings."""
        problems: list[str] = []
        answers = self._ping(problems)
        server: dict[str, str | int] = self._asked(self._server, "INFO", problems, {}) if answers else {}
        clients: tuple[ClientGroup, ...] = self._asked(self._clients, "CLIENT LIST", problems, ()) if answers else ()
        lines, unread = pools
        return Sight(
            name=self._settings.name,
            endpoint=self._settings.endpoint,
            at=time.time(),
            round_trips=tuple(self._trips) if answers else (),
            server=server,
            clients=clients,
            pools=tuple(lines),
            problems=(*problems, *unread),
        )

    def _ping(self, problems: list[str]) -> bool:
        try:
            for _ in range(_PINGS):
                began = time.perf_counter()
                self._client.ping()
                self._trips.append((time.perf_counter() - began) * 1000)
        except (RedisError, MooringError, OSError) as error:
            problems.append(told(error))
            return False
        return True

    def _asked(self, ask: Callable[[], Any], command: str, problems: list[str], otherwise: Any) -> Any:
        try:
            return ask()
        except NoPermissionError:
            problems.append(f"{command} is not for this user; without it there is less to see")
        except (RedisError, MooringError, OSError) as error:
            problems.append(f"{command}: {told(error)}")
        return otherwise

    def _server(self) -> dict[str, str | int]:
        info = self._client.info()
        known = {
            "version": info.get("redis_version"),
            "role": info.get("role"),
            "clients": info.get("connected_clients"),
            "at most": info.get("maxclients"),
            "blocked": info.get("blocked_clients"),
            "commands/s": info.get("instantaneous_ops_per_sec"),
            "memory": info.get("used_memory_human"),
            "replicas": info.get("connected_slaves"),
        }
        return {key: value for key, value in known.items() if value is not None}

    def _clients(self) -> tuple[ClientGroup, ...]:
        return group_clients(client for client in self._client.client_list() if client.get("name") != CLIENT_NAME)
