"""What a server counts, for Prometheus: tool calls, where their data came from, calls to the vendor, quota left."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from mooring.servers.freshness import Freshness
from mooring.servers.operation import Operation

__all__ = ["Metrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SAVED = frozenset({"hit", "stale"})


class Metrics:
    """The counters of one server. Labels are bounded: tools, operations and outcomes, never arguments or accounts.

    The hit ratio of a tool is `mooring_tool_reads_total{state="hit"}` by all of its states.
    """

    def __init__(self, server: str) -> None:
        self._registry = CollectorRegistry()
        self._server = server
        self._calls = self._counter("mooring_tool_calls", "Tool calls by outcome", "tool", "outcome")
        self._seconds = Histogram(
            "mooring_tool_seconds",
            "Seconds that tool calls took",
            ["server", "tool"],
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._reads = self._counter("mooring_tool_reads", "Reads by where the answer came from", "tool", "state")
        self._saved = self._counter("mooring_upstream_saved", "Calls to the vendor that the cache saved", "tool")
        self._replayed = self._counter("mooring_writes_replayed", "Writes answered from their first result", "tool")
        self._upstream = self._counter(
            "mooring_upstream_requests", "Requests to the vendor (status 0: no answer)", "operation", "status"
        )
        self._quota = Gauge(
            "mooring_upstream_quota_remaining",
            "What the vendor last said is left of a rate limit",
            ["server", "budget"],
            registry=self._registry,
        )

    def called(self, tool: str, outcome: str, seconds: float) -> None:
        """A tool was called: its outcome is `ok`, the kind of the error, `cancelled` or `crashed`."""
        self._calls.labels(self._server, tool, outcome).inc()
        self._seconds.labels(self._server, tool).observe(seconds)

    def read(self, tool: str, budget: str, freshness: Freshness) -> None:
        """A tool read something."""
        self._reads.labels(self._server, tool, freshness.state).inc()
        if freshness.state in _SAVED:
            self._saved.labels(self._server, tool).inc()
        if freshness.quota is not None:
            self._quota.labels(self._server, budget).set(freshness.quota.remaining)

    def replayed(self, tool: str) -> None:
        """A write was asked for again, and not made again."""
        self._replayed.labels(self._server, tool).inc()

    def requested(self, operation: Operation, status: int, seconds: float) -> None:
        """A request was sent to the vendor."""
        del seconds
        self._upstream.labels(self._server, operation.name, str(status)).inc()

    def text(self) -> bytes:
        """Write all of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, ["server", *labels], registry=self._registry)
