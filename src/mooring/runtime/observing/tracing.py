"""A span for each command, by opentelemetry-api: its name, endpoint and outcome, never its arguments."""

from __future__ import annotations

import time

from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider, get_tracer

from mooring.runtime.hooks import Hooks
from mooring.runtime.observing.command_names import command_name
from mooring.runtime.observing.telemetry import SCOPE, address

__all__ = ["Spans"]


class Spans(Hooks):
    """Makes a span when a command has ended, begun when it began, as a child of what its caller is about.

    A span of an SDK takes tens of microseconds, as much as a command; a sampler spares what it drops.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._tracer = get_tracer(SCOPE, tracer_provider=provider)

    def command(self, endpoint: str, command: str, seconds: float, error: BaseException | None) -> None:
        """Make the span."""
        name = command_name(command)
        span = self._tracer.start_span(
            name,
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "redis", "db.operation.name": name, **address(endpoint)},
            start_time=time.time_ns() - int(seconds * 1e9),
        )
        if error is not None and span.is_recording():
            kind = type(error).__name__
            span.set_attribute("error.type", kind)
            # Not the message: the server quotes arguments in some.
            span.set_status(Status(StatusCode.ERROR, kind))
        span.end()
