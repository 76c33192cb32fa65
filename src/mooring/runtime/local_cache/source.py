"""Where a tracking lane comes from: a connection as the others, whose server has been told to say what changes."""

from __future__ import annotations

from typing import Any

from redis._parsers import _AsyncRESP2Parser, _AsyncRESP3Parser
from redis.exceptions import ResponseError

from mooring.config.cache_size import CacheSize
from mooring.runtime.lanes.source import LaneSource
from mooring.runtime.recovery.kinds import Kind, kind_of

__all__ = ["TrackingRefused", "TrackingSource"]


class TrackingRefused(ResponseError):
    """The server does not tell of changes; so nothing is cached."""


class TrackingSource:
    """Opens connections on which the server tells what changes; all else as the source behind it does."""

    def __init__(self, source: LaneSource, size: CacheSize, encoder: Any) -> None:
        self._source = source
        self._arguments = ["CLIENT", "TRACKING", "ON"]
        self._arguments += ["BCAST"] if size.prefixes else ["OPTIN"]
        for prefix in size.prefixes:
            self._arguments += ["PREFIX", prefix]
        # A key that is no text must not spoil the reading: replies are decoded when they land.
        self._encoder = type(encoder)(encoder.encoding, encoder.encoding_errors, decode_responses=False)
        self.generation = source.generation
        self.master_watch = source.master_watch
        self.refused = source.refused

    async def open(self) -> Any:
        """Open a connection. Raises redis-py's errors, and `TrackingRefused`."""
        connection = await self._source.open()
        try:
            if str(connection.protocol) != "3":
                await _speak_resp3(connection)
            await connection.send_command(*self._arguments, check_health=False)
            await connection.read_response()
        except ResponseError as error:
            await connection.disconnect(nowait=True)
            if kind_of(error) is not Kind.FINAL:  # it is loading, or no master: soon it may track
                raise
            raise TrackingRefused(*error.args) from error
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        connection.encoder = self._encoder
        return connection


async def _speak_resp3(connection: Any) -> None:
    """Go over to RESP3 on a connection that has been let in: in RESP2 no change is told beside replies."""
    if isinstance(connection._parser, _AsyncRESP2Parser):
        connection.set_parser(_AsyncRESP3Parser)
        connection._parser.on_connect(connection)
    await connection.send_command("HELLO", "3", check_health=False)
    await connection.read_response()
