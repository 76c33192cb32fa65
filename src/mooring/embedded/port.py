"""Free TCP ports on 127.0.0.1."""

from __future__ import annotations

import secrets
import socket

from mooring.errors import EmbeddedRedisError

__all__ = ["BUS_OFFSET", "HOST", "free_port"]

HOST = "127.0.0.1"

BUS_OFFSET = 10_000
"""A cluster node's bus listens on its port plus this; only Redis 7 lets one choose."""

# Below the ports that systems hand to outgoing connections, so that a server can come back to its port after a restart;
# above 6379 and its like; and with the bus still below those ports.
_FIRST, _LAST = 10_500, 22_500
_ATTEMPTS = 200


def free_port(*, bus: bool = False) -> int:
    """Return a port that nothing listens on, with `bus` one whose cluster bus port is free as well.

    Another process may take it before it is used: the caller tries again.
    """
    for _ in range(_ATTEMPTS):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if _is_free(port) and (not bus or _is_free(port + BUS_OFFSET)):
            return port
    raise EmbeddedRedisError(f"no free port was found on {HOST} between {_FIRST} and {_LAST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
