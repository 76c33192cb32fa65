"""The one thread of a process that looks after its pools, so that no caller has to.

About once a second it sheds idle connections, lets those that stay show a changed login, and looks whether the files
that settings came from have changed. Files are looked at with `stat`, which sees every kind of exchange: a file that
is written anew, one that is moved over it, and the link that Kubernetes turns in a mounted Secret.

The thread begins with the first that is to be looked after, is a daemon, and ends when nobody is left. A child
process has none until it uses a pool itself. For asyncio each pool's loop looks after its own connections.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Hashable
from pathlib import Path
from typing import Protocol

__all__ = ["INTERVAL", "PATIENCE", "Tended", "file_state", "look_after"]

INTERVAL = 1.0
"""Seconds between two looks."""

PATIENCE = 5.0
"""Seconds that one connection may keep the others waiting for their turn."""

_log = logging.getLogger("mooring")


class Tended(Protocol):
    """Whoever wants to be looked after. Held weakly."""

    def tend(self) -> None:
        """Do what is due. Nothing that it raises ends the thread."""


def file_state(path: str | Path) -> Hashable:
    """Tell by equality whether a file is the same, and has the same content, as before; None when it is not there."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return str(path), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def look_after(tended: Tended) -> None:
    """Have an object tended from now on, in this process, for as long as somebody holds it."""
    _round.add(tended)


class _Round:
    """Who is looked after, and the thread that does it."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget thread and list: a forked child has neither."""
        self._lock = threading.Lock()
        self._tended: weakref.WeakSet[Tended] = weakref.WeakSet()
        self._thread: threading.Thread | None = None

    def add(self, tended: Tended) -> None:
        with self._lock:
            self._tended.add(tended)
            if self._thread is None:
                self._thread = threading.Thread(target=self._go, name="mooring-tending", daemon=True)
                self._thread.start()

    def _go(self) -> None:
        pause = threading.Event()
        while not pause.wait(INTERVAL):
            with self._lock:
                known = list(self._tended)
                if not known:
                    self._thread = None
                    return
            for tended in known:
                _tend(tended)
            # Not held while the thread sleeps.
            known.clear()
            del tended


def _tend(tended: Tended) -> None:
    try:
        tended.tend()
    except Exception as error:  # noqa: BLE001 - one pool's trouble is not the others'
        # Its text could repeat a piece of a setting.
        _log.debug("Looking after %r failed: %s", tended, type(error).__name__)


_round = _Round()
os.register_at_fork(after_in_child=_round.begin_anew)
