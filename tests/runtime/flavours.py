"""One call, made by a client for threads or by one for asyncio: what a test of both says once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, Protocol

from mooring import RedisConnectionManager

__all__ = ["FLAVOURS", "Asking", "ask_in_tasks", "ask_in_threads"]


class Asking(Protocol):
    """Makes a client of a fresh manager, hands it to `use` and returns what that gives, closed again."""

    def __call__(self, use: Callable[[Any], Any], **overrides: Any) -> Any: ...


def ask_in_threads(use: Callable[[Any], Any], **overrides: Any) -> Any:
    with RedisConnectionManager() as manager, manager.client(**overrides) as client:
        return use(client)


def ask_in_tasks(use: Callable[[Any], Any], **overrides: Any) -> Any:
    async def ask() -> Any:
        async with RedisConnectionManager() as manager, manager.async_client(multiplex=False, **overrides) as client:
            answer = use(client)
            return await answer if inspect.isawaitable(answer) else answer

    return asyncio.run(ask())


FLAVOURS: dict[str, Asking] = {"threads": ask_in_threads, "tasks": ask_in_tasks}
