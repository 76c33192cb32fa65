"""The methods of Slack's Web API that the tools use.

Tags: `channels` and `users` are the lists, `channel:C1` what is said in a channel, threads and all, `search` every
search. Slack limits each method apart, for an app in a workspace, in tiers of 20, 50 and 100 calls a minute
(https://docs.slack.dev/apis/web-api/rate-limits); a method is its own budget here.
"""

from __future__ import annotations

from mooring.cache import Policy
from mooring.servers.failures import Limited, Unavailable
from mooring.servers.operation import Operation, Read, Write

__all__ = [
    "AUTH_TEST",
    "COMPLETE_UPLOAD",
    "GET_UPLOAD_URL",
    "HISTORY",
    "LIST_CHANNELS",
    "LIST_USERS",
    "OPERATIONS",
    "POST_MESSAGE",
    "REPLIES",
    "SEARCH_MESSAGES",
    "USER_INFO",
]

_HOUR = 3_600.0
_FAILING = (Limited, Unavailable)
_LIVELY = Policy(ttl=15, stale_if_error=_HOUR, stale_on=_FAILING)
_CALM = Policy(ttl=600, stale_while_revalidate=300, stale_if_error=24 * _HOUR, stale_on=_FAILING)
_SEARCH = Policy(ttl=60, stale_if_error=_HOUR, stale_on=_FAILING)


def _read(name: str, policy: Policy, *tags: str, token: str = "default") -> Read:  # noqa: S107  # a kind of token
    return Read(name=name, path=f"/{name}", policy=policy, tags=tags, budget=name, token=token)


AUTH_TEST = _read("auth.test", _CALM)
LIST_CHANNELS = _read("conversations.list", _CALM, "channels")
HISTORY = _read("conversations.history", _LIVELY, "channel:{channel}")
REPLIES = _read("conversations.replies", _LIVELY, "channel:{channel}")
SEARCH_MESSAGES = _read("search.messages", _SEARCH, "search", token="user")  # noqa: S106  # a kind of token
USER_INFO = _read("users.info", _CALM, "users")
LIST_USERS = _read("users.list", _CALM, "users")

POST_MESSAGE = Write(
    name="chat.postMessage",
    path="/chat.postMessage",
    touches=("channel:{channel}", "search"),
    budget="chat.postMessage",
)
GET_UPLOAD_URL = Write(
    name="files.getUploadURLExternal",
    path="/files.getUploadURLExternal",
    touches=(),
    # Slack takes no JSON here; an address that nobody uses harms nobody.
    encoding="form",
    repeatable=True,
    budget="files.getUploadURLExternal",
)
COMPLETE_UPLOAD = Write(
    name="files.completeUploadExternal",
    path="/files.completeUploadExternal",
    touches=("channel:{channel_id}", "search"),
    budget="files.completeUploadExternal",
)

OPERATIONS: tuple[Operation, ...] = (
    AUTH_TEST,
    LIST_CHANNELS,
    HISTORY,
    REPLIES,
    SEARCH_MESSAGES,
    USER_INFO,
    LIST_USERS,
    POST_MESSAGE,
    GET_UPLOAD_URL,
    COMPLETE_UPLOAD,
)
"""All of them: what the contract test holds against Slack's own types."""
