"""Random modules with Redis clients in them: every form of import, layout and place that a person may come up with."""

from __future__ import annotations

import ast
import codecs
import warnings
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

__all__ = ["modules"]


@dataclass(frozen=True)
class Way:
    """One way to import redis-py: the statement, and what it makes clients with."""

    statement: str
    constructor: str
    namespace: str = ""
    """What the exceptions of redis-py are attributes of, if anything is."""


WAYS = [
    Way("import redis", "redis.Redis", "redis"),
    Way("import redis as r", "r.StrictRedis", "r"),
    Way("import os, redis", "redis.from_url", "redis"),
    Way("import redis; import sys", "redis.Redis", "redis"),
    Way("import sys; import redis; import os  # three", "redis.Redis.from_url", "redis"),
    Way("import redis  # noqa: F401", "redis.Redis", "redis"),
    Way("import redis  # type: ignore", "redis.Redis", "redis"),
    Way("import redis.exceptions\nimport redis", "redis.Redis", "redis"),
    Way("from redis import Redis", "Redis"),
    Way("from redis import Redis as R, ConnectionError", "R"),
    Way("from redis import (  # why\n    ConnectionError,  # oh\n    Redis,\n)", "Redis"),
    Way("from redis import (ConnectionError, Redis,\n    RedisError)", "Redis"),
    Way("from redis import (\n    Redis\n)", "Redis"),
    Way("from redis import \\\n    Redis", "Redis"),
    Way("from redis import *", "Redis"),
    Way("from redis import from_url as connect", "connect"),
    Way("from redis.client import Redis", "Redis"),
    Way("from redis.asyncio import Redis, from_url", "from_url"),
    Way("import redis.asyncio as redis", "redis.Redis", "redis"),
    Way("import redis.asyncio", "redis.asyncio.Redis", "redis"),
    Way("import redis.asyncio\nimport redis", "redis.Redis", "redis"),
    Way("from redis import asyncio as aioredis", "aioredis.Redis", "aioredis"),
    Way("import aioredis", "aioredis.from_url", "aioredis"),
    Way("import aioredis, os", "aioredis.Redis", "aioredis"),
    Way("import aioredis as redis", "redis.StrictRedis", "redis"),
    Way("from aioredis import Redis, RedisError  # old", "Redis"),
    Way("try:\n    import redis\nexcept ImportError:\n    redis = None", "redis.Redis", "redis"),
    Way(
        "try:\n    import redis.asyncio as redis\nexcept ImportError:  # old\n    import aioredis as redis",
        "redis.Redis",
    ),
    Way(
        "from typing import TYPE_CHECKING\nimport redis\nif TYPE_CHECKING:\n    from redis import Redis", "redis.Redis"
    ),
    Way("import sys\nif sys.version_info > (3,):\n    import redis", "redis.Redis", "redis"),
    Way("import redis\nStore = redis.Redis", "Store", "redis"),
    Way(
        "try:\n    import redis\nexcept ImportError:\n    raise SystemExit('no redis') from None",
        "redis.Redis",
        "redis",
    ),
    Way("if __debug__ is None:\n    redis = None\nelse:\n    import redis", "redis.Redis", "redis"),
    Way("import redis\nMADE = {'a': redis.Redis, 'b': redis.StrictRedis}", "MADE['a']", "redis"),
    Way("import redis\nclass Mine(redis.Redis): pass", "Mine", "redis"),
    Way("import redis", "redis . Redis ", "redis"),
    Way("import redis", "(redis.Redis)", "redis"),
    Way("import redis", "redis\\\n    .Redis", "redis"),
    Way("import redis as _redis\nredis = _redis", "redis.Redis", "redis"),
]

# Places for clients: `NEW` is one, `NS` a module with the exceptions of redis-py.
CONTEXTS = Path(__file__).with_name("contexts.txt").read_text(encoding="utf-8").rstrip("\n").split("\n--\n")
NAMELESS = [context for context in CONTEXTS if "NS" not in context]

