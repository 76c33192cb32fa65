"""A tool as the protocol offers it: its arguments in short, its result's fields, its hints."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import Field

from mooring.servers.schema import shortened
from mooring.servers.toolset import ToolSpec

__all__ = ["MAX_AGE", "REPLAY_KEY", "Runner", "published"]

MAX_AGE = "max_age"
"""The argument of every reading tool: data older than so many seconds is fetched anew."""
REPLAY_KEY = "idempotency_key"
"""The argument of every writing tool: calls with the same key are one, calls with different ones are not."""

Runner = Callable[[ToolSpec, Context[Any, Any], dict[str, Any]], Awaitable[CallToolResult]]

_EXTRA = {
    False: inspect.Parameter(
        MAX_AGE, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[float | None, Field(ge=0)]
    ),
    True: inspect.Parameter(REPLAY_KEY, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=str | None),
}
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=True)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True)


def published(spec: ToolSpec, run: Runner) -> Tool:
    """Make the SDK's tool of a specification; `run` is given the arguments that the model gave, checked."""

    async def call(ctx: Context[Any, Any], **arguments: Any) -> CallToolResult:
        return await run(spec, ctx, arguments)

    signature = inspect.signature(spec.function, eval_str=True)
    given = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in list(signature.parameters.values())[1:]
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Context)
    # The SDK reads both.
    call.__signature__ = inspect.Signature([context, *given, _EXTRA[spec.writes]])  # type: ignore[attr-defined]
    call.__annotations__ = {"ctx": Context}
    tool = Tool.from_function(
        call,
        name=spec.name,
        description=inspect.getdoc(spec.function),
        annotations=_WRITES if spec.writes else _READS,
        structured_output=False,
    )
    tool.parameters = shortened(tool.parameters)
    # That it is an object is all that clients need to know beforehand: the names of its fields would double the list.
    tool.fn_metadata.output_schema = {"type": "object"}
    return tool
