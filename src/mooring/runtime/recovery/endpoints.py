"""What this process knows of each endpoint, however many pools lead to it: whether it serves, and who is dialing it."""

from __future__ import annotations

import os
import threading
from weakref import WeakValueDictionary

from mooring.runtime.recovery.breaker import Breaker
from mooring.runtime.recovery.dialing import AsyncDials, Dials

__all__ = ["Endpoint", "endpoint"]


class Endpoint:
    """One server, or the servers that Sentinels or a Cluster stand for. `name` has no credentials and no database.

    `last_failure` is why it last could not be reached, empty if it always could.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.last_failure = ""
        self.breaker = Breaker(name)
        self.dials = Dials()
        self.async_dials = AsyncDials()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {self.breaker.state}>"

    def reset(self) -> None:
        """Forget everything, as a forked process must."""
        self.breaker.reset()
        self.dials.reset()
        self.async_dials.reset()


_known: WeakValueDictionary[str, Endpoint] = WeakValueDictionary()
_guard = threading.RLock()


def endpoint(name: str) -> Endpoint:
    """Return what is known of an endpoint, the same to all who ask while anybody keeps it."""
    with _guard:
        found = _known.get(name)
        if found is None:
            found = _known[name] = Endpoint(name)
        return found


def _begin_anew() -> None:
    _guard.release()
    for known in list(_known.values()):
        known.reset()


os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_begin_anew)
