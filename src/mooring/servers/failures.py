"""What can go wrong between a tool and its vendor, told so that a model can act on it.

::

    UpstreamError(MooringError)
    ├── Refused          the vendor will not: no right, bad argument; the same call fails again
    │   └── Unauthorized the token is not valid, or there is none
    ├── Missing          there is no such thing, or the token may not see it
    ├── Limited          a rate limit; `retry_after_seconds` tells when to come back
    ├── Unavailable      the vendor is down or silent; nothing was changed
    └── OutcomeUnknown   a write was sent and no answer came: it may have happened

Messages come from the vendor's answers and our own words; none carries a token.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mooring.errors import MooringError

__all__ = ["Limited", "Missing", "OutcomeUnknown", "Refused", "Unauthorized", "Unavailable", "UpstreamError"]


class UpstreamError(MooringError):
    """A call that the vendor did not answer as asked. `retry_after_seconds` is None where waiting does not help."""

    kind: ClassVar[str] = "upstream_error"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds

    def told(self) -> dict[str, Any]:
        """Return what a tool answers instead of its result."""
        told: dict[str, Any] = {"error": self.kind, "message": str(self)}
        if self.retry_after_seconds is not None:
            told["retry_after_seconds"] = round(self.retry_after_seconds, 1)
        return told


class Refused(UpstreamError):
    """The vendor understood and will not."""

    kind = "refused"


class Unauthorized(Refused):
    """The token is not valid, or there is none."""

    kind = "unauthorized"


class Missing(UpstreamError):
    """There is no such thing, or the token may not see it."""

    kind = "not_found"


class Limited(UpstreamError):
    """A rate limit of the vendor, or the budget that the fleet shares, is used up."""

    kind = "rate_limited"


class Unavailable(UpstreamError):
    """The vendor is down, or did not answer in time; nothing was changed there."""

    kind = "unavailable"


class OutcomeUnknown(UpstreamError):
    """A write was sent and its answer was lost: whether it happened must be looked up before it is repeated."""

    kind = "outcome_unknown"
