"""Web services and functions are measured as MCP servers are, on a real Redis."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.prove import Contact, Door, Load, Measurement, Outcome, Request, Scenario, Side, State
from mooring.prove.environment import inherited
from mooring.prove.measure import measure
from mooring.prove.reasons import Redactor
from mooring.prove.scenarios import Launch

CACHE = """\
import os, redis
client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)

def read(key):
    print("reading", key)
    if key.startswith("bad"):
        raise KeyError("no such thing: " + os.environ["REDIS_URL"])
    if client.get(key) is not None:
        return {"value": key, "source": "cache"}
    client.set(key, "x", ex=60)
    return {"value": key, "source": "upstream"}

async def read_async(key):
    return read(key)
"""
WEB = """\
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from cache import read

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps(read(self.path.rpartition("/")[2]) if self.path != "/" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
LOAD = Load(calls=3, rounds=1, concurrency=(1, 4), scenarios=(Scenario.HIT, Scenario.BURST, Scenario.START))
WEB_REQUEST = Request(Door.HTTP, "/items/{key}", source="source")


class Watcher:
    def contacted(self, contact: Contact) -> None: ...

    def loading(self, service: str) -> None: ...

    def striking(self, service: str, fault: Scenario) -> None: ...


async def measured(
    folder: Path, redis: EmbeddedRedis, request: Request, argv: tuple[str, ...] = (sys.executable, "web.py")
) -> Measurement:
    (folder / "cache.py").write_text(CACHE)
    (folder / "web.py").write_text(WEB)
    env = {**inherited(os.environ), "REDIS_URL": redis.url}
    launch = Launch("shop", Side.AFTER, folder, argv, env, redis.url, request)
    return await measure([launch], LOAD, Redactor([redis.password or ""]), Watcher())


@pytest.mark.parametrize(
    "request_",
    [
        WEB_REQUEST,
        Request(Door.FUNCTION, "cache:read", {"key": "{key}"}, "source"),
        Request(Door.FUNCTION, "cache:read_async", {"key": "{key}"}, "source"),
    ],
    ids=["http", "function", "coroutine"],
)
async def test_it_connects_and_carries_the_load(tmp_path: Path, secure_redis: EmbeddedRedis, request_: Request) -> None:
    found = await measured(tmp_path, secure_redis, request_)
    contact = found.contact("shop", Side.AFTER)
    assert contact is not None
    assert (contact.state, contact.reason) == (State.CONNECTS, None)
    assert {sample.outcome for sample in found.samples} == {Outcome.OK}
    asked = {sample.block.scenario for sample in found.samples if sample.block.round}
    assert asked == {Scenario.HIT, Scenario.BURST, Scenario.START, Scenario.CONNECT}


@pytest.mark.parametrize(
    ("request_", "argv", "state", "reason"),
    [
        (WEB_REQUEST, ("no-such-program",), State.DEAD, "no-such-program: No such file or directory"),
        (WEB_REQUEST, (sys.executable, "-c", "raise OSError('no port')"), State.DEAD, "OSError: no port"),
        (Request(Door.FUNCTION, "cache:none", {}), (sys.executable,), State.DEAD, "AttributeError: module 'cache' has"),
        (
            Request(Door.FUNCTION, "cache:read", {"key": "bad"}),
            (sys.executable,),
            State.FAILS,
            "KeyError: 'no such thing",
        ),
    ],
)
async def test_one_that_does_not_is_a_result_without_a_secret(
    tmp_path: Path, secure_redis: EmbeddedRedis, request_: Request, argv: tuple[str, ...], state: State, reason: str
) -> None:
    found = await measured(tmp_path, secure_redis, request_, argv)
    contact = found.contact("shop", Side.AFTER)
    assert contact is not None
    assert contact.state is state
    assert (contact.reason or "").startswith(reason)
    assert "w0rd" not in repr(found)
