"""What an error says of the command that met it: whether it ran, and whether to ask somebody else."""

from __future__ import annotations

from enum import Enum

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    MasterDownError,
    MaxConnectionsError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.runtime.failures import CircuitOpen, DeadlineExceeded, PoolExhausted

__all__ = ["Kind", "kind_of", "refuses"]


class Kind(Enum):
    """What an error says of the command that met it."""

    FINAL = "it ran, or it will not do better a second time"
    REFUSED = "the server did not run it, and may soon"
    DEMOTED = "the server did not run it, and is not the one to ask"
    LOGIN = "the server did not run it for want of a login"
    LOST = "no reply came"


# The first that fits; all others are FINAL. By the text where redis-py has no class.
_KINDS: tuple[tuple[type[Exception], Kind], ...] = (
    (AuthenticationError, Kind.LOGIN),
    (AuthorizationError, Kind.FINAL),
    (BusyLoadingError, Kind.REFUSED),
    (CircuitOpen, Kind.FINAL),
    (DeadlineExceeded, Kind.FINAL),
    (MaxConnectionsError, Kind.FINAL),
    (PoolExhausted, Kind.FINAL),
    (ReadOnlyError, Kind.DEMOTED),
    (MasterDownError, Kind.DEMOTED),
    (ClusterDownError, Kind.REFUSED),
    (TryAgainError, Kind.REFUSED),
    (InvalidResponse, Kind.FINAL),
    (RedisConnectionError, Kind.LOST),
    (RedisTimeoutError, Kind.LOST),
    (OSError, Kind.LOST),
)
_REFUSALS = {
    "NOREPLICAS": Kind.REFUSED,
    "UNBLOCKED force": Kind.DEMOTED,
    # Up to 5.x only its Cluster client has classes for these.
    "CLUSTERDOWN": Kind.REFUSED,
    "TRYAGAIN": Kind.REFUSED,
    "MASTERDOWN": Kind.DEMOTED,
}


def kind_of(error: BaseException) -> Kind:
    """Tell what an error says of the command that met it."""
    for known, kind in _KINDS:
        if isinstance(error, known):
            return kind
    if isinstance(error, ResponseError):
        told = str(error)
        return next((kind for beginning, kind in _REFUSALS.items() if told.startswith(beginning)), Kind.FINAL)
    return Kind.FINAL


def refuses(error: BaseException) -> bool:
    """Tell whether an error means that the server did not run the command, and that it or its successor may soon."""
    return kind_of(error) in {Kind.REFUSED, Kind.DEMOTED}
