"""Sites: each call of a client constructor is one, whoever wrote the library; what only looks like one is none."""

from __future__ import annotations

import pytest

from .tree import Tree

REDIS = [
    f"{module}.{name}"
    for module, names in {
        "redis": "Redis StrictRedis ConnectionPool BlockingConnectionPool Connection SSLConnection",
        "redis.asyncio": "Redis StrictRedis ConnectionPool BlockingConnectionPool Connection SSLConnection"
        " RedisCluster",
        "redis.cluster": "RedisCluster",
        "redis.asyncio.cluster": "RedisCluster",
        "redis.client": "Redis StrictRedis",
        "redis.connection": "ConnectionPool Connection",
        "valkey": "Valkey StrictValkey Redis ConnectionPool Connection",
        "valkey.asyncio": "Valkey Redis ConnectionPool",
        "aioredis": "Redis StrictRedis ConnectionPool",
        "coredis": "Redis RedisCluster",
    }.items()
    for name in names.split()
]
FROM_URL = [
    "redis.from_url",
    "redis.Redis.from_url",
    "redis.StrictRedis.from_url",
    "redis.ConnectionPool.from_url",
    "redis.BlockingConnectionPool.from_url",
    "redis.RedisCluster.from_url",
    "redis.asyncio.from_url",
    "redis.asyncio.Redis.from_url",
    "redis.asyncio.ConnectionPool.from_url",
    "valkey.from_url",
    "aioredis.from_url",
    "aioredis.Redis.from_url",
    "aioredis.create_redis",
    "aioredis.create_redis_pool",
    "aioredis.create_pool",
    "aioredis.create_connection",
    "coredis.Redis.from_url",
]
ASYNCHRONOUS = (".asyncio", "aioredis", "coredis", "glide")


@pytest.mark.parametrize("name", REDIS)
def test_a_class_that_takes_a_host_makes_a_site(name: str, tree: Tree) -> None:
    site = tree.site(f"import {name.rpartition('.')[0]}\nclient = {name}(host='cache')\n")
    assert (site.constructor.rpartition(".")[2], site.provenance.value, site.endpoint.text) == (
        name.rpartition(".")[2],
        "literal",
        "cache:6379",
    )
    assert site.asynchronous is any(word in name for word in ASYNCHRONOUS)


@pytest.mark.parametrize("name", FROM_URL)
def test_a_callable_that_takes_a_url_makes_a_site(name: str, tree: Tree) -> None:
    package = "redis.asyncio" if name.startswith("redis.asyncio") else name.partition(".")[0]
    site = tree.site(f"import {package}\nclient = {name}('redis://cache:6379/3')\n")
    assert (site.constructor, site.provenance.value) == (name, "literal")
    assert (site.endpoint.host, site.endpoint.port, site.endpoint.db) == ("cache", 6379, 3)
    assert site.asynchronous is any(word in name for word in ASYNCHRONOUS)


def test_a_unix_socket_is_an_endpoint_whoever_takes_it(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis
        redis.UnixDomainSocketConnection(path="/run/redis.sock")  # -> literal
        redis.UnixDomainSocketConnection("/run/redis.sock")  # -> literal
        redis.Redis(unix_socket_path="/run/redis.sock")  # -> literal
        redis.Redis(unix_socket_path=os.environ["SOCKET"])  # -> external
        redis.from_url("unix:///run/redis.sock?db=1")  # -> literal
        redis.ConnectionPool(connection_class=redis.UnixDomainSocketConnection, path="/run/redis.sock")  # -> literal
        redis.ConnectionPool(redis.UnixDomainSocketConnection, path=os.environ["SOCKET"])  # -> external
    """)


def test_a_sentinel_is_a_site_and_its_masters_are_none(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis
        import redis.sentinel
        from redis.asyncio.sentinel import Sentinel
        one = redis.sentinel.Sentinel([("localhost", 26379)])  # -> literal
        two = Sentinel(sentinels=[(os.environ["SENTINEL"], 26379)])  # -> external
        three = redis.Sentinel([(os.getenv("S", "sentinel"), 26379), ("other", 26379)])  # -> fallback
        four = redis.Sentinel([tuple(s.split(":")) for s in os.environ["SENTINELS"].split(",")])  # -> external
        master = one.master_for("mymaster", password="x")
        replica = two.slave_for("mymaster")
    """)


