"""The tool that every server has beside its vendor's: the rest of a result that was cut."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mooring.servers.call import Call
from mooring.servers.projection import Projection
from mooring.servers.toolset import ToolSpec

__all__ = ["READ_MORE"]


class Slice(Projection):
    """A part of a result's JSON, and where it goes on."""

    text: str
    next_offset: int | None = None


async def read_more(call: Call, handle: str, offset: Annotated[int, Field(ge=0)] = 0) -> Slice:
    """Read on in a result that was cut: its JSON from a character on."""
    text, next_offset = await call.slice(handle, offset)
    return Slice(text=text, next_offset=next_offset)


READ_MORE = ToolSpec(read_more, group="more", writes=False)
