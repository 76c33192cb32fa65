"""What happens to a private Redis while it is used: each fault, and how its address goes on.

A `Berth` is one Redis behind one address. It is made and struck in a thread, as its servers block.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from mooring.embedded import EmbeddedRedis
from mooring.prove.environment import Address
from mooring.prove.relay import Relay
from mooring.prove.scenarios import Scenario

__all__ = ["Berth"]

_DOWN = 0.5
"""Seconds that a killed Redis stays away."""
_TIGHT = 2.0
"""Seconds in which a Redis takes hardly any new connection."""
_ROOM = 8
"""How many more it takes."""


class Berth:
    """A private Redis for one fault on one side; `address` stays what it is, whatever strikes.

    `password_file` is where its password is written, for a service that reads it from there.
    """

    def __init__(self, fault: Scenario, password_file: Path) -> None:
        self._fault = fault
        self._file = password_file
        self._stack = ExitStack()
        self._password, self._next = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._replica: EmbeddedRedis | None = None
        self._relay: Relay | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._master = stack.enter_context(EmbeddedRedis(password=self._password))
            if self._fault is Scenario.FAILOVER:
                settings = {"replicaof": f"{self._master.host} {self._master.port}"}
                self._replica = stack.enter_context(EmbeddedRedis(password=self._password, settings=settings))
                self._relay = stack.enter_context(Relay(self._master.port))
            self._file.write_text(self._password)
            self._file.chmod(0o600)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()
        self._file.unlink(missing_ok=True)

    @property
    def address(self) -> Address:
        """Where the service finds it."""
        port = self._relay.port if self._relay else self._master.port
        return Address(self._master.host, port, self._password)

    @property
    def passwords(self) -> tuple[str, ...]:
        """What it asks for at first, and what after a rotation."""
        return self._password, self._next

    def strike(self) -> None:
        """Let the fault happen, and return once the Redis is whole again."""
        strikes: dict[Scenario, Callable[[], None]] = {
            Scenario.RESTART: self._restart,
            Scenario.FAILOVER: self._fail_over,
            Scenario.EXHAUSTION: self._exhaust,
            Scenario.ROTATION: self._rotate,
        }
        strikes[self._fault]()

    def _restart(self) -> None:
        self._master.kill()
        time.sleep(_DOWN)
        self._master.restart()

    def _fail_over(self) -> None:
        """As a Service in front of a replicated Redis: new connections reach the new master, old ones stay."""
        if self._replica is None or self._relay is None:
            return
        with self._replica.client() as new, self._master.client() as old:
            new.execute_command("REPLICAOF", "NO", "ONE")
            self._relay.target = self._replica.port
            old.execute_command("REPLICAOF", self._replica.host, self._replica.port)

    def _exhaust(self) -> None:
        with self._master.client() as client:
            most = client.config_get("maxclients")["maxclients"]
            client.config_set("maxclients", client.info("clients")["connected_clients"] + _ROOM)
            time.sleep(_TIGHT)
            client.config_set("maxclients", most)

    def _rotate(self) -> None:
        """As an operator should: the new password is let in before it is handed out, the old one goes last."""
        with self._master.client() as client:
            client.execute_command("ACL", "SETUSER", "default", f">{self._next}")
            self._file.write_text(self._next)
            client.execute_command("ACL", "SETUSER", "default", f"<{self._password}")
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
