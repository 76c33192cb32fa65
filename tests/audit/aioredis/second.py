"""Programs that are written for aioredis 2.x; they are run as they are, too, where aioredis 2.0.1 runs."""

from __future__ import annotations

__all__ = ["PROGRAMS"]

PROGRAMS = {
    "strings": """
import os
import aioredis

redis = None


async def main():
    redis = aioredis.from_url(os.environ["REDIS_URL"], decode_responses=True, max_connections=10)
    seen = [
        await redis.set("a", "1", ex=60),
        await redis.set("a", "2", nx=True),
        await redis.setex("b", 60, "3"),
        await redis.get("a"),
        await redis.mget("a", "b", "c"),
        await redis.expire("b", 90),
    ]
    await redis.close()
    return seen
""",
    "structures": """
import os
from aioredis import Redis


async def main():
    async with Redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as redis:
        return [
            await redis.hset("h", mapping={"a": 1, "b": 2}),
            await redis.hgetall("h"),
            await redis.zadd("z", {"one": 1, "two": 2.5}),
            await redis.zrange("z", 0, -1, withscores=True),
            await redis.sadd("s", "a", "b"),
            await redis.smembers("s"),
            await redis.rpush("l", 1, 2),
            await redis.lrange("l", 0, -1),
            sorted([key async for key in redis.scan_iter("?")]),
        ]
""",
    "pipeline": """
import os
import aioredis


async def main():
    redis = await aioredis.from_url(os.environ["REDIS_URL"])
    async with redis.pipeline(transaction=True) as pipe:
        seen = await pipe.set("a", "1").incr("n").hset("h", "a", 1).execute()
    await redis.close()
    return seen
""",
    "errors": """
import os
import aioredis
from aioredis.exceptions import ResponseError


async def main():
    redis = aioredis.from_url(os.environ["REDIS_URL"])
    await redis.set("a", "x")
    seen = []
    try:
        await redis.incr("a")
    except aioredis.RedisError as error:
        seen.append(isinstance(error, ResponseError))
    try:
        async with redis.pipeline() as pipe:
            await pipe.watch("a")
            await redis.set("a", "y")
            pipe.multi()
            pipe.set("a", "z")
            await pipe.execute()
    except aioredis.WatchError:
        seen.append("watched")
    await redis.close()
    return seen
""",
    "channel": """
import os
import aioredis


async def main():
    redis = aioredis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    pubsub = redis.pubsub(ignore_subscribe_messages=True)
    await pubsub.subscribe("news")
    await redis.publish("news", "hello")
    async for message in pubsub.listen():
        seen = [message["channel"], message["data"]]
        await pubsub.unsubscribe("news")
    await pubsub.close()
    await redis.close()
    return seen
""",
    "lock and script": """
import os
import aioredis
from aioredis.lock import Lock


async def main():
    redis = aioredis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    async with redis.lock("guard", timeout=5) as lock:
        seen = [isinstance(lock, Lock), await redis.exists("guard")]
    double = redis.register_script("return ARGV[1] * 2")
    seen += [await redis.exists("guard"), await double(args=[21])]
    await redis.close()
    return seen
""",
}
