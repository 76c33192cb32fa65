"""What a connection knows of its pool, whether threads or tasks use it."""

from __future__ import annotations

from typing import Any

from mooring.runtime.credentials.login_source import LoginSource
from mooring.runtime.credentials.rotation import Credentials
from mooring.runtime.pools.aging import Life, Lifespan
from mooring.runtime.pools.ledger import Ledger

__all__ = ["Berthed"]

# Of a connection that belongs to no pool: they never change.
_UNMOORED = Credentials(LoginSource.fixed(), "")


class Berthed:
    """Goes in front of one of redis-py's connections; its pool moors it before it is first opened."""

    _ledger: Ledger | None = None
    _credentials = _UNMOORED
    _reason: str | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # Whoever makes a connection of a pool's class and arguments by himself gets one that lives for ever.
        self.life = Life(Lifespan())
        super().__init__(*arguments, **options)

    def moor(self, ledger: Ledger, credentials: Credentials) -> None:
        """Belong to a pool."""
        self._ledger = ledger
        self._credentials = credentials
        self.life = ledger.new_life()

    def leave(self, reason: str) -> None:
        """Say why it will be closed next: one word."""
        self._reason = reason

    @property
    def _endpoint(self) -> str:
        # As the pool is called in what listeners hear.
        return self._credentials.endpoint
