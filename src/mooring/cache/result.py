"""What a loader gives to the cache, and what the cache gives to its caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

__all__ = ["AsyncLoader", "Cached", "Key", "Loaded", "Loader", "NotModified", "State", "Validators"]

T = TypeVar("T")

Key: TypeAlias = "str | int | float | bool | bytes | tuple[Key, ...] | list[Key] | Mapping[str, Key] | None"
"""What names an answer: the operation and its arguments. Equal ones, and no others, are the same answer."""

Validators: TypeAlias = Mapping[str, str]
"""What the upstream gave to ask "has it changed?" with, such as `{"etag": 'W/"1"'}`. Empty if it gave nothing."""


class State(StrEnum):
    """Where a value comes from.

    `HIT`: from the cache, and fresh. `MISS`: the upstream was asked just now. `REVALIDATED`: it was asked just now, and
    said that nothing has changed. `STALE`: from the cache and over its time; it is being refreshed, or the upstream
    fails.
    """

    HIT = "hit"
    MISS = "miss"
    REVALIDATED = "revalidated"
    STALE = "stale"


@dataclass(slots=True)
class Cached(Generic[T]):
    """A value, where it comes from, and its age: the seconds since the upstream was asked for it or confirmed it.

    `negative` tells that the upstream has no such thing. `error` is why a stale value is served, if the upstream
    failed.
    """

    value: T
    state: State
    age: float
    negative: bool = False
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """An answer with what there is to say of it: a loader may return it in place of the bare value.

    `validators` are what the next loader may ask with whether it has changed (default none).
    `negative` marks an answer such as 404: it is kept for the policy's `negative_ttl`. `ttl`, in seconds, overrules the
    policy's. `keep=False` gives it to the caller and stores nothing.
    """

    value: T
    validators: Validators = field(default_factory=dict)
    negative: bool = False
    ttl: float | None = None
    keep: bool = True


@dataclass(frozen=True, slots=True)
class NotModified:
    """The upstream's word (304) that what the validators stand for has not changed."""


Loader: TypeAlias = Callable[[Validators], T | Loaded[T] | NotModified]
"""Asks the upstream. It is given the validators of the entry at hand; only if there are any, NotModified may be the
answer."""

AsyncLoader: TypeAlias = Callable[[Validators], Awaitable[T | Loaded[T] | NotModified]]
"""A Loader for tasks."""
