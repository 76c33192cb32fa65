"""Pipelines of a client with a local cache: what they have written is forgotten there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from mooring.runtime.commands import traits

__all__ = ["make_async_forgetful", "make_forgetful"]

Forget = Callable[[Sequence[Sequence[Any]]], None]


class _Forgetting:
    """Goes in front of the class of a pipeline for threads."""

    forget: Forget

    def execute(self, raise_on_error: bool = True) -> Any:
        """Execute all commands, and forget what they have written."""
        written = _written(self)
        try:
            return super().execute(raise_on_error)  # type: ignore[misc]
        finally:
            self.forget(written)

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command between WATCH and MULTI, and forget what it has written."""
        try:
            return super().immediate_execute_command(*args, **options)  # type: ignore[misc]
        finally:
            if not traits(args).read_only:
                self.forget([args])


class _AsyncForgetting:
    """The same for tasks."""

    forget: Forget

    async def execute(self, raise_on_error: bool = True) -> Any:
        """Execute all commands, and forget what they have written."""
        written = _written(self)
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


def make_forgetful(pipe: Any, forget: Forget) -> None:
    """Have a pipeline tell which commands that write have ended, however they did."""
    _put_in_front(pipe, _Forgetting, forget)


def make_async_forgetful(pipe: Any, forget: Forget) -> None:
    """Do the same to a pipeline for tasks."""
    _put_in_front(pipe, _AsyncForgetting, forget)


def _put_in_front(pipe: Any, front: type, forget: Forget) -> None:
    # Of whatever class it is, for a client has several.
    own: type = type(pipe)
    pipe.__class__ = _forgetting(own, front)
    pipe.forget = forget


@functools.cache
def _forgetting(pipeline_class: type, front: type) -> type:
    return type(f"Forgetting{pipeline_class.__name__}", (front, pipeline_class), {"__module__": __name__})


def _written(pipe: Any) -> list[Sequence[Any]]:
    return [args for args, _ in pipe.command_stack if not traits(args).read_only]
