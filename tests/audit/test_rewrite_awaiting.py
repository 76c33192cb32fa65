"""A client that blocks coroutines becomes an asyncio one, its constructor, import and all its uses together."""

from __future__ import annotations

import asyncio
import inspect
import tempfile
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
import redis.asyncio.client
import redis.asyncio.lock
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.audit.rewrite.twins import CLIENT, EXCEPTIONS, LOCK, PIPELINE, PUBSUB, SYNC_ONLY
from mooring.embedded import EmbeddedRedis

from .mending import mend, mended

HEAD = "import os\nimport redis\n\nclient = redis.from_url(os.environ['REDIS_URL'])\n\n\n"
ASYNC_HEAD = HEAD.replace("import redis", "import redis.asyncio as redis")


# --- uses that have an asyncio form ----------------------------------------------------------------------------------

USES = {
    "client.get(k)": "await client.get(k)",
    "return client.get(k).decode()": "return (await client.get(k)).decode()",
    "return (client.get(k)).decode()": "return (await client.get(k)).decode()",
    "return client.hgetall(k)['a']": "return (await client.hgetall(k))['a']",
    "return client.eval('x', 0)(k)": "return (await client.eval('x', 0))(k)",
    "return -client.incr(k) ** 2": "return -await client.incr(k) ** 2",
    "return client.get(client.get(k))": "return await client.get(await client.get(k))",
    "return f'{client.get(k)!r}'": "return f'{await client.get(k)!r}'",
    "return 1 if client.exists(k) else client.get(k)": "return 1 if await client.exists(k) else await client.get(k)",
    "assert client.ping(), k": "assert await client.ping(), k",
    "return await client.get(k)": "return await client.get(k)",
    "return await asyncio.gather(client.get(k))": "return await asyncio.gather(client.get(k))",
    "client.get(\n        k,  # why\n    )": "await client.get(\n        k,  # why\n    )",
    "client.get(k); client.close()": "await client.get(k); await client.aclose()",
    "for n in client.scan_iter('a'):\n        client.get(n)": (
        "async for n in client.scan_iter('a'):\n        await client.get(n)"
    ),
    "with client.pipeline() as pipe:\n        pipe.set(k, 1).get(k)\n        client.get(k), pipe.execute()": (
        "async with client.pipeline() as pipe:\n        pipe.set(k, 1).get(k)\n"
        "        await client.get(k), await pipe.execute()"
    ),
    "client.get(k)\n    return client.pipeline().get(k).execute()[0]": (
        "await client.get(k)\n    return (await client.pipeline().get(k).execute())[0]"
    ),
    "client.get(k)\n    lock = client.lock(k)\n    if lock.acquire():\n        lock.release()": (
        "await client.get(k)\n    lock = client.lock(k)\n    if await lock.acquire():\n        await lock.release()"
    ),
    "with client.lock(k):\n        client.get(k)": "async with client.lock(k):\n        await client.get(k)",
    "s = client.register_script('x')\n    client.get(s.sha), s(keys=[k])": (
        "s = client.register_script('x')\n    await client.get(s.sha), await s(keys=[k])"
    ),
    "p = client.pubsub()\n    p.subscribe(k), client.get(k)\n    for m in p.listen():\n        p.close()": (
        "p = client.pubsub()\n    await p.subscribe(k), await client.get(k)\n    async for m in p.listen():\n"
        "        await p.aclose()"
    ),
    "if client is not None and not client.get(k):\n        pass": (
        "if client is not None and not await client.get(k):\n        pass"
    ),
    "p = client.pipeline()\n    p.execute()\n    p = client.pipeline()\n    client.get(k)": (
        "p = client.pipeline()\n    await p.execute()\n    p = client.pipeline()\n    await client.get(k)"
    ),
    "mine = client\n    return mine.get(k)": "mine = client\n    return await mine.get(k)",
}


@pytest.mark.parametrize(("before", "after"), USES.items(), ids=USES.keys())
def test_constructor_and_uses_change_together(tmp_path: Path, before: str, after: str) -> None:
    text = f"{HEAD}async def work(k):\n    {before}\n"
    expected = f"{ASYNC_HEAD}async def work(k):\n    {after}\n"
    assert mended(tmp_path, text) == text
    assert mended(tmp_path, text, unsafe=True) == expected
    assert mended(tmp_path, expected, unsafe=True) == expected


