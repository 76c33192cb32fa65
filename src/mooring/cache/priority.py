"""Whose call goes first when there is not enough for all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum

__all__ = ["Priority", "background", "current_priority"]


class Priority(IntEnum):
    """The higher goes first: `INTERACTIVE`, for which somebody waits, before `BACKGROUND`, such as warming up."""

    BACKGROUND = 0
    INTERACTIVE = 1


_current: ContextVar[Priority] = ContextVar("mooring_priority", default=Priority.INTERACTIVE)


def current_priority() -> Priority:
    """Tell the priority of what runs in this context: interactive, unless it is told otherwise."""
    return _current.get()


@contextmanager
def background() -> Iterator[None]:
    """Give everything inside, and the tasks that it starts, the lowest priority."""
    token = _current.set(Priority.BACKGROUND)
    try:
        yield
    finally:
        _current.reset(token)
