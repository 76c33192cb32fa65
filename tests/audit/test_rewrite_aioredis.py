"""aioredis becomes redis.asyncio: what changes, what stays byte by byte, and what is left to a person."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis.asyncio

from mooring.audit.edits import Fix, Safety, apply
from mooring.audit.engine import audit
from mooring.audit.rewrite.aioredis.names import FIRST_NAMES
from mooring.audit.rewrite.aioredis.others import SAME
from mooring.audit.rule import Problem

from .mending import mend

HEAD = "import aioredis\nasync def main(url, key, ttl):\n    redis = await aioredis.create_redis({}encoding='utf-8')\n"
MOVED = (
    "from redis import asyncio as aioredis\nasync def main(url, key, ttl):\n"
    "    redis = await aioredis.from_url({}decode_responses=True)\n"
)


def problem(folder: Path, text: str | bytes, path: str = "module.py") -> Problem:
    """The one problem of MR401 in a file."""
    (folder / path).write_bytes(text.encode() if isinstance(text, str) else text)
    (found,) = (
        finding.problem
        for finding in audit([folder], root=folder).findings
        if finding.rule == "MR401" and finding.problem.path == path
    )
    return found


def fix_of(folder: Path, text: str) -> Fix:
    """The fix of MR401 in a file."""
    found = problem(folder, text).fix
    assert found is not None
    return found


def moved(folder: Path, text: str) -> str:
    """The text of a file after the fix of MR401, which is unsafe."""
    found = fix_of(folder, text)
    assert found.safety is Safety.UNSAFE, found.title
    return apply(text, found.edits)


def line(folder: Path, code: str) -> str:
    """What one line in the body of a coroutine becomes; its client gives text."""
    text = HEAD.format("url, ") + f"    {code}\n"
    after = moved(folder, text)
    start = MOVED.format("url, ") + "    "
    assert after.startswith(start)
    return after.removeprefix(start).removesuffix("\n")


COMMANDS = {
    # key, score, member in another order
    "await redis.zadd(key, 1, 'a')": "await redis.zadd(key, {'a': 1})",
    "await redis.zadd(key, ttl + 1, f'{key}', 2, b'b',)": "await redis.zadd(key, {f'{key}': ttl + 1, b'b': 2},)",
    "await redis.zadd(key, 1, 'a', exist=redis.ZSET_IF_EXIST)": "await redis.zadd(key, {'a': 1}, xx=True)",
    "await redis.zadd(key, 1, 'a', exist=None)": "await redis.zadd(key, {'a': 1})",
    # time to live
    "await redis.set(key, 'v', expire=ttl)": "await redis.set(key, 'v', ex=ttl or None)",
    "await redis.set(key, 'v', expire=60 * 60)": "await redis.set(key, 'v', ex=(60 * 60) or None)",
    "await redis.set(key, 'v', expire=0)": "await redis.set(key, 'v')",
    "await redis.set(key, 'v', pexpire=5, exist='SET_IF_EXIST')": "await redis.set(key, 'v', px=5, xx=True)",
    "await redis.set(key, 'v')": "await redis.set(key, 'v')",
    "await redis.setex(key, 10, 'v')": "await redis.setex(key, 10, 'v')",
    "await redis.setex(key, 0.25, 'v')": "await redis.psetex(key, 250, 'v')",
    "await redis.expire(key, ttl)": "await redis.expire(key, ttl)",
    "await redis.expire(key, ttl / 2)": "await redis.pexpire(key, int((ttl / 2) * 1000))",
    "await redis.expireat(key, float(ttl))": "await redis.pexpireat(key, int((float(ttl)) * 1000))",
    # mappings
    "await redis.mset('a', 1, 'b', 2)": "await redis.mset({'a': 1, 'b': 2})",
    "await redis.msetnx('a', 1)": "await redis.msetnx({'a': 1})",
    "await redis.mset({'a': 1})": "await redis.mset({'a': 1})",
    "await redis.hmset(key, 'a', 1)": "await redis.hset(key, mapping={'a': 1})",
    "await redis.hmset_dict(key, dict(a=1))": "await redis.hset(key, mapping=dict(a=1))",
    "await redis.hmset_dict(key, url, a=1, **ttl)": 'await redis.hset(key, mapping={**url, "a": 1, **ttl})',
    # ranges
    "await redis.zrange(key)": "await redis.zrange(key, 0, -1)",
    "await redis.zrange(key, 1, 2, True)": "await redis.zrange(key, 1, 2, withscores=True)",
    "await redis.zrange(key, stop=2)": "await redis.zrange(key, end=2, start=0)",
    "await redis.zrevrange(key, 0, 1)": "await redis.zrevrange(key, 0, 1)",
    "await redis.zrangebyscore(key)": 'await redis.zrangebyscore(key, "-inf", "+inf")',
    "await redis.zrangebyscore(key, 1)": 'await redis.zrangebyscore(key, 1, "+inf")',
    "await redis.zrangebyscore(key, 1, 2, offset=0, count=5)": "await redis.zrangebyscore(key, 1, 2, start=0, num=5)",
    "await redis.zrangebyscore(key, 1, 2, True, 0, 5)": (
        "await redis.zrangebyscore(key, 1, 2, withscores=True, start=0, num=5)"
    ),
    "await redis.zrevrangebyscore(key)": 'await redis.zrevrangebyscore(key, "+inf", "-inf")',
    "await redis.zcount(key, ttl, 5, exclude=redis.ZSET_EXCLUDE_MIN)": 'await redis.zcount(key, f"({ttl}", 5)',
    "await redis.zremrangebyscore(key, min=1, exclude='ZSET_EXCLUDE_BOTH')": (
        'await redis.zremrangebyscore(key, min="(1", max="+inf")'
    ),
    "await redis.zunionstore(key, 'a', *url)": "await redis.zunionstore(key, ['a', *url])",
    "await redis.zinterstore(key, ('a', 2), with_weights=True)": "await redis.zinterstore(key, {'a': 2})",
    # answers in another shape
    "return await redis.smembers(key)": "return list(await redis.smembers(key))",
    "return sorted(await redis.smembers(key))": "return sorted(await redis.smembers(key))",
    "return key in await redis.sinter(key, 'b')": "return key in await redis.sinter(key, 'b')",
    "return (await redis.sdiff(key))[0]": "return (list(await redis.sdiff(key)))[0]",
    "await redis.smembers(key)": "await redis.smembers(key)",
    # the rest
    "return await redis.get(key, encoding='utf-8')": "return await redis.get(key)",
    "await redis.linsert(key, 'a', 'b')": "await redis.linsert(key, \"AFTER\", 'a', 'b')",
    "await redis.linsert(key, 'a', 'b', True)": "await redis.linsert(key, \"BEFORE\", 'a', 'b')",
    "await redis.eval('return 1')": "await redis.eval('return 1', 0)",
    "await redis.eval(url, [key], [1, 2])": "await redis.eval(url, 1, key, 1, 2)",
    "await redis.eval(url, keys=key, args=ttl)": "await redis.eval(url, len(key), *key, *ttl)",
    "await redis.flushdb(async_op=True)": "await redis.flushdb(asynchronous=True)",
    "await redis.bitop_and(key, 'a', 'b')": "await redis.bitop(\"AND\", key, 'a', 'b')",
    "return await redis.object_encoding(key)": 'return await redis.object("ENCODING", key)',
    "await redis.execute('SET', key, 1)": "await redis.execute_command('SET', key, 1)",
    "return await redis.execute('get', key)": "return await redis.execute_command('get', key)",
    "await redis.xadd(key, {'a': 1}, message_id='1-1', max_len=5)": (
        "await redis.xadd(key, {'a': 1}, id='1-1', maxlen=5)"
    ),
    "redis.incr(key)": "await redis.incr(key)",
    "async for one in redis.iscan(match='a*'): print(one)": "async for one in redis.scan_iter(match='a*'): print(one)",
    "redis.close()": "await redis.aclose()",
    "redis.close(); await redis.wait_closed()": "await redis.aclose(); await redis.aclose()",
}


@pytest.mark.parametrize(("before", "after"), COMMANDS.items())
def test_a_command_becomes_that_of_redis_py(tmp_path: Path, before: str, after: str) -> None:
    assert line(tmp_path, before) == after


CONSTRUCTORS = {
    "create_redis('redis://localhost')": "from_url('redis://localhost')",
    "create_redis(address='redis://:pw@cache/2')": "from_url('redis://:pw@cache/2')",
    "create_redis('/run/redis.sock')": 'from_url("unix:///run/redis.sock")',
    "create_redis(('cache', 6379))": "Redis(host='cache', port=6379)",
    "create_redis([HOST, PORT], db=1)": "Redis(host=HOST, port=PORT, db=1)",
    "create_redis(f'redis://{HOST}:{PORT}')": "from_url(f'redis://{HOST}:{PORT}')",
    "create_redis(REDIS_URL, loop=LOOP)": "from_url(REDIS_URL)",
    "create_redis_pool(REDIS_URL, minsize=1, maxsize=20)": "from_url(REDIS_URL, max_connections=20)",
    "create_redis_pool(REDIS_URL, password=None, timeout=3)": "from_url(REDIS_URL, socket_connect_timeout=3)",
    "create_redis_pool(REDIS_URL, password=PASSWORD)": "from_url(REDIS_URL, password=PASSWORD)",
    "create_redis(REDIS_URL, encoding='latin-1')": 'from_url(REDIS_URL, encoding="latin-1", decode_responses=True)',
    "create_redis(REDIS_URL, encoding=None)": "from_url(REDIS_URL)",
    "create_redis(('cache', 6379), ssl=True)": "Redis(host='cache', port=6379, ssl=True)",
    "create_redis(REDIS_URL, ssl=None)": "from_url(REDIS_URL)",
    "create_pool(ADDRESS)": "Redis(host=ADDRESS[0], port=ADDRESS[1])",
    "create_connection(REDIS_URL)": "from_url(REDIS_URL)",
}


@pytest.mark.parametrize(("before", "after"), CONSTRUCTORS.items())
def test_a_constructor_becomes_one_that_can_be_awaited(tmp_path: Path, before: str, after: str) -> None:
    text = "import os\nimport aioredis\nADDRESS = ('cache', 6379)\nasync def main():\n    return await aioredis.{}\n"
    expected = text.replace("import aioredis", "from redis import asyncio as aioredis").format(after)
    assert moved(tmp_path, text.format(before)) == expected


IMPORTS = {
    "from aioredis import create_redis\nx = lambda u: create_redis(u.url)\n": (
        "from redis.asyncio import from_url\nx = lambda u: from_url(u.url)\n"
    ),
    "from aioredis import Redis, create_redis as connect, ReplyError\nx = lambda: connect(('h', 1))\n": (
        "from redis.asyncio import Redis, ResponseError as ReplyError\nx = lambda: Redis(host='h', port=1)\n"
    ),
    "from aioredis import create_redis, create_pool\nx = lambda u: (yield create_redis(url), create_pool(url))\n": None,
    "from aioredis import (\n    create_redis,  # one\n    Redis,  # two\n)\nx = lambda: create_redis('redis://h')\n": (
        "from redis.asyncio import (\n    from_url,  # one\n    Redis,  # two\n)\nx = lambda: from_url('redis://h')\n"
    ),
    "from aioredis.commands import Redis\nfrom aioredis.errors import WatchVariableError as W\nx: Redis = W\n": (
        "from redis.asyncio import Redis\nfrom redis.asyncio import WatchError as W\nx: Redis = W\n"
    ),
    "import os, aioredis as a\ntry: os\nexcept (a.ConnectionClosedError, a.PoolClosedError): a.RedisError\n": (
        "import os, redis.asyncio as a\ntry: os\nexcept (a.ConnectionError, a.ConnectionError): a.RedisError\n"
    ),
    "import aioredis\nx: aioredis.commands.Redis = aioredis.errors.AuthError\n": (
        "from redis import asyncio as aioredis\nx: aioredis.Redis = aioredis.AuthenticationError\n"
    ),
}


@pytest.mark.parametrize(("before", "after"), IMPORTS.items())
def test_a_name_becomes_its_successor(tmp_path: Path, before: str, after: str | None) -> None:
    if after is None:
        assert fix_of(tmp_path, before).safety is Safety.DISPLAY
    else:
        (tmp_path / "requirements.txt").write_text("aioredis==1.3.1\n")
        assert moved(tmp_path, before) == after


BY_HAND = {
    "await redis.watch(key)": "watch(): watch, read and queue on one pipeline",
    "return await redis.zpopmin(key)": "zpopmin(): take pairs of member and score from it",
    "return await redis.info()": "info(): take one flat dict from it",
    "return await redis.hmset_dict(key, url)": "hmset() and hmset_dict() gave True: use hset(key, mapping=...)",
    "return await redis.get(key, encoding=None)": "get(): no encoding per call",
    "return await redis.execute('HGETALL', key)": "execute(): use the method of that command",
    "await redis.zadd(key, *url)": "zadd(): pass a mapping",
    "await redis.zadd(key, 1, 'a', exist=ttl)": "zadd(): write nx=True or xx=True for this condition",
    "await redis.zadd(key, 1, # why\n 'a')": None,
    "await redis.zadd(key, [1, # why\n][0], 'a')": "a comment stands inside an argument that has to change",
    "await redis.zadd(key, 1, await redis.get('a', encoding='utf-8'))": "one change stands inside another here",
    "await redis.psubscribe('a*')": "psubscribe(): make a pubsub() of the client",
    "return await redis.subscribe(key)": "subscribe(): make a pubsub() of the client",
    "await redis.unsubscribe(key)": "unsubscribe(): call it on the pubsub object that subscribed",
    "return redis.closed": "closed: redis-py's client has no such attribute",
    "return redis.zadd": "zadd: its arguments are to be checked where it is called",
    "await redis.migrate_keys(key)": "migrate_keys(): look up what redis-py calls it",
    "p = redis.pipeline(); f = p.get(key); await p.execute(); return f": "a pipeline's command gives no future",
    "lambda: redis.close()": "close(): await aclose() instead",
    "await aioredis.create_redis(key)": "nothing tells whether the address is a URL or a pair",
    "await aioredis.create_redis(url, commands_factory=key)": "nothing takes the place of commands_factory",
    "await aioredis.create_redis('redis://me:pw@h')": "aioredis read this URL its own way",
    "await aioredis.create_redis('redis://h?encoding=utf-8')": "aioredis read this URL its own way",
    "await aioredis.create_redis(url, ssl=key)": "write rediss:// or ssl=True",
    "client = aioredis.create_redis(url)": "await the client where it is made",
    "await aioredis.create_sentinel([])": "redis.asyncio has no create_sentinel",
    "return aioredis.Channel(key, False)": "redis.asyncio has no Channel",
}


@pytest.mark.parametrize(("code", "advice"), BY_HAND.items())
def test_what_cannot_be_rewritten_is_told_at_its_line(tmp_path: Path, code: str, advice: str | None) -> None:
    text = HEAD.format("url, ") + f"    {code}\n    await redis.incr(key)\n    await redis.hmset_dict(key, a=1)\n"
    found = problem(tmp_path, text)
    assert found.fix is not None
    if advice is None:
        assert found.fix.safety is Safety.UNSAFE
        return
    assert found.fix.safety is Safety.DISPLAY
    assert f"line 4: {advice}" in found.fix.title
    assert [related.span.line for related in found.related] == [4]
    assert found.related[0].message.startswith(advice)
    assert mend(tmp_path, {"module.py": text}, unsafe=True).changes == ()


def test_a_name_without_a_successor_is_in_the_title(tmp_path: Path) -> None:
    found = fix_of(tmp_path, "from aioredis import Channel, create_redis\nx = create_redis(Channel)\n")
    assert "it has no Channel, create_redis, which must be written anew" in found.title


def test_no_title_shows_what_may_be_secret(tmp_path: Path) -> None:
    text = "import aioredis\nasync def main():\n    return await aioredis.create_redis({})\n"
    for address in ("'redis://me:swordfish@h'", "get('swordfish')", "'redis://h', password='swordfish', parser=1"):
        found = problem(tmp_path, text.format(address))
        assert found.fix is not None
        assert found.fix.safety is Safety.DISPLAY
        assert "swordfish" not in found.fix.title + "".join(related.message for related in found.related)


def test_every_byte_outside_an_edit_stays(tmp_path: Path) -> None:
    text = (
        "# -*- coding: utf-8 -*-\r\nimport aioredis  # noqa\r\n\r\nclass Store:\r\n"
        "\tasync def start(self):\r\n\t\tself.r = await aioredis.create_redis_pool(  # the pool\r\n"
        "\t\t\t'redis://häfen',  # address\r\n\t\t\tminsize=1,  # gone\r\n"
        '\t\t\tencoding="utf-8",  # text\r\n\t\t)\r\n'
        "\tasync def stop(self):\r\n\t\tself.r.close()\r\n\t\tawait self.r.wait_closed()  # at last\r\n"
    )
    after = (
        "# -*- coding: utf-8 -*-\r\nfrom redis import asyncio as aioredis  # noqa\r\n\r\nclass Store:\r\n"
        "\tasync def start(self):\r\n\t\tself.r = await aioredis.from_url(  # the pool\r\n"
        "\t\t\t'redis://häfen',  # address\r\n\t\t\t# gone\r\n\t\t\tdecode_responses=True,  # text\r\n\t\t)\r\n"
        "\tasync def stop(self):\r\n\t\tawait self.r.aclose()  # at last\r\n"
    )
    assert moved(tmp_path, text) == after


@pytest.mark.parametrize(("pinned", "closer"), [("redis==5.0.4", "aclose"), ("redis==4.6.0", "close"), ("", "aclose")])
def test_a_client_closes_as_the_pinned_redis_py_does(tmp_path: Path, pinned: str, closer: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"aioredis==1.3.1\n{pinned}\n")
    assert line(tmp_path, "await redis.wait_closed()") == f"await redis.{closer}()"


@pytest.mark.parametrize(("pinned", "safety"), [("1.3.1", Safety.UNSAFE), ("2.0.1", Safety.SAFE)])
def test_where_no_name_tells_the_pinned_release_does(tmp_path: Path, pinned: str, safety: Safety) -> None:
    (tmp_path / "requirements.txt").write_text(f"aioredis=={pinned}\n")
    assert fix_of(tmp_path, "import aioredis\nasync def f(r: aioredis.Redis):\n    await r.get('a')\n").safety is safety


@pytest.mark.parametrize(
    ("pinned", "safety"), [("redis==5.0.4", Safety.SAFE), ("redis==8.1.0", Safety.UNSAFE), ("", Safety.UNSAFE)]
)
def test_a_command_that_waits_is_safe_only_where_redis_py_waits_too(
    tmp_path: Path, pinned: str, safety: Safety
) -> None:
    (tmp_path / "requirements.txt").write_text(f"{pinned}\n")
    text = "import aioredis\nr = aioredis.from_url('redis://h')\nasync def f():\n    await r.blpop('a')\n"
    assert fix_of(tmp_path, text).safety is safety


def test_a_client_whose_commands_wait_reads_without_end(tmp_path: Path) -> None:
    assert moved(
        tmp_path,
        "import aioredis\nasync def f(url):\n    r = await aioredis.create_redis(url)\n"
        "    await r.brpop('a', 'b', timeout=60)\n",
    ) == (
        "from redis import asyncio as aioredis\nasync def f(url):\n"
        "    r = await aioredis.from_url(url, socket_timeout=None)\n    await r.brpop(['a', 'b'], timeout=60)\n"
    )


def test_a_client_gives_text_only_where_every_reader_asks_for_it(tmp_path: Path) -> None:
    text = "import aioredis\nasync def f(url):\n    r = await aioredis.create_redis(url)\n"
    text += "    a = await r.get('a', encoding='utf-8')\n"
    assert "create_redis" not in moved(tmp_path, text)
    found = fix_of(tmp_path, text + "    return a, await r.get('b')\n")
    assert found.safety is Safety.DISPLAY
    assert "line 4: get(): no encoding per call" in found.title


def test_each_client_gives_what_its_own_readers_ask_for(tmp_path: Path) -> None:
    text = (
        "import aioredis\nasync def f(url):\n    a = await aioredis.create_redis(url)\n"
        "    b = await aioredis.create_redis(url, encoding='utf-8')\n    c = await aioredis.create_redis(url)\n"
        "    pipe = c.pipeline()\n    pipe.get('x')\n"
        "    return await a.get('x', encoding='utf-8'), await b.get('x'), await pipe.execute()\n"
    )
    after = moved(tmp_path, text)
    assert "a = await aioredis.from_url(url, decode_responses=True)" in after
    assert "b = await aioredis.from_url(url, decode_responses=True)" in after
    assert "c = await aioredis.from_url(url)" in after
    assert "await a.get('x'), await b.get('x')" in after


def test_modules_that_share_a_client_move_together(tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(
        "import aioredis\nasync def connect(url):\n    return await aioredis.create_redis(url)\n"
    )
    user = "from store import connect\nasync def f(url):\n    r = await connect(url)\n    await r.zadd('z', 1, 'a')\n"
    outcome = mend(tmp_path, {"user.py": user}, unsafe=True)
    assert {change.path for change in outcome.changes} == {"store.py", "user.py"}
    assert "await r.zadd('z', {'a': 1})" in next(c.text for c in outcome.changes if c.path == "user.py")


def test_a_module_stays_where_another_that_shares_its_client_needs_a_hand(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "from store import connect\nasync def f(url):\n    r = await connect(url)\n    await r.zadd('z', 1, 'a')\n"
        "    return await r.zpopmin('z')\n"
    )
    text = "import aioredis\nasync def connect(url):\n    return await aioredis.create_redis(url)\n"
    found = problem(tmp_path, text, "store.py")
    assert found.fix is not None
    assert found.fix.safety is Safety.DISPLAY
    assert "user.py line 5: zpopmin()" in found.fix.title
    assert [(related.path, related.span.line) for related in found.related] == [("user.py", 5)]


def test_a_literal_address_goes_on_to_the_factory(tmp_path: Path) -> None:
    text = "import aioredis\nasync def main():\n    return await aioredis.{}('redis://localhost', maxsize=5)\n"
    text = text.format("create_redis_pool")
    (change,) = mend(tmp_path, {"module.py": text}, unsafe=True).changes
    assert change.text == (
        "from mooring import create_async_redis_from_config\n"
        "async def main():\n    return await create_async_redis_from_config(max_connections=5)\n"
    )


def test_a_loop_over_a_channel_may_stand_in_parentheses(tmp_path: Path) -> None:
    code = "while (await ch.wait_message()) :\n        print((await ch.get(encoding='utf-8')))"
    text = HEAD.format("url, ") + f"    ch = (await redis.subscribe(key))[0]\n    {code}\n"
    assert moved(tmp_path, text).endswith(
        "    ch = redis.pubsub(ignore_subscribe_messages=True)\n    await ch.subscribe(key)\n"
        '    async for message in ch.listen():\n        print((message["data"]))\n'
    )


def test_each_scope_imports_what_it_calls(tmp_path: Path) -> None:
    function = "async def {}(url):\n    from aioredis import create_redis\n    return await create_redis(url)\n"
    after = "async def {}(url):\n    from redis.asyncio import from_url\n    return await from_url(url)\n"
    assert moved(tmp_path, function.format("a") + function.format("b")) == after.format("a") + after.format("b")


def test_a_name_that_means_something_else_is_not_imported(tmp_path: Path) -> None:
    text = "from aioredis import create_redis\ndef from_url(url):\n    return create_redis(url)\n"
    assert "import from_url from redis.asyncio: it means something else here" in fix_of(tmp_path, text).title


def test_a_handler_that_no_longer_catches_is_told(tmp_path: Path) -> None:
    text = "import aioredis\nasync def f(url):\n    try:\n        return await aioredis.create_redis(url)\n"
    assert (
        "line 5 catches OSError: " in fix_of(tmp_path, text + "    except (OSError, KeyError):\n        pass\n").title
    )


def test_commands_of_aioredis_2_stay_as_they_are(tmp_path: Path) -> None:
    text = "import aioredis\nr = aioredis.from_url('redis://h')\nasync def f():\n    await r.zadd('z', {'a': 1})\n"
    found = fix_of(tmp_path, text)
    assert found.safety is Safety.SAFE
    assert len(found.edits) == 1


def test_each_successor_is_a_name_of_redis_asyncio() -> None:
    assert [name for name in FIRST_NAMES.values() if not hasattr(redis.asyncio, name)] == []


def test_each_command_that_stays_is_one_of_redis_py() -> None:
    assert [name for name in SAME if not hasattr(redis.asyncio.Redis, name)] == []
