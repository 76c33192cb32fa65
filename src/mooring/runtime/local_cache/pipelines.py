"""Pipelines of a client with a local cache: what they have written is forgotten there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from redis.asyncio.client import Pipeline

from mooring.runtime.commands import traits

__all__ = ["make_forgetful"]

Forget = Callable[[Sequence[Sequence[Any]]], None]


class _Forgetting:
    """Goes in front of a pipeline's class."""

    forget: Forget

    async def execute(self, raise_on_error: bool = True) -> Any:
        """Execute all commands, and forget what they have written."""
        written = [args for args, _ in self.command_stack if not traits(args).read_only]  # type: ignore[attr-defined]
        try:
            return await super().execute(raise_on_error)  # type: ignore[misc]
        finally:
            self.forget(written)

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command between WATCH and MULTI, and forget what it has written."""
        try:
            return await super().immediate_execute_command(*args, **options)  # type: ignore[misc]
        finally:
            if not traits(args).read_only:
                self.forget([args])


def make_forgetful(pipe: Pipeline, forget: Forget) -> None:
    """Have a pipeline tell which commands that write have ended, however they did."""
    # Of whatever class it is, for a client has several.
    pipe.__class__ = _forgetting(type(pipe))
    pipe.forget = forget  # type: ignore[attr-defined]


@functools.cache
def _forgetting(pipeline_class: type) -> type:
    return type(f"Forgetting{pipeline_class.__name__}", (_Forgetting, pipeline_class), {"__module__": __name__})
