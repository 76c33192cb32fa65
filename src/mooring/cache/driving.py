"""Drives a flow: performs its steps and sends it their results, or throws in their errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar, cast

__all__ = ["adrive", "drive"]

S = TypeVar("S")
T = TypeVar("T")


async def adrive(flow: Generator[S, Any, T], perform: Callable[[S], Awaitable[Any]]) -> T:
    """Drive a flow as a task. A cancellation is thrown in too, so that the flow can clear up."""
    go: Callable[[Any], S] = flow.send
    result: Any = None
    while True:
        try:
            step = go(result)
        except StopIteration as end:
            return cast("T", end.value)
        try:
            result, go = await perform(step), flow.send
        except BaseException as error:  # noqa: BLE001 - the flow decides
            result, go = error, flow.throw


def drive(flow: Generator[S, Any, T], perform: Callable[[S], Any]) -> T:
    """Drive a flow as a thread."""
    go: Callable[[Any], S] = flow.send
    result: Any = None
    while True:
        try:
            step = go(result)
        except StopIteration as end:
            return cast("T", end.value)
        try:
            result, go = perform(step), flow.send
        except BaseException as error:  # noqa: BLE001 - the flow decides
            result, go = error, flow.throw
