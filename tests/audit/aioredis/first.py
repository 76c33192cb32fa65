"""Programs that are written for aioredis 1.x.

Each `main` gives a result; `expected` holds what it was.
"""

from __future__ import annotations

__all__ = ["PROGRAMS"]

PROGRAMS = {
    "strings": """
import os
import aioredis


async def main():
    redis = await aioredis.create_redis_pool(os.environ["REDIS_URL"], minsize=5, maxsize=10, encoding="utf-8")
    try:
        seen = [
            await redis.set("a", "1", expire=60),
            await redis.set("b", "2", pexpire=60000, exist=redis.SET_IF_NOT_EXIST),
            await redis.setex("c", 60, "3"),
            await redis.setex("d", 1.5 * 60, "4"),
            await redis.psetex("e", 60000, "5"),
            await redis.setnx("a", "6"),
            await redis.get("a"),
            await redis.get("nothing"),
            await redis.mset("f", 7, "g", 8),
            await redis.mset({"h": 9}),
            await redis.mget("f", "g", "h"),
            await redis.incr("f"),
            await redis.incrby("f", 4),
            await redis.exists("a", "b", "nothing"),
            await redis.delete("g", "h"),
        ]
    finally:
        redis.close()
        await redis.wait_closed()
    return seen
""",
    "expiry": """
import os
import aioredis
from aioredis import Redis


async def touch(redis: Redis, key: str, ttl: int = 0) -> bool:
    return await redis.set(key, "x", expire=ttl)  # 0: for ever


async def main():
    redis = await aioredis.create_redis(os.environ["REDIS_URL"], encoding="utf-8")
    seen = [await touch(redis, "kept"), await touch(redis, "gone", 90)]
    seen.append(await redis.expire("kept", 100.5))
    seen.append(await redis.ttl("kept") in (100, 101))
    seen.append(await redis.persist("kept"))
    seen.append(await redis.ttl("kept"))
    seen.append(await redis.pexpire("kept", 50_000))
    seen.append(await redis.expire("nothing", 3))
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "hashes": """
import os
import aioredis


class Store:
    def __init__(self):
        self.redis = None

    async def start(self):
        self.redis = await aioredis.create_redis_pool(os.environ["REDIS_URL"], encoding="utf-8")

    async def put(self, key, values):
        await self.redis.hmset_dict(key, values)  # all of them
        await self.redis.hmset_dict(key, {"x": 1}, y=2)
        await self.redis.hmset_dict(key, z="3")
        await self.redis.hmset(key, "p", 4, "q", 5)

    async def stop(self):
        self.redis.close()
        await self.redis.wait_closed()


async def main():
    store = Store()
    await store.start()
    await store.put("h", {"a": "b"})
    redis = store.redis
    seen = [
        await redis.hgetall("h"),
        await redis.hget("h", "a"),
        await redis.hmget("h", "x", "nothing"),
        await redis.hset("h", "n", 1),
        await redis.hincrby("h", "n", 2),
        await redis.hincrbyfloat("h", "n", 0.5),
        await redis.hexists("h", "n"),
        await redis.hdel("h", "p", "q"),
        sorted([pair async for pair in redis.ihscan("h")]),
    ]
    await store.stop()
    return seen
""",
    "sorted sets": """
import os
import aioredis


async def main():
    redis = await aioredis.create_redis(os.environ["REDIS_URL"], encoding="utf-8")
    low = 2
    seen = [
        await redis.zadd("z", 1, "one"),
        await redis.zadd("z", 2, "two", 3, "three", 4.5, "more"),
        await redis.zadd("z", 9, "one", exist=redis.ZSET_IF_NOT_EXIST),
        await redis.zadd("z", 5, "five", 1.5, "one", changed=True),
        await redis.zrange("z"),
        await redis.zrange("z", 0, -1, True),
        await redis.zrange("z", start=1, stop=2),
        await redis.zrevrange("z", 0, 1, withscores=True),
        await redis.zrangebyscore("z", 2, 4),
        await redis.zrangebyscore("z", low, exclude=redis.ZSET_EXCLUDE_MIN),
        await redis.zrangebyscore("z", 1, 5, offset=1, count=2),
        await redis.zrangebyscore("z", withscores=True),
        await redis.zrevrangebyscore("z", 5, 2, exclude=redis.ZSET_EXCLUDE_BOTH),
        await redis.zcount("z", 2),
        await redis.zscore("z", "two"),
        await redis.zincrby("z", 2, "two"),
        await redis.zrank("z", "two"),
        await redis.zremrangebyscore("z", max=1.5),
        await redis.zcard("z"),
        sorted([pair async for pair in redis.izscan("z", match="t*")]),
    ]
    await redis.zadd("other", 10, "two")
    seen.append(await redis.zunionstore("union", "z", "other"))
    seen.append(await redis.zinterstore("inter", ("z", 2), ("other", 1), with_weights=True,
                                        aggregate=redis.ZSET_AGGREGATE_MAX))
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "lists and sets": """
import os
import aioredis


async def main():
    redis = await aioredis.create_redis_pool(os.environ["REDIS_URL"], encoding="utf-8")
    await redis.sadd("s", "a", "b", "c")
    await redis.sadd("t", "b")
    seen = [
        await redis.rpush("l", 1, 2, 3),
        await redis.lrange("l", 0, -1),
        await redis.linsert("l", 2, "between", before=True),
        await redis.lrem("l", 0, 3),
        await redis.llen("l"),
        bool(await redis.lset("l", 0, "first")),
        await redis.ltrim("l", 0, 1),
        await redis.rpoplpush("l", "m"),
        await redis.sismember("s", "a"),
        sorted(await redis.smembers("s")),
        (await redis.smembers("t"))[0],
        await redis.sinter("s", "t"),
        sorted(await redis.sunion("s", "t")),
        await redis.sdiffstore("u", "s", "t"),
        sorted([member async for member in redis.isscan("s")]),
        sorted([key async for key in redis.iscan(match="?")]),
    ]
    key, value = await redis.blpop("nothing", "l", timeout=1)
    seen += [key, value, await redis.brpop("nothing", timeout=1)]
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "bytes": """
import os
import aioredis


async def main():
    redis = await aioredis.create_redis(os.environ["REDIS_URL"])
    await redis.set("a", b"\\xff\\x00")
    await redis.hmset_dict("h", {b"f": b"v"})
    seen = [await redis.get("a"), await redis.hgetall("h"), await redis.keys("*h"), await redis.type("a")]
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "encoding per call": """
import os
import aioredis


async def main():
    pool = await aioredis.create_redis_pool(os.environ["REDIS_URL"])
    await pool.set("my-key", "väl")
    value = await pool.get("my-key", encoding="utf-8")
    await pool.rpush("l", "x", "y")
    values = await pool.lrange("l", 0, -1, encoding="utf-8")
    pool.close()
    await pool.wait_closed()
    return [value, values]
""",
    "transaction": """
import os
import aioredis


async def main():
    redis = await aioredis.create_redis_pool(os.environ["REDIS_URL"], encoding="utf-8")
    tr = redis.multi_exec()
    tr.incr("n")
    tr.set("a", "1", expire=60)
    tr.hmset_dict("h", {"a": 1, "b": 2})
    tr.zadd("z", 1, "one")
    tr.get("a")
    whole = await tr.execute()
    whole[2] = True  # how many fields were new, with some clients
    redis.close()
    await redis.wait_closed()
    return whole
""",
    "futures": """
import os
import aioredis


async def main():
    redis = await aioredis.create_redis(os.environ["REDIS_URL"], encoding="utf-8")
    pipe = redis.pipeline()
    first = pipe.incr("n")
    pipe.set("a", "1")
    second = pipe.get("a")
    await pipe.execute()
    tr = redis.multi_exec()
    only = tr.incr("n")
    await tr.execute()
    seen = [await first, await second, await only]
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "errors": """
import os
import aioredis
from aioredis.errors import RedisError
from aioredis import ReplyError, MultiExecError as Failed


async def main():
    seen = []
    redis = await aioredis.create_redis(os.environ["REDIS_URL"])
    await redis.set("a", "x")
    try:
        await redis.incr("a")
    except ReplyError:
        seen.append("reply")
    try:
        await redis.lpush("a", 1)
    except aioredis.errors.RedisError as error:
        seen.append(isinstance(error, RedisError))
    tr = redis.multi_exec()
    tr.incr("a")
    tr.set("b", "y")
    try:
        await tr.execute()
    except Failed:
        seen.append("transaction")
    tr = redis.multi_exec()
    tr.incr("a")
    tr.set("c", "z")
    failed, fine = await tr.execute(return_exceptions=True)
    seen += [isinstance(failed, aioredis.ReplyError), fine]
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "channel": """
import asyncio
import os
import aioredis


async def reader(ch):
    seen = []
    while await ch.wait_message():
        msg = await ch.get(encoding="utf-8")
        seen.append(msg)
        if msg == "stop":
            break
    return seen


async def main():
    sub = await aioredis.create_redis(os.environ["REDIS_URL"])
    pub = await aioredis.create_redis(os.environ["REDIS_URL"])
    res = await sub.subscribe("news")
    ch1 = res[0]
    task = asyncio.ensure_future(reader(ch1))
    counts = [await pub.publish("news", "hello"), await pub.publish("news", "stop")]
    seen = await task
    await sub.unsubscribe("news")
    pub.close()
    await pub.wait_closed()
    sub.close()
    await sub.wait_closed()
    return [counts, seen]
""",
    "channel as iterator": """
import asyncio
import json
import os
import aioredis


async def main():
    redis = await aioredis.create_redis_pool(os.environ["REDIS_URL"], encoding="utf-8")
    (channel,) = await redis.subscribe("raw")
    parsed, = await redis.subscribe("json")
    await redis.publish("raw", "one")
    await redis.publish_json("json", {"two": 2})
    seen = []
    async for item in channel.iter():
        seen.append(item)  # bytes, whatever the client does
        break
    while await parsed.wait_message():
        seen.append(await parsed.get_json())
        break
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "pool of connections": """
import os
import aioredis
from aioredis import create_pool


async def main():
    pool = await create_pool((os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])), minsize=1, maxsize=3)
    async with pool.get() as connection:
        await connection.execute("SET", "a", "1")
        seen = [await connection.execute("get", "a"), await connection.execute(b"INCR", "n")]
    pool.close()
    await pool.wait_closed()
    redis = await aioredis.create_redis_pool([os.environ["REDIS_HOST"], os.environ["REDIS_PORT"]], db=1, timeout=5)
    with await redis as one:
        await one.set("b", "2")
        seen.append(await one.get("b"))
    await redis.delete("b")
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "scripts": """
import os
import aioredis


async def main():
    redis = await aioredis.create_redis(os.environ["REDIS_URL"], encoding="utf-8")
    keys, args = ["a"], ["b", "c"]
    script = "return {KEYS[1], ARGV[1], #ARGV}"
    digest = await redis.script_load(script)
    seen = [
        await redis.eval("return 1"),
        await redis.eval(script, keys, args),
        await redis.eval(script, keys=["x", "y"], args=[1]),
        await redis.evalsha(digest, ["k"], ["v"]),
        await redis.script_exists(digest),
        await redis.bitop_or("d", "a", "b"),
        await redis.object_refcount("nothing"),
    ]
    redis.close()
    await redis.wait_closed()
    return seen
""",
    "many at once": """
import asyncio
import os
from aioredis import create_redis_pool


async def bump(redis, name):
    await redis.zadd("board", 1, name)
    return await redis.incr(name)


async def main():
    redis = await asyncio.wait_for(create_redis_pool(os.environ["REDIS_URL"]), 5)
    seen = await asyncio.gather(*(bump(redis, name) for name in "abc"), redis.set("d", "1", expire=30))
    redis.rpush("log", "sent")  # nobody waits for it
    await asyncio.gather(redis.hmset_dict("h", {"a": 1}), redis.sadd("s", 1))
    redis.close()
    await redis.wait_closed()
    return seen
""",
}
