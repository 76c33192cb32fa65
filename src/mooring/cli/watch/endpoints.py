"""Reads the pools of services out of their `/metrics`. Needs prometheus_client, of the extra `metrics`."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mooring.errors import MissingExtra, UsageError
from mooring.report.watch import PoolLine

if TYPE_CHECKING:
    from prometheus_client import Metric

__all__ = ["pool_lines", "read_pools"]

_PATIENCE = 3.0
"""Seconds for each endpoint."""
_MOST: Final = 16 * 2**20
"""Bytes of an answer; a service's metrics are some hundred thousand."""
_PREFIX = "mooring_redis_"


def read_pools(urls: Sequence[str]) -> tuple[list[PoolLine], list[str]]:
    """Return the pools that endpoints tell of, and in words what could not be read.

    Raises `UsageError` for what is no HTTP URL, `MissingExtra` without prometheus_client.
    """
    lines: list[PoolLine] = []
    problems: list[str] = []
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError("--endpoint: must be the URL of a service's metrics, as http://localhost:8080/metrics")
        try:
            lines += pool_lines(parts.netloc.rpartition("@")[2], _metrics(url))
        except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError) as error:
            problems.append(f"--endpoint {parts.hostname}: {_words(error)}")
    return lines, problems


def pool_lines(source: str, metrics: Iterable[Metric]) -> list[PoolLine]:
    """Return one line for each endpoint that a service's metrics tell of."""
    found: dict[str, dict[str, int]] = {}
    breakers: dict[str, str] = {}
    for metric in metrics:
        for sample in metric.samples:
            endpoint, state = sample.labels.get("endpoint"), sample.labels.get("state", "")
            name = sample.name.removeprefix(_PREFIX)
            if endpoint is None or name == sample.name:
                continue
            if name == "breaker_state" and sample.value:
                breakers[endpoint] = state
            elif name in {"pool_connections", "pool_waiting", "pool_max_connections"}:
                found.setdefault(endpoint, {})[f"{name}{state}"] = int(sample.value)
    return [
        PoolLine(
            source=source,
            endpoint=endpoint,
            in_use=numbers.get("pool_connectionsin_use", 0),
            idle=numbers.get("pool_connectionsidle", 0),
            waiting=numbers.get("pool_waiting", 0),
            max_connections=numbers.get("pool_max_connections", 0),
            # Of a server there is one, whatever the database.
            breaker=breakers.get(endpoint) or breakers.get(endpoint.rpartition("/")[0], "closed"),
        )
        for endpoint, numbers in found.items()
    ]


def _metrics(url: str) -> Iterable[Metric]:
    try:
        from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise MissingExtra("prometheus_client, which --endpoint needs,", "metrics") from error
    # The scheme is one of HTTP's two, the caller has seen to that.
    with urllib.request.urlopen(url, timeout=_PATIENCE) as response:  # noqa: S310
        text = response.read(_MOST).decode("utf-8", "replace")
    return list(text_string_to_metric_families(text))


def _words(error: Exception) -> str:
    # urllib wraps what happened, and HTTP's own errors have a phrase there.
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason) or type(error).__name__
