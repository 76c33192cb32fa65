"""Slack's tools. Channels and users are named by their ids: list them to learn these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mooring.servers.call import Call
from mooring.servers.projection import CursorPage
from mooring.servers.slack import operations as slack
from mooring.servers.slack.results import Channel, Found, Message, Sent, Uploaded, User
from mooring.servers.toolset import Toolset

__all__ = ["tools"]

tools = Toolset()

ChannelId = Annotated[str, Field(pattern="^[CDG][A-Z0-9]+$")]
Limit = Annotated[int, Field(ge=1, le=200)]
Number = Annotated[int, Field(ge=1, le=100)]


@tools.read("channels")
async def list_channels(
    call: Call, private: bool = False, cursor: str | None = None, limit: Limit = 100
) -> CursorPage[Channel]:
    """List channels, with private the private ones too."""
    types = "public_channel,private_channel" if private else "public_channel"
    answer = await call.read(slack.LIST_CHANNELS, types=types, exclude_archived=True, cursor=cursor, limit=limit)
    return CursorPage[Channel].model_validate({"items": answer.body["channels"], "next_cursor": answer.next})


@tools.read("channels")
async def get_channel_history(
    call: Call,
    channel: ChannelId,
    oldest: str | None = None,
    latest: str | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> CursorPage[Message]:
    """Read a channel, newest first; oldest and latest are Unix times."""
    answer = await call.read(slack.HISTORY, channel=channel, oldest=oldest, latest=latest, cursor=cursor, limit=limit)
    return CursorPage[Message].model_validate({"items": answer.body["messages"], "next_cursor": answer.next})


@tools.read("channels")
async def get_thread(
    call: Call, channel: ChannelId, ts: str, cursor: str | None = None, limit: Limit = 50
) -> CursorPage[Message]:
    """Read a thread, oldest first; ts names its first message."""
    answer = await call.read(slack.REPLIES, channel=channel, ts=ts, cursor=cursor, limit=limit)
    return CursorPage[Message].model_validate({"items": answer.body["messages"], "next_cursor": answer.next})


@tools.read("search")
async def search_messages(
    call: Call, query: str, sort: Literal["score", "timestamp"] = "score", page: Number = 1, limit: Number = 20
) -> Found:
    """Search messages, in Slack's syntax (in:#general from:@ada words); needs a user token."""
    answer = await call.read(slack.SEARCH_MESSAGES, query=query, sort=sort, page=page, count=limit)
    found = answer.body["messages"]
    return Found.model_validate({"items": found["matches"], "total": found["total"], "next_page": answer.next})


@tools.write("messages")
async def send_message(call: Call, channel: ChannelId, text: str, thread_ts: str | None = None) -> Sent:
    """Send a message, with thread_ts into a thread."""
    answer = await call.write(slack.POST_MESSAGE, channel=channel, text=text, thread_ts=thread_ts)
    return Sent.model_validate(answer.body)


@tools.read("users")
async def get_user(call: Call, user: str) -> User:
    """Show a member of the workspace."""
    answer = await call.read(slack.USER_INFO, user=user)
    return User.model_validate(answer.body["user"])


@tools.read("users")
async def list_users(call: Call, cursor: str | None = None, limit: Limit = 100) -> CursorPage[User]:
    """List the members of the workspace."""
    answer = await call.read(slack.LIST_USERS, cursor=cursor, limit=limit)
    return CursorPage[User].model_validate({"items": answer.body["members"], "next_cursor": answer.next})


@tools.write("files")
async def upload_file(
    call: Call,
    channel: ChannelId,
    filename: str,
    content: str,
    title: str | None = None,
    comment: str | None = None,
    thread_ts: str | None = None,
) -> Uploaded:
    """Share a text as a file in a channel."""
    data = content.encode()
    place = (await call.write(slack.GET_UPLOAD_URL, filename=filename, length=len(data))).body
    await call.upload(place["upload_url"], data)
    answer = await call.write(
        slack.COMPLETE_UPLOAD,
        files=[{"id": place["file_id"], "title": title or filename}],
        channel_id=channel,
        initial_comment=comment,
        thread_ts=thread_ts,
    )
    return Uploaded.model_validate(answer.body["files"][0])
