"""A stand-in whose answers name, in each text that a model reads, the account that they were given to."""

from __future__ import annotations

import json
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mooring.servers.fakes.vendor import Fake

__all__ = ["mark", "tagged"]

_TEXTS = frozenset(
    {
        "brief",
        "dealname",
        "description",
        "firstname",
        "firstName",
        "label",
        "message",
        "real_name",
        "text",
        "title",
        "value",
    }
)
"""Fields of the four vendors that are free texts, and that the tools hand on."""


def mark(account: str) -> str:
    """Return what texts bear that were given to an account."""
    return f" <for {account}>"


def tagged(fake: Fake) -> Starlette:
    """Return the stand-in's application with marked answers."""
    inner = httpx.AsyncClient(transport=httpx.ASGITransport(fake.app), base_url="http://fake")

    async def answer(request: Request) -> Response:
        url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        kept = {name: value for name, value in request.headers.items() if name != "host"}
        reply = await inner.request(request.method, url, content=await request.body(), headers=kept)
        headers = {name: value for name, value in reply.headers.items() if name != "content-length"}
        account = fake.account(request)
        if account is None or not reply.content:
            return Response(reply.content, reply.status_code, headers)
        return Response(json.dumps(_marked(reply.json(), mark(account))), reply.status_code, headers)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PATCH"])])


def _marked(value: Any, text: str) -> Any:
    if isinstance(value, list):
        return [_marked(one, text) for one in value]
    if isinstance(value, dict):
        return {
            key: one + text if key in _TEXTS and isinstance(one, str) else _marked(one, text)
            for key, one in value.items()
        }
    return value
