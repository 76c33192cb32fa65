"""What the tools answer: of Slack's fields those that a model works with."""

from __future__ import annotations

from mooring.servers.projection import NumberedPage, Projection, at

__all__ = ["Channel", "Found", "Message", "Sent", "Uploaded", "User"]


class Channel(Projection):
    """A channel."""

    id: str
    name: str | None = None
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = False
    num_members: int | None = None
    topic: str | None = at("topic", "value", default=None)
    purpose: str | None = at("purpose", "value", default=None)


class Message(Projection):
    """A message; `ts` names it within its channel."""

    ts: str
    user: str | None = None
    bot_id: str | None = None
    text: str = ""
    thread_ts: str | None = None
    reply_count: int | None = None


class Match(Projection):
    """A message that a search found."""

    channel: str = at("channel", "id")
    channel_name: str | None = at("channel", "name", default=None)
    ts: str
    user: str | None = None
    text: str = ""
    url: str | None = at("permalink", default=None)


class Found(NumberedPage[Match]):
    """A page of messages that a search found."""

    total: int


class Sent(Projection):
    """A message that was sent."""

    channel: str
    ts: str


class User(Projection):
    """A member of the workspace."""

    id: str
    name: str | None = None
    real_name: str | None = at("profile", "real_name", default=None)
    display_name: str | None = at("profile", "display_name", default=None)
    title: str | None = at("profile", "title", default=None)
    email: str | None = at("profile", "email", default=None)
    tz: str | None = None
    is_bot: bool = False
    deleted: bool = False


class Uploaded(Projection):
    """A file that was shared."""

    id: str
    title: str | None = None
    url: str | None = at("permalink", default=None)