PLACES = {
    "a local name": (
        "import redis\nasync def f(url):\n    c = redis.Redis.from_url(url)\n    try:\n        return c.get('a')\n"
        "    finally:\n        c.close()\n",
        "from mooring import create_async_redis_from_config\nasync def f(url):\n"
        "    c = create_async_redis_from_config(url=url)\n    try:\n        return await c.get('a')\n    finally:\n"
        "        await c.aclose()\n",
    ),
    "no name at all": (
        "import redis\nasync def f():\n    return redis.Redis(host='localhost').get('a').decode()\n",
        "from mooring import create_async_redis_from_config\nasync def f():\n"
        "    return (await create_async_redis_from_config().get('a')).decode()\n",
    ),
    "an attribute": (
        "from redis import Redis\nclass S:\n    c: Redis | None = None\n    def __init__(self, url):\n"
        "        self.c = Redis.from_url(url)\n    async def get(self, k):\n        return self.c.get(k)\n"
        "    async def stop(self):\n        if self.c:\n            self.c.close()\n        self.c = None\n",
        "from redis.asyncio import Redis\nclass S:\n    c: Redis | None = None\n    def __init__(self, url):\n"
        "        self.c = Redis.from_url(url)\n    async def get(self, k):\n        return await self.c.get(k)\n"
        "    async def stop(self):\n        if self.c:\n            await self.c.aclose()\n        self.c = None\n",
    ),
    "a global that is filled later": (
        "import redis\nc: redis.Redis | None = None\nasync def start(url):\n    global c\n"
        "    c = redis.from_url(url)\n    c.ping()\nasync def get(k):\n    return c.get(k)\n",
        "import redis.asyncio as redis\nc: redis.Redis | None = None\nasync def start(url):\n    global c\n"
        "    c = redis.from_url(url)\n    await c.ping()\nasync def get(k):\n    return await c.get(k)\n",
    ),
    "a name that other functions use for something else": (
        f"{HEAD}async def f():\n    return client.get('a')\ndef g(client):\n    return client.get('a')\n",
        f"{ASYNC_HEAD}async def f():\n    return await client.get('a')\ndef g(client):\n    return client.get('a')\n",
    ),
    "Mooring's own factory": (
        "from mooring import create_redis_from_config\nc = create_redis_from_config(db=1)\n"
        "async def f():\n    return c.get('a')\n",
        "from mooring import create_async_redis_from_config\nc = create_async_redis_from_config(db=1)\n"
        "async def f():\n    return await c.get('a')\n",
    ),
    "a factory that a plain function needs, too": (
        "import mooring\nfrom mooring import create_redis_from_config\nc = create_redis_from_config()\n"
        "d = create_redis_from_config(db=1)\n"
        "async def f():\n    return c.get('a')\ndef g():\n    return d.get('a')\n",
        "import mooring\nfrom mooring import create_redis_from_config\nc = mooring.create_async_redis_from_config()\n"
        "d = create_redis_from_config(db=1)\n"
        "async def f():\n    return await c.get('a')\ndef g():\n    return d.get('a')\n",
    ),
    "a retry policy": (
        "import redis\nfrom redis.backoff import NoBackoff\nfrom redis.retry import Retry\n"
        "ONCE = Retry(NoBackoff(), 1)\nasync def f():\n    with redis.Redis(retry=ONCE) as c:\n"
        "        return c.get('a')\n",
        "from mooring import create_async_redis_from_config\nfrom redis.backoff import NoBackoff\n"
        "from redis.asyncio.retry import Retry\nONCE = Retry(NoBackoff(), 1)\n"
        "async def f():\n    async with create_async_redis_from_config(retry=ONCE) as c:\n"
        "        return await c.get('a')\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), PLACES.values(), ids=PLACES.keys())
def test_a_client_is_followed_wherever_its_uses_are_seen(tmp_path: Path, before: str, after: str) -> None:
    assert mended(tmp_path, before, unsafe=True) == after
    assert mended(tmp_path, after, unsafe=True) == after


IMPORTS = {
    "a module that is needed as it is": (
        "import redis\nc: redis.Redis = redis.from_url(U)\ndef f(c: redis.Redis): ...\n",
        "import redis\nc: redis.asyncio.Redis = redis.asyncio.from_url(U)\ndef f(c: redis.Redis): ...\n",
    ),
    "an exception that both have": (
        "import redis\nc = redis.from_url(U)\nE = redis.ConnectionError\n",
        "import redis.asyncio as redis\nc = redis.from_url(U)\nE = redis.ConnectionError\n",
    ),
    "an alias": ("import redis as r\nc = r.from_url(U)\n", "import redis.asyncio as r\nc = r.from_url(U)\n"),
    "names": (
        "from redis import Redis, TimeoutError\nc = Redis.from_url(U)\nE = TimeoutError\n",
        "from redis.asyncio import Redis, TimeoutError\nc = Redis.from_url(U)\nE = TimeoutError\n",
    ),
    "a class that is needed as it is": (
        "from redis import Redis\nc: Redis = Redis.from_url(U)\ndef f(c: Redis): ...\n",
        "from redis import Redis\nfrom redis.asyncio import Redis as redis_Redis\n"
        "c: redis_Redis = redis_Redis.from_url(U)\ndef f(c: Redis): ...\n",
    ),
    "one that somebody made ready": (
        "import redis\nimport redis.asyncio as aioredis\nc = redis.from_url(U)\n",
        "import redis.asyncio as aioredis\nc = aioredis.Redis.from_url(U)\n",
    ),
    "in a function": (
        "def connect():\n    global c\n    import redis\n    c = redis.from_url(U)\n",
        "def connect():\n    global c\n    import redis.asyncio as redis\n    c = redis.from_url(U)\n",
    ),
    "that may fail": (
        "try:\n    from redis import Redis\nexcept ImportError:\n    Redis = None\n"
        "c = Redis.from_url(U) if Redis else None\n",
        "try:\n    from redis.asyncio import Redis\nexcept ImportError:\n    Redis = None\n"
        "c = Redis.from_url(U) if Redis else None\n",
    ),
    "that may fail, needed as it is": (
        "try:\n    import redis\nexcept ImportError:\n    redis = None\nc = redis.from_url(U)\nR = redis.Redis\n",
        "try:\n    import redis\nexcept ImportError:\n    redis = None\n"
        "c = redis.asyncio.from_url(U)\nR = redis.Redis\n",
    ),
    "told in words": (
        '"""Redis."""\nfrom redis import Redis\nc = Redis.from_url(U)\n',
        '"""Redis."""\nfrom redis.asyncio import Redis\nc = Redis.from_url(U)\n',
    ),
    "by a name in text": (
        "import redis\nc = redis.from_url(U)\nx: 'redis.Redis'\n",
        "import redis\nc = redis.asyncio.from_url(U)\nx: 'redis.Redis'\n",
    ),
    "positional arguments": (
        "import redis\nc = redis.Redis(U, 6380, password=P, charset='latin-1')\n",
        "import redis.asyncio as redis\nc = redis.Redis(host=U, port=6380, password=P, encoding='latin-1')\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), IMPORTS.values(), ids=IMPORTS.keys())
def test_the_import_follows_where_all_that_it_brings_may(tmp_path: Path, before: str, after: str) -> None:
    settings = "from os import environ\nU, P = environ['U'], environ['P']\n"
    use, awaited = "async def use():\n    return c.get('a')\n", "async def use():\n    return await c.get('a')\n"
    assert mended(tmp_path, settings + before + use, unsafe=True) == settings + after + awaited


def test_an_older_redis_py_closes_by_the_old_name(tmp_path: Path) -> None:
    text = f"{HEAD}async def work():\n    client.ping(), client.close()\n"
    outcome = mend(tmp_path, {"module.py": text, "requirements.txt": "redis==4.6.0\n"}, unsafe=True)
    assert "await client.ping(), await client.close()" in outcome.changes[0].text


# --- the tables, and the result --------------------------------------------------------------------------------------


def test_the_tables_are_those_of_the_installed_redis() -> None:
    made, asyncio_made = (set(inspect.signature(one).parameters) for one in (redis.Redis, redis.asyncio.Redis))
    assert made - asyncio_made <= SYNC_ONLY
    assert {name for name in EXCEPTIONS if getattr(redis, name) is getattr(redis.asyncio, name)} == EXCEPTIONS
    pairs = (
        (CLIENT, redis.asyncio.Redis),
        (PIPELINE, redis.asyncio.client.Pipeline),
        (PUBSUB, redis.asyncio.client.PubSub),
        (LOCK, redis.asyncio.lock.Lock),
    )
    for twin, kind in pairs:
        used = {*twin.awaited, *twin.iterated, *twin.chained, *twin.renamed.values(), *twin.gives}
        assert [name for name in used if not hasattr(kind, name)] == []
        assert not twin.context or hasattr(kind, "__aenter__")
    iterators = [(redis.asyncio.Redis, name) for name in CLIENT.iterated] + [(redis.asyncio.client.PubSub, "listen")]
    assert all(inspect.isasyncgenfunction(getattr(kind, name)) for kind, name in iterators)


PROGRAM = """
import os
import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


class Basket:
    def __init__(self):
        self.items = redis.Redis.from_url(os.environ["REDIS_URL"], db=1)

    async def add(self, item):
        self.items.rpush("basket", item)
        return [item.decode() for item in self.items.lrange("basket", 0, -1)]

    async def stop(self):
        self.items.close()


async def main():
    told = [client.set("boat", "moored"), client.get("boat").upper(), client.incr("visits")]
    with client.pipeline() as pipe:
        pipe.hset("fleet", "a", 1).hset("fleet", "b", 2)
        told.append(pipe.execute())
    for key in client.scan_iter("fl*"):
        told.append(sorted(client.hgetall(key).items()))
    with client.lock("harbour", timeout=5):
        told.append(client.exists("harbour"))
    script = client.register_script("return redis.call('GET', KEYS[1])")
    told.append(script(keys=["boat"]))
    sub = client.pubsub()
    sub.subscribe("news")
    told.append(client.publish("news", "storm"))
    for message in sub.listen():
        told.append((message["type"], message["data"]))
        if message["type"] == "message":
            break
    sub.close()
    basket = Basket()
    told += [await basket.add("rope"), await basket.add("tar"), client.ttl("boat")]
    await basket.stop()
    client.close()
    return told
"""


def test_a_converted_program_does_on_a_real_server_what_it_did(
    tmp_path: Path, secure_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", secure_redis.url)
    converted = mended(tmp_path, PROGRAM, unsafe=True)
    assert "redis.asyncio" in converted
    results = []
    for code in (PROGRAM, converted):
        names: dict[str, Any] = {}
        exec(code, names)
        with redis.Redis.from_url(secure_redis.url) as server:
            server.flushall()
            results.append((asyncio.run(names["main"]()), sorted(server.keys())))
    assert results[0] == results[1]


statements = st.sampled_from(
    [use.replace("\n    ", "\n{0}") for use in USES if "mine" not in use and "p = " not in use and "s = " not in use]
)
blocks = st.sampled_from(["", "if k:\n        ", "try:\n        ", "async with k:\n        "])
newlines = st.sampled_from(["\n", "\r\n"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(blocks, statements), min_size=1, max_size=4), newlines)
def test_whatever_the_uses_a_conversion_compiles_and_settles(uses: list[tuple[str, str]], newline: str) -> None:
    lines = []
    for block, use in uses:
        lines.append("    " + block + use.replace("{0}", "        " if block else "    "))
        if block.startswith("try"):
            lines.append("    finally: pass")
    text = newline.join((HEAD + "import asyncio\nasync def work(k):\n" + "\n".join(lines) + "\n").split("\n"))
    with tempfile.TemporaryDirectory() as folder:
        outcome = mend(Path(folder), {"module.py": text}, unsafe=True)
        assert outcome.refused == ()
        (change,) = outcome.changes
        compile(change.text, "module.py", "exec")
        assert mend(Path(folder), {"module.py": change.text}, unsafe=True).changes == ()
        assert {left.finding.rule for left in outcome.left} <= {"MR501", "MR502", "MR503", "MR504"}
    assert change.text.count(newline) == text.count(newline)
