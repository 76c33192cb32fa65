"""What is Slack's own: errors within a 200, cursors, tiers, a second kind of token."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from mooring.cache import Budget, Window
from mooring.servers.account import Account, fingerprint
from mooring.servers.failures import Limited, Missing, Refused, Unauthorized, Unavailable
from mooring.servers.operation import Operation, Read
from mooring.servers.slack.operations import AUTH_TEST, OPERATIONS
from mooring.servers.vendor import Answer, TokenKind, Vendor, retry_after

__all__ = ["Slack"]

UNLISTED_VARIABLE = "SLACK_UNLISTED_APP"
"""Set it to true for a commercial app outside of Slack's Marketplace: history and threads once a minute."""

_USER_TOKEN = "xoxp-"  # noqa: S105  # how one begins
_MINUTE = 60.0
_TIERS = {
    "auth.test": 100,
    "conversations.list": 20,
    "conversations.history": 50,
    "conversations.replies": 50,
    "search.messages": 20,
    "users.info": 100,
    "users.list": 20,
    "chat.postMessage": 60,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
}
"""Calls a minute of each method."""
_UNLISTED = {"conversations.history": 1, "conversations.replies": 1}

_MISSING = ("channel_not_found", "user_not_found", "thread_not_found", "message_not_found")
_TROUBLE = ("fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org")
_BAD_TOKEN = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired")


class Slack(Vendor):
    """Slack's Web API. `SLACK_TOKEN` is a bot's or a user's; searches need a user's, in `SLACK_USER_TOKEN`."""

    name: ClassVar[str] = "slack"
    url: ClassVar[str] = "https://slack.com/api"
    url_variable: ClassVar[str] = "SLACK_API_URL"
    tokens: ClassVar[Mapping[str, TokenKind]] = {
        "default": TokenKind("SLACK_TOKEN", "authorization"),
        "user": TokenKind("SLACK_USER_TOKEN", "x-slack-user-token"),
    }
    whoami: ClassVar[Read] = AUTH_TEST

    def __init__(self, *, unlisted: bool = False) -> None:
        tiers = _TIERS | (_UNLISTED if unlisted else {})
        self.budgets = {one.name: Budget((Window(tiers[one.name], _MINUTE),)) for one in OPERATIONS}

    def configured(self, environ: Mapping[str, str]) -> Vendor:
        """Heed `SLACK_UNLISTED_APP`."""
        return Slack(unlisted=environ.get(UNLISTED_VARIABLE, "").lower() in {"1", "true", "yes"})

    def identify(self, body: Any, response: httpx.Headers, token: SecretStr) -> Account | None:
        """Return the workspace, which limits count for, and within it the user or bot with the scopes of the token."""
        scopes = response.get("x-oauth-scopes")
        reach = hashlib.sha256(scopes.encode()).hexdigest()[:16] if scopes is not None else fingerprint(token)
        return Account(str(body["team_id"]), f"{body['user_id']} {reach}")

    def covers(self, kind: str, token: SecretStr) -> bool:
        """Tell a user's token by how it begins."""
        return kind == "user" and token.get_secret_value().startswith(_USER_TOKEN)

    def check(self, operation: Operation, response: httpx.Response) -> None:
        """Raise what `ok: false` means."""
        super().check(operation, response)
        body = response.json()
        if body.get("ok"):
            return
        error = str(body.get("error", "unknown_error"))
        told = f"slack answered {error}"
        if error in {"ratelimited", "rate_limited"}:
            raise Limited(told, retry_after_seconds=retry_after(response) or _MINUTE)
        if error in _MISSING:
            raise Missing(told)
        if error in _TROUBLE:
            raise Unavailable(told)
        if error in _BAD_TOKEN:
            raise Unauthorized(f"{told}; {self.tokens[operation.token].remedy}")
        if needed := body.get("needed"):
            told += f"; the token lacks the scope {needed}"
        raise Refused(told)

    def answer(self, response: httpx.Response) -> Answer:
        """Read a result; what follows has a cursor, or in a search the number of a page."""
        body = response.json()
        paging = body["messages"].get("paging") if isinstance(body.get("messages"), dict) else None
        if paging:
            return Answer(body, paging["page"] + 1 if paging["page"] < paging["pages"] else None)
        return Answer(body, body.get("response_metadata", {}).get("next_cursor") or None)