def test_a_cluster_is_told_by_its_nodes(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        from redis.cluster import ClusterNode, RedisCluster
        from redis.asyncio import RedisCluster as AsyncCluster
        NODES = [{"host": "node-1", "port": 7000}, {"host": "node-2", "port": 7000}]
        RedisCluster(startup_nodes=[ClusterNode("localhost", 7000)])  # -> literal
        RedisCluster(startup_nodes=[ClusterNode(host=os.environ["NODE"], port=7000)])  # -> external
        AsyncCluster(startup_nodes=NODES)  # -> literal
        AsyncCluster(startup_nodes=[ClusterNode(h, 7000) for h in ("a", "b")])  # -> literal
        AsyncCluster(startup_nodes=[ClusterNode(h, 7000) for h in os.environ["HOSTS"].split(",")])  # -> external
        RedisCluster("localhost", 7000)  # -> literal
        RedisCluster.from_url(os.environ["CLUSTER_URL"])  # -> external
    """)


def test_glide_is_told_by_the_addresses_in_its_configuration(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        from glide import GlideClient, GlideClientConfiguration, GlideClusterClient, NodeAddress

        async def start() -> None:
            global one, two
            one = await GlideClient.create(GlideClientConfiguration([NodeAddress("localhost", 6379)]))  # -> literal
            config = GlideClientConfiguration(addresses=[NodeAddress(host=os.environ["HOST"])])
            two = await GlideClusterClient.create(config)  # -> external
    """)


def test_the_old_aioredis_takes_an_address_of_two_parts(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import aioredis

        async def start(app):
            app["one"] = await aioredis.create_redis(("localhost", 6379))  # -> literal
            app["two"] = await aioredis.create_redis_pool(address=(os.environ["HOST"], 6379))  # -> external
            app["three"] = await aioredis.create_pool((os.getenv("HOST", "localhost"), 6379))  # -> fallback
            app["four"] = await aioredis.create_redis_pool(os.environ["REDIS_URL"])  # -> external
            app["five"] = await aioredis.create_redis("redis://cache")  # -> literal
    """)


def test_a_client_over_a_pool_leaves_the_word_to_the_pool(tree: Tree) -> None:
    tree.shows_provenances("""
        import aioredis
        import redis
        POOL = redis.ConnectionPool(host="cache")  # -> literal
        one = redis.Redis(connection_pool=POOL)  # -> pool
        two = redis.Redis(connection_pool=redis.ConnectionPool.from_url("redis://cache"))  # -> literal, pool
        three = redis.Redis(host="ignored", connection_pool=POOL)  # -> pool

        async def start(app, pool):
            app["four"] = aioredis.Redis(await aioredis.create_pool("redis://cache"))  # -> literal, pool
            app["five"] = redis.Redis(connection_pool=pool)  # -> pool
            app["six"] = redis.Redis(connection_pool=None)  # -> default
    """)


def test_of_a_pool_made_only_for_its_class_method_the_outer_call_is_the_site(tree: Tree) -> None:
    site = tree.site("""
        import redis
        POOL = redis.ConnectionPool(max_connections=5).from_url("redis://cache:6379/0")
    """)
    assert (site.constructor, site.provenance.value) == ("redis.ConnectionPool.from_url", "literal")


def test_a_call_of_a_subclass_is_a_site(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "clients.py": """
            import redis

            class Plain(redis.Redis):
                pass

            class Deeper(Plain):
                def hello(self):
                    return "hello"

            class Pool(redis.ConnectionPool):
                pass
        """,
            "app.py": """
            import os
            import clients
            from clients import Deeper, Plain, Pool

            one = Plain(host="redis")  # -> literal
            two = Deeper(os.environ["REDIS_HOST"])  # -> external
            three = clients.Plain()  # -> default
            four = Deeper.from_url(os.getenv("REDIS_URL", "redis://cache"))  # -> fallback
            five = Plain(connection_pool=Pool(host="redis"))  # -> literal, pool
        """,
        }
    )


def test_a_subclass_with_a_constructor_of_its_own_connects_where_that_says(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis

        class Fixed(redis.Redis):
            def __init__(self):
                super().__init__(host="redis", port=6379)

        class Passing(redis.Redis):
            def __init__(self, where, number=0):
                redis.Redis.__init__(self, host=where, db=number)

        class Everything(redis.Redis):
            def __init__(self, *args, **kwargs):
                super(Everything, self).__init__(*args, **kwargs)

        class Configured(Passing):
            def __init__(self):
                super().__init__(os.environ["HOST"])

        class Silent(redis.Redis):
            def __init__(self, host):
                self.host = host

        one = Fixed()  # -> literal
        two = Passing("redis")  # -> literal
        three = Passing(os.getenv("HOST", "localhost"))  # -> fallback
        four = Everything(host="redis")  # -> literal
        five = Everything()  # -> default
        six = Configured()  # -> external
        seven = Silent("redis")  # -> unknown
    """)


