"""What two clients of a Cluster are asked alike, to see whether they tell the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["ASKED", "told"]

Ask = Callable[[Any], Any]
# In this order, and so on what those before have left.
ASKED: list[Ask] = [
    lambda c: c.set("a", "1"),
    lambda c: c.set("a", "2", nx=True),
    lambda c: c.set("a", "3", get=True),
    lambda c: c.get("a"),
    lambda c: c.get("none"),
    lambda c: c.incrbyfloat("b", 1.5),
    lambda c: c.append("c", "tail"),
    lambda c: c.setrange("c", 2, b"\xff"),
    lambda c: c.getrange("c", 0, 1),
    lambda c: c.strlen("c"),
    lambda c: c.setbit("bits", 7, 1),
    lambda c: c.bitcount("bits"),
    lambda c: c.expire("a", 100),
    lambda c: c.ttl("a"),
    lambda c: c.type("a"),
    lambda c: c.rename("{a}", "{a}2"),
    lambda c: c.hset("h", mapping={"f": "1", "g": "2"}),
    lambda c: c.hgetall("h"),
    lambda c: c.hmget("h", "f", "none"),
    lambda c: c.hincrby("h", "f", 2),
    lambda c: c.hscan("h"),
    lambda c: c.lpush("l", "x", "y", "z"),
    lambda c: c.lrange("l", 0, -1),
    lambda c: c.lpos("l", "y"),
    lambda c: c.blpop("l", timeout=1),
    lambda c: c.lmove("l", "l"),
    lambda c: c.sadd("s", "x"),
    lambda c: c.smembers("s"),
    lambda c: c.sismember("s", "x"),
    lambda c: c.zadd("z", {"x": 1.5, "y": 2}),
    lambda c: c.zrange("z", 0, -1, withscores=True),
    lambda c: c.zscore("z", "x"),
    lambda c: c.zincrby("z", 2, "x"),
    lambda c: c.zpopmin("z"),
    lambda c: c.geoadd("g", (13.361389, 38.115556, "Palermo")),
    lambda c: c.geopos("g", "Palermo"),
    lambda c: c.pfadd("p", "x"),
    lambda c: c.pfcount("p"),
    lambda c: c.xadd("x", {"f": "v"}, id="1-1"),
    lambda c: c.xrange("x"),
    lambda c: c.xread({"x": 0}),
    lambda c: c.xgroup_create("x", "group", id="0"),
    lambda c: c.xreadgroup("group", "me", {"x": ">"}),
    lambda c: c.xpending("x", "group"),
    lambda c: c.xinfo_stream("x"),
    lambda c: c.object("ENCODING", "a"),
    lambda c: c.eval("return {KEYS[1], ARGV[1], 7}", 1, "a", "argument"),
    lambda c: c.eval("return 7", 0),
    lambda c: c.mset({"{t}1": "1", "{t}2": "2"}),
    lambda c: c.mget("{t}1", "{t}2", "{t}3"),
    lambda c: c.sunionstore("{s}union", "{s}", "{s}none"),
    lambda c: c.zunion(["{z}", "{z}none"]),
    lambda c: c.sort("{s}union", alpha=True),
    lambda c: c.exists("a"),
    lambda c: c.exists("a", "b", "none", "a"),
    lambda c: c.touch("a", "b"),
    lambda c: c.mset_nonatomic({"a": "1", "b": "2", "c": "3"}),
    lambda c: c.mget_nonatomic("a", "b", "c", "none"),
    lambda c: c.delete("a"),
    lambda c: c.delete("b", "c", "none"),
    lambda c: c.unlink("h", "l"),
    lambda c: c.delete(),
    lambda c: c.publish("news", "hello"),
    lambda c: c.ping(),
    lambda c: c.dbsize(target_nodes="primaries"),
    lambda c: c.echo("said", target_nodes="random"),
    lambda c: c.config_get("maxmemory-policy"),
    lambda c: _sorted(c.keys("*", target_nodes="primaries")),
    lambda c: _all(c.scan_iter("*")),
    lambda c: c.lock("lock", timeout=5).acquire(),
    lambda c: c.script_exists("0" * 40),
    lambda c: c.execute_command("get", "{t}1"),
    lambda c: c.execute_command("SET", "{t}1", "one"),
    lambda c: c.execute_command("GET"),
    lambda c: c.execute_command("NOSUCHCOMMAND", "a"),
    lambda c: c.execute_command("MGET", "a", "b"),
    lambda c: c.execute_command("SET", "a", object()),
    lambda c: c.lpush("{t}1", "x"),
    lambda c: c.incr("{t}1"),
    lambda c: c.pipeline().set("a", "1").get("a").get("b").hset("h", "f", "v").hgetall("h").execute(),
    lambda c: c.pipeline().delete("a").exists("a").mset_nonatomic({"a": "1", "b": "2"}).execute(),
    lambda c: c.pipeline().set("a", "x").incr("a").get("a").execute(raise_on_error=False),
    lambda c: c.pipeline().set("a", "x").incr("a").get("a").execute(),
    lambda c: c.pipeline().execute(),
    lambda c: c.pipeline().ping().execute(),
    lambda c: c.pipeline().blpop("none", timeout=0.01).get("a").execute(),
    lambda c: c.pipeline().execute_command("MGET", "a", "b").execute(),
    lambda c: c.set("large", "x" * 200_000),
    lambda c: c.get("large"),
    lambda c: c.getdel("large"),
]


async def _sorted(keys: Any) -> list[Any]:
    return sorted(await keys)


async def _all(keys: Any) -> list[Any]:
    return sorted([key async for key in keys])


async def told(ask: Ask, client: Any) -> Any:
    """Return what a client replies, or in which words it refuses."""
    try:
        asked = ask(client)
        return _plain(await asked if hasattr(asked, "__await__") else asked)
    except Exception as error:  # noqa: BLE001 - compared
        return _plain(error)


def _plain(reply: Any) -> Any:
    if isinstance(reply, Exception):
        return type(reply), str(reply).replace("AsyncPooledRedisCluster", "RedisCluster")
    return [_plain(each) for each in reply] if isinstance(reply, list) else reply
