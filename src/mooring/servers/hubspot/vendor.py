"""What is HubSpot's own: its limits by policy, its cursors, whose a token is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from mooring.cache import Budget, Window
from mooring.servers.account import Account, fingerprint
from mooring.servers.failures import Limited
from mooring.servers.freshness import Quota
from mooring.servers.hubspot.operations import ACCOUNT
from mooring.servers.operation import Operation, Read
from mooring.servers.vendor import Answer, TokenKind, Vendor, retry_after

__all__ = ["HubSpot"]

_WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": 3_600.0}
"""Seconds by `policyName`; the two short ones are what HubSpot's own client waits (@hubspot/api-client).

A day ends at midnight of the account's time zone, which is not told: ask every hour.
"""
_WAIT = 10.0
_SECONDLY = "You have reached your secondly limit."
"""By these words HubSpot's own client knows the limit of searches, whose refusal need not name its policy."""


class HubSpot(Vendor):
    """HubSpot's CRM API. `HUBSPOT_TOKEN` is the access token of a private app, or of OAuth."""

    name: ClassVar[str] = "hubspot"
    url: ClassVar[str] = "https://api.hubapi.com"
    url_variable: ClassVar[str] = "HUBSPOT_API_URL"
    tokens: ClassVar[Mapping[str, TokenKind]] = {"default": TokenKind("HUBSPOT_TOKEN", "authorization")}
    # The least that an account has, per app; and searches, which are limited per account:
    # https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
    # https://developers.hubspot.com/docs/api-reference/search/guide
    budgets: Mapping[str, Budget] = {
        "core": Budget((Window(100, 10),)),
        "search": Budget((Window(5, 1),)),
    }
    whoami: ClassVar[Read] = ACCOUNT

    def identify(self, body: Any, response: httpx.Headers, token: SecretStr) -> Account | None:
        """Return the account that the token is for; what a token may see there is its own affair."""
        del response
        return Account(str(body["portalId"]), f"token {fingerprint(token)}")

    def check(self, operation: Operation, response: httpx.Response) -> None:
        """Raise what an answer means; a 429 names the policy that it is for, often without Retry-After."""
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            wait = retry_after(response)
            told = f"hubspot answered 429: {self.reason(response)}"
            raise Limited(told, retry_after_seconds=_policy_wait(response) if wait is None else wait)
        super().check(operation, response)

    def answer(self, response: httpx.Response) -> Answer:
        """Read a result; what follows has a cursor."""
        body = response.json()
        return Answer(body, body.get("paging", {}).get("next", {}).get("after"))

    def quota(self, response: httpx.Response) -> Quota | None:
        """Return what the X-HubSpot-RateLimit headers tell; searches have none."""
        told = response.headers
        try:
            return Quota(
                int(told["x-hubspot-ratelimit-max"]),
                int(told["x-hubspot-ratelimit-remaining"]),
                int(told["x-hubspot-ratelimit-interval-milliseconds"]) / 1_000,
            )
        except (KeyError, ValueError):
            return None


def _policy_wait(response: httpx.Response) -> float:
    try:
        body = response.json()
    except ValueError:
        return _WAIT
    if not isinstance(body, dict):
        return _WAIT
    policy = body.get("policyName") or ("SECONDLY" if body.get("message") == _SECONDLY else None)
    return _WAITS.get(str(policy), _WAIT)
