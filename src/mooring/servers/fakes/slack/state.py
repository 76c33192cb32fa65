"""What the stand-in for Slack holds, and how Slack writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Channel", "File", "Message", "channel", "member", "message"]

_WHEN = 1_767_322_000
_TOPIC_BY = "U0ADA"


@dataclass(slots=True)
class Message:
    """A message, in a thread if it has a `thread_ts`."""

    ts: str
    user: str
    text: str
    thread_ts: str | None = None


@dataclass(slots=True)
class Channel:
    """A channel and what was said in it, oldest first."""

    id: str
    name: str
    topic: str
    private: bool = False
    is_general: bool = False
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class File:
    """A file that is announced, and perhaps has arrived."""

    id: str
    name: str
    length: int
    arrived: bool = False


def channel(one: Channel, team: str) -> dict[str, Any]:
    """Write a channel."""
    text = {"value": one.topic, "creator": _TOPIC_BY, "last_set": _WHEN}
    plain = ("is_im", "is_mpim", "is_archived", "is_shared", "is_ext_shared", "is_org_shared", "is_pending_ext_shared")
    return {
        "id": one.id,
        "name": one.name,
        "name_normalized": one.name,
        "is_channel": not one.private,
        "is_group": one.private,
        "is_private": one.private,
        "is_general": one.is_general,
        "is_member": True,
        "created": _WHEN,
        "updated": _WHEN * 1_000,
        "creator": _TOPIC_BY,
        "context_team_id": team,
        "num_members": 3,
        "previous_names": [],
        "topic": text,
        "purpose": text,
        "unlinked": 0,
        **dict.fromkeys(plain, False),
    }


def message(one: Message, where: Channel) -> dict[str, Any]:
    """Write a message, with what is known of its thread."""
    told: dict[str, Any] = {"type": "message", "ts": one.ts, "user": one.user, "text": one.text}
    replies = [reply for reply in where.messages if reply.thread_ts == one.ts]
    if one.thread_ts:
        told["thread_ts"] = one.thread_ts
    elif replies:
        users = list(dict.fromkeys(reply.user for reply in replies))
        told |= {"thread_ts": one.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
        told |= {"reply_users": users, "reply_users_count": len(users)}
    return told


def member(user: str, team: str) -> dict[str, Any]:
    """Write a member of the workspace."""
    name = user.removeprefix("U0").lower()
    roles = ("deleted", "is_admin", "is_owner", "is_primary_owner", "is_restricted", "is_ultra_restricted")
    return {
        "id": user,
        "team_id": team,
        "name": name,
        "real_name": name.title(),
        "tz": "Europe/Berlin",
        "is_bot": name == "bot",
        "updated": _WHEN,
        "profile": {"real_name": name.title(), "display_name": name, "title": "", "team": team},
        **dict.fromkeys(roles, False),
    }
