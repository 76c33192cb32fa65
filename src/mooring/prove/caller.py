"""Imports a function and calls it as told: `caller.py MODULE:FUNCTION`, one JSON message a line.

In come `{"id", "arguments"}`; out go first `{"ready": true}`, then for each `{"id", "answer"}` or `{"id", "error"}`.
Coroutine functions run in one event loop, others in threads. Run as a script, with the standard library alone; Mooring
never imports it. The folder that it is started in is where modules are looked for first.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

THREADS = 64


async def serve(function: Callable[..., Any], output: Any) -> None:
    """Answer until the input ends."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    lines: asyncio.Queue[str] = asyncio.Queue()
    reader = loop.run_in_executor(ThreadPoolExecutor(1), read, loop, lines)
    running: set[asyncio.Task[None]] = set()
    while line := await lines.get():
        task = asyncio.create_task(answer(function, json.loads(line), output))
        running.add(task)
        task.add_done_callback(running.discard)
    await reader


def read(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    """Hand on each line, and an empty one at the end."""
    for line in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, "")


async def answer(function: Callable[..., Any], message: dict[str, Any], output: Any) -> None:
    """Make one call and say what came of it."""
    try:
        if inspect.iscoroutinefunction(function):
            found = await function(**message["arguments"])
        else:
            found = await asyncio.to_thread(function, **message["arguments"])
        told = {"id": message["id"], "answer": found if isinstance(found, dict) else None}
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        told = {"id": message["id"], "error": f"{type(error).__name__}: {error}"}
    output.write(json.dumps(told, default=str) + "\n")
    output.flush()


def main(target: str) -> None:
    """Import, say so, and serve."""
    # What the function prints must not get between the answers.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as Python itself would
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    output.write('{"ready": true}\n')
    output.flush()
    asyncio.run(serve(function, output))


if __name__ == "__main__":
    main(sys.argv[1])