def test_what_only_looks_like_a_client_is_none(tree: Tree) -> None:
    tree.shows_provenances("""
        import fakeredis
        import kombu
        import redis
        from fakeredis import FakeRedis, FakeStrictRedis as StrictRedis
        from kombu import Connection
        from redis.commands.json.path import Path
        from redis.retry import Retry
        from unittest.mock import AsyncMock, MagicMock

        class Redis:
            def __init__(self, host):
                self.host = host

            @classmethod
            def from_url(cls, url):
                return cls(url)

        Redis(host="localhost")
        Redis.from_url("redis://localhost")
        Connection("redis://localhost")
        kombu.Connection("redis://localhost")
        FakeRedis(host="localhost")
        StrictRedis()
        fakeredis.aioredis.FakeRedis()
        MagicMock(spec=redis.Redis)
        AsyncMock(redis.Redis)
        Path("$")
        Retry(None, 3)
        client: redis.Redis
        text = "redis.Redis(host='localhost')"

        def typed(client: redis.Redis | None = None) -> redis.Redis | None:
            '''Like redis.Redis(host="localhost").'''
            return client
    """)


def test_a_local_package_of_that_name_is_no_client(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "redis/__init__.py": "class Redis:\n    pass\n\ndef from_url(url):\n    return url\n",
            "app.py": """
            import redis
            from redis import Redis
            redis.Redis(host="localhost")
            redis.from_url("redis://localhost")
            Redis()
        """,
        }
    )


def test_a_file_that_is_called_redis_still_imports_the_package(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "cache/__init__.py": "",
            "cache/redis.py": "import redis\nclient = redis.Redis()  # -> default\n",
            "cache/other.py": "import redis\nclient = redis.Redis()  # -> default\n",
            "app/redis/__init__.py": "",
            "app/redis/client.py": "from redis import Redis\nclient = Redis()  # -> default\n",
            "scripts/redis.py": "import redis.asyncio as redis\nclient = redis.Redis()  # -> default\n",
            "scripts/other.py": "import redis\nclient = redis.Redis()  # -> default\n",
        }
    )


def test_two_calls_on_one_line_are_two_sites(tree: Tree) -> None:
    found = tree.audit("import redis\na, b = redis.Redis(host='a'), redis.Redis(host='b')\n")
    assert [site.endpoint.host for site in found.sites] == ["a", "b"]


def test_tests_hold_no_sites_unless_they_are_asked_for(tree: Tree) -> None:
    code = "import redis\nclient = redis.Redis()\n"
    files = dict.fromkeys(["test_a.py", "b_test.py", "tests/c.py", "pkg/tests/d.py", "conftest.py", "contest.py"], code)
    assert [site.path for site in tree.audit(files).sites] == ["contest.py"]
    assert len(tree.audit(files, include_tests=True).sites) == 6
