"""Where a proof runs: a folder, private Redis servers, and an end that leaves neither behind."""

from __future__ import annotations

import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mooring.embedded import EmbeddedRedis
from mooring.errors import UsageError
from mooring.prove import Address, Lane, Side

__all__ = ["ending_cleanly", "private_redis", "workspace"]

_LANES = 6
"""Services in first contact at a time, each with a Redis a side."""


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Let a request to end, or a terminal that is closed, do what Ctrl-C does: no server and no copy stays behind."""
    # What is ignored stays so: `nohup` means it.
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def workspace(keep: Path | None) -> Iterator[Path]:
    """A folder for the copies: `keep`, which stays, or one that goes with the block.

    Raises `UsageError` if `keep` holds anything.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="mooring-") as name:
            yield Path(name).resolve()
        return
    if keep.exists() and any(keep.iterdir()):
        raise UsageError(f"--keep {keep}: the folder is not empty; name a new one")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.resolve()


@contextmanager
def private_redis(services: int) -> Iterator[tuple[list[Lane], str]]:
    """Run a lane of private Redis servers for each service, up to six; they share a random password.

    Gives their version as well. Raises `EmbeddedRedisError` where none can be started.
    """
    password = secrets.token_urlsafe(24)
    with ExitStack() as stack:
        lanes, version = [], ""
        for _ in range(min(services, _LANES)):
            servers = {side: stack.enter_context(EmbeddedRedis(password=password)) for side in Side}
            version = servers[Side.AFTER].version
            lanes.append(Lane({side: Address(server.host, server.port, password) for side, server in servers.items()}))
        yield lanes, version
