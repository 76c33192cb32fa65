"""A stand-in for Slack: one workspace, a bot and a user, channels that fill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.servers.fakes.slack.state import Channel, File, Message, channel, member, message
from mooring.servers.fakes.vendor import Fake, Limit, Stop

__all__ = ["TOKENS", "FakeSlack", "fake"]

TOKENS = {"default": "xoxb-bot", "user": "xoxp-ada"}
"""What a try-out works with."""

_TEAM = "T01"
_CURSOR = "next:"


class FakeSlack(Fake):
    """Slack's Web API, as far as the tools use it: errors are within a 200. No method is limited unless told to be."""

    accounts: ClassVar[Mapping[str, str]] = {"xoxb-bot": "U0BOT", "xoxp-ada": "U0ADA", "xoxp-bob": "U0BOB"}

    def __init__(self) -> None:
        super().__init__()
        self.channels = {one.id: one for one in _channels()}
        self.files: dict[str, File] = {}
        self.time = 1_767_322_800

    def routes(self) -> list[tuple[str, str, str, Callable[..., Awaitable[Response]]]]:
        """List the methods."""
        methods: dict[tuple[str, str], Callable[..., Awaitable[Response]]] = {
            ("GET", "auth.test"): self._auth_test,
            ("GET", "conversations.list"): self._list,
            ("GET", "conversations.history"): self._history,
            ("GET", "conversations.replies"): self._replies,
            ("GET", "search.messages"): self._search,
            ("GET", "users.info"): self._user,
            ("GET", "users.list"): self._users,
            ("POST", "chat.postMessage"): self._post,
            ("POST", "files.getUploadURLExternal"): self._upload_url,
            ("POST", "files.completeUploadExternal"): self._complete,
        }
        named = [(verb, f"/api/{name}", name, handler) for (verb, name), handler in methods.items()]
        return [*named, ("POST", "/upload/v1/{file_id}", "upload", self._upload)]

    def account(self, request: Request) -> str | None:
        """Return whose the token is; an upload has none, its address is the permission."""
        if request.url.path.startswith("/upload/"):
            return "upload"
        return super().account(request)

    def refused(self, reason: str) -> Response:
        """Refuse a request without a valid token."""
        del reason
        return _error("invalid_auth")

    def limited(self, limit: Limit, wait: float) -> Response:
        """Refuse a call too many, with Retry-After, as Slack does."""
        del limit
        return _error("ratelimited", 429, {"retry-after": str(max(1, round(wait)))})

    def finished(self, request: Request, response: Response, budget: str, left: int | None) -> Response:
        """Add the scopes of the token."""
        del request, budget, left
        response.headers["x-oauth-scopes"] = "channels:history,channels:read,chat:write,files:write,users:read"
        return response

    async def _auth_test(self, account: str, _: dict[str, Any]) -> Response:
        team = {"url": "https://acme.slack.com/", "team": "Acme", "team_id": _TEAM}
        bot = {"bot_id": "B0BOT"} if account == "U0BOT" else {}
        return _ok(**team, user=account.lower(), user_id=account, is_enterprise_install=False, **bot)

    async def _list(self, account: str, given: dict[str, Any]) -> Response:
        types = given.get("types", "public_channel").split(",")
        seen = [one for one in self._visible(account) if not one.private or "private_channel" in types]
        return self._page(given, "channels", [channel(one, _TEAM) for one in seen])

    async def _history(self, account: str, given: dict[str, Any]) -> Response:
        where = self._found(account, given.get("channel"))
        top = [one for one in where.messages if one.thread_ts in {None, one.ts}]
        top = [one for one in top if given.get("oldest", "") < one.ts < given.get("latest", "9")]
        return self._page(given, "messages", [message(one, where) for one in reversed(top)], pin_count=0)

    async def _replies(self, account: str, given: dict[str, Any]) -> Response:
        where = self._found(account, given.get("channel"))
        thread = [one for one in where.messages if given.get("ts") in {one.ts, one.thread_ts}]
        if not thread:
            raise Stop(_error("thread_not_found"))
        return self._page(given, "messages", [message(one, where) for one in thread])

    async def _search(self, account: str, given: dict[str, Any]) -> Response:
        if account == "U0BOT":
            raise Stop(_error("not_allowed_token_type"))
        words = [word for word in given.get("query", "").lower().split() if ":" not in word]
        found = [
            (where, one)
            for where in self._visible(account)
            for one in where.messages
            if all(word in one.text.lower() for word in words)
        ]
        page, count = int(given.get("page", 1)), int(given.get("count", 20))
        pages = max(1, -(-len(found) // count))
        part = found[(page - 1) * count : page * count]
        matches = [
            {
                "channel": {"id": where.id, "name": where.name, "is_private": where.private},
                "iid": f"i{one.ts}",
                "permalink": f"https://acme.slack.com/archives/{where.id}/p{one.ts.replace('.', '')}",
                "team": _TEAM,
                "text": one.text,
                "ts": one.ts,
                "type": "message",
                "user": one.user,
                "username": one.user.lower(),
            }
            for where, one in part
        ]
        paging = {"count": count, "page": page, "pages": pages, "total": len(found)}
        return _ok(query=given.get("query"), messages={"matches": matches, "paging": paging, "total": len(found)})

    async def _user(self, _account: str, given: dict[str, Any]) -> Response:
        if given.get("user") not in self.accounts.values():
            raise Stop(_error("user_not_found"))
        return _ok(user=member(given["user"], _TEAM))

    async def _users(self, _account: str, given: dict[str, Any]) -> Response:
        everyone = [member(user, _TEAM) for user in dict.fromkeys(self.accounts.values())]
        return self._page(given, "members", everyone, cache_ts=self.time)

    async def _post(self, account: str, given: dict[str, Any]) -> Response:
        where = self._found(account, given.get("channel"))
        if not given.get("text"):
            raise Stop(_error("no_text"))
        one = self._said(where, account, given["text"], given.get("thread_ts"))
        return _ok(channel=where.id, ts=one.ts, message=message(one, where))

    async def _upload_url(self, _account: str, given: dict[str, Any]) -> Response:
        if not given.get("filename") or not str(given.get("length", "")).isdigit():
            raise Stop(_error("invalid_arguments"))
        name = f"F{len(self.files) + 1:02}"
        self.files[name] = File(name, given["filename"], int(given["length"]))
        return _ok(upload_url=f"{self.base_url}upload/v1/{name}", file_id=name)

    async def _upload(self, _account: str, given: dict[str, Any]) -> Response:
        if (file := self.files.get(given["file_id"])) is None:
            raise Stop(JSONResponse({}, 404))
        file.arrived = True
        return Response("OK")

    async def _complete(self, account: str, given: dict[str, Any]) -> Response:
        where = self._found(account, given.get("channel_id"))
        files = [self.files.get(one.get("id")) for one in given.get("files", ())]
        if not files or not all(file and file.arrived for file in files):
            raise Stop(_error("file_not_found"))
        self._said(where, account, given.get("initial_comment", ""), given.get("thread_ts"))
        shared = [{"id": one["id"], "title": one.get("title", "")} for one in given["files"]]
        return _ok(files=shared)

    def _said(self, where: Channel, user: str, text: str, thread_ts: str | None) -> Message:
        self.time += 1
        one = Message(f"{self.time}.000100", user, text, thread_ts)
        where.messages.append(one)
        return one

    def _visible(self, account: str) -> list[Channel]:
        """List the channels that an account may see: private ones are ada's."""
        return [one for one in self.channels.values() if not one.private or account == "U0ADA"]

    def _found(self, account: str, name: object) -> Channel:
        for one in self._visible(account):
            if one.id == name:
                return one
        raise Stop(_error("channel_not_found"))

    def _page(self, given: dict[str, Any], key: str, items: list[dict[str, Any]], **more: Any) -> Response:
        """Cut a page out of a list; the cursor of the last page is empty, as Slack's is."""
        try:
            start = int(given.get("cursor", "").removeprefix(_CURSOR) or 0)
        except ValueError:
            raise Stop(_error("invalid_cursor")) from None
        end = start + int(given.get("limit", 100))
        rest = {"has_more": end < len(items)} if key == "messages" else {}
        cursor = f"{_CURSOR}{end}" if end < len(items) else ""
        return _ok(**{key: items[start:end]}, **rest, **more, response_metadata={"next_cursor": cursor})


def fake() -> FakeSlack:
    """Return a stand-in with something in it."""
    return FakeSlack()


def _channels() -> list[Channel]:
    general = Channel("C01", "general", "Everything", is_general=True)
    general.messages = [Message(f"{1_767_322_000 + i}.000100", "U0BOB", f"Tank {i} leaks") for i in range(1, 6)]
    return [general, Channel("C02", "rockets", "They fly"), Channel("C03", "board", "Hush", private=True)]


def _ok(**told: Any) -> Response:
    return JSONResponse({"ok": True, **told})


def _error(error: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"ok": False, "error": error}, status, headers)