ARGUMENTS = [
    "host='localhost'",
    "host=\"127.0.0.1\"",
    "host='cache'",
    "host=HOST",
    "host=os.environ['H']",
    "host=os.getenv('REDIS_HOST', 'localhost')",
    "host=f'{HOST}.example'",
    "host=(\n    'local'\n    'host'\n)",
    "port=6379",
    "port=(6380)",
    "port=int(os.getenv('P', '6379'))",
    "db=0",
    "db=1",
    "db=len('é')",
    "decode_responses=True",
    "decode_responses=False",
    "charset='utf-8'",
    "password=None",
    "password='hunter2'",
    "password=os.environ.get('PW')",
    "username='me'",
    "socket_timeout=None",
    "socket_timeout=(1 +  # one\n    2)",
    "max_connections=10",
    "ssl=True",
    "ssl=False",
    "ssl=True, ssl_cert_reqs=None",
    "ssl=True, ssl_check_hostname=False",
    "unix_socket_path='/run/redis.sock'",
    "client_name='a # b'",
    "retry_on_error=[  # these\n    OSError,\n]",
    "health_check_interval = 30",
    "**options",
    "**{'db': 3}",
    "**dict(db=2)",
]  # fmt: skip
POSITIONAL = [
    "'localhost', 6379",
    "HOST",
    "'localhost',6379,0",
    "'cache', 6380, 1",
    "*args",
    "'localhost', 6379, 0, 'hunter2'",
]
URLS = [
    "'redis://localhost:6379/0'",
    "'redis://localhost'",
    "\"redis://cache:6380/2?socket_timeout=3\"",
    "'redis://:hunter2@cache/1'",
    "'rediss://localhost?ssl_cert_reqs=none'",
    "'unix:///run/redis.sock?db=2'",
    "url='redis://' 'localhost'",
    "f'redis://{HOST}:6379'",
    "URL",
    "os.getenv('REDIS_URL', 'redis://localhost:6379')",
    "os.environ.get('CACHE') or 'redis://localhost'",
    "os.environ['REDIS_URL']",
    "(\n    # where\n    'redis://localhost'\n)",
]  # fmt: skip
GAPS = ["", "", "", " ", "\n    ", "  # why, (this)\n        ", "\n\n", "\\\n"]
HEADS = [
    "",
    "",
    '"""Doc."""\n',
    '"""Doc.\n\nimport redis.asyncio as redis\n"""\n',
    "'''One''' 'two'\n",
    "#!/usr/bin/env python\n# note\n\n",
    "# Copyright\n\n# About os\n",
    "from __future__ import annotations\n",
    '"""Doc."""\nfrom __future__ import annotations; import json\n',
    "\n\n",
    "\x0c\n",
    "pass\n",
]
SETUP = "import os\nHOST, URL = 'localhost', 'redis://localhost:6379/1'\noptions, args = {}, ()"
CODINGS = [("utf-8", "", b""), ("utf-8", "", codecs.BOM_UTF8), ("latin-1", "# coding: latin-1\n", b"")]


@st.composite
def calls(draw: st.DrawFn, constructor: str) -> str:
    """A call that makes a client."""
    if constructor.endswith(("from_url", "connect")):
        given = [draw(st.sampled_from(URLS))]
    else:
        given = draw(st.lists(st.sampled_from(POSITIONAL), max_size=1))
    given += draw(st.lists(st.sampled_from(ARGUMENTS), unique_by=lambda one: one.split("=")[0].strip(), max_size=4))
    inner = "".join(draw(st.sampled_from(GAPS)) + one + draw(st.sampled_from(GAPS)) + "," for one in given)
    if inner and draw(st.booleans()):
        inner = inner[:-1]
    return f"{constructor}({inner}{draw(st.sampled_from(GAPS))})"


@st.composite
def modules(draw: st.DrawFn) -> bytes:
    """A module that compiles, as bytes."""
    ways = draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=2, unique_by=lambda way: way.namespace))
    parts = [way.statement for way in ways]
    parts.insert(draw(st.integers(0, len(parts))), SETUP)
    for way in [draw(st.sampled_from(ways)) for _ in range(draw(st.integers(1, 4)))]:
        context = draw(st.sampled_from(CONTEXTS if way.namespace else NAMELESS)).replace("NS", way.namespace)
        pieces = context.split("NEW")
        parts.append("".join(piece + draw(calls(way.constructor)) for piece in pieces[:-1]) + pieces[-1])
    encoding, coding, bom = draw(st.sampled_from(CODINGS))
    text = coding + draw(st.sampled_from(HEADS)) + draw(st.sampled_from(["\n", "\n\n"])).join(parts)
    text = text.replace("    ", draw(st.sampled_from(["    ", "    ", "  ", "\t"])))
    text = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])).join(
        (text + draw(st.sampled_from(["", "\n"]))).split("\n")
    )
    return bom + text.encode(encoding)


def compiles(module: bytes) -> bool:
    """Whether Python takes it: not every call may stand in every place."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(ast.parse(module), "<module>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True
