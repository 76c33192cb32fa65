"""What the health endpoints answer, whatever serves them: `/livez`, `/readyz` and `/metrics`. Pure but for metrics.

`/livez` says that the process answers, and never touches Redis: a Redis that is down must not have every service
restarted. `/readyz` says whether to send requests here: 200 while Redis can be reached, or could within the grace, so
that one lost look does not take a service out of its load balancer; else 503. Its body tells why, as JSON without
secrets. `/metrics` is Prometheus' text, if prometheus_client is installed.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from mooring.runtime.observing.health import Health

__all__ = ["GRACE", "PATHS", "Answer", "alive", "metrics", "metrics_available", "not_found", "ready", "wrong_method"]

GRACE: Final = 10.0
"""Seconds for which a service stays ready after Redis was last reached."""
PATHS: Final = ("/livez", "/readyz", "/metrics")

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: HTTPStatus
    media_type: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """Its headers: what it is, and that no one may keep it."""
        allowed = {"Allow": "GET, HEAD"} if self.status is HTTPStatus.METHOD_NOT_ALLOWED else {}
        return {
            "Content-Type": self.media_type,
            "Content-Length": str(len(self.body)),
            "Cache-Control": "no-store",
            **allowed,
        }


def alive() -> Answer:
    """Return the answer of `/livez`."""
    return Answer(HTTPStatus.OK, _TEXT, b"ok\n")


def ready(healths: Sequence[Health], now: float, grace: float = GRACE) -> Answer:
    """Return the answer of `/readyz`, at Unix time `now`: ready if every Redis is."""
    told = [
        {
            "name": health.name,
            "endpoint": health.endpoint,
            "ready": health.ready(now, grace),
            "state": health.state.value,
            "reason": health.reason,
            "since": health.since,
            "checked": health.checked,
            "round_trip": health.round_trip,
        }
        for health in healths
    ]
    well = all(one["ready"] for one in told)
    body = json.dumps({"ready": well, "redis": told}).encode() + b"\n"
    return Answer(HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, _JSON, body)


def metrics_available() -> bool:
    """Tell whether `/metrics` has something to show."""
    return importlib.util.find_spec("prometheus_client") is not None


def metrics() -> Answer:
    """Return the answer of `/metrics`."""
    if not metrics_available():
        return Answer(HTTPStatus.NOT_FOUND, _TEXT, b"prometheus_client is missing: pip install 'mooring[metrics]'\n")
    from mooring.runtime.observing.prometheus import exposition  # noqa: PLC0415 - where it is installed

    body, media_type = exposition()
    return Answer(HTTPStatus.OK, media_type, body)


def not_found() -> Answer:
    """Return the answer of any other path."""
    return Answer(HTTPStatus.NOT_FOUND, _TEXT, f"there are {', '.join(PATHS)}\n".encode())


def wrong_method() -> Answer:
    """Return the answer of any method but GET and HEAD."""
    return Answer(HTTPStatus.METHOD_NOT_ALLOWED, _TEXT, b"GET or HEAD\n")
