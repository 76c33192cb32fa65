"""Commands on a synchronous client in a coroutine (MR402), and imports of the abandoned package (MR401)."""

from __future__ import annotations

import pytest

from .tree import Tree


def test_the_first_command_of_each_coroutine_blocks(tree: Tree) -> None:
    tree.shows("""
        import redis
        client = redis.Redis(host="cache")

        async def one(key):
            if key:
                client.get(key)  # -> MR402
            client.set(key, 1)
            client.get(key)

        async def two(key):
            for name in client.scan_iter("a*"):  # -> MR402
                print(name, client.get(name))

        async def three(key):
            return [client.get(k) for k in key]  # -> MR402

        async def four():
            with client.pipeline() as pipe:
                pipe.set("a", 1)
            await other(client.ping())  # -> MR402

        async def five():
            async def inner():
                client.get("a")  # -> MR402
            await inner()
            client.get("b")  # -> MR402

        async def six():
            await client.get("a")  # -> MR402

        async def seven():
            client.execute_command("GET", "a")  # -> MR402

        def plain():
            return client.get("a")
    """, "MR402")  # fmt: skip


def test_a_client_is_followed_into_modules_that_say_nothing_of_redis(tree: Tree) -> None:
    tree.shows(
        {
            "infra/__init__.py": "from .cache import store as shared, get_store\n",
            "infra/cache.py": """
                import os, redis
                import redis.asyncio
                store = redis.from_url(os.environ["REDIS_URL"])
                later = redis.asyncio.from_url(os.environ["REDIS_URL"])

                def get_store():
                    return redis.Redis(connection_pool=POOL)
                """,
            "direct.py": """
                from infra.cache import later, store

                async def one():
                    store.get("a")  # -> MR402

                async def two():
                    await later.get("a")
                    later.set("a", 1)  # -> MR403
                """,
            "handed_on.py": """
                from infra import get_store, shared

                async def one():
                    shared.get("a")  # -> MR402

                async def two():
                    await get_store().get("a")  # -> MR402, MR404
                """,
            "another.py": """
                from elsewhere import store

                async def one():
                    store.get("a")
                """,
        },
        "MR402",
        "MR403",
        "MR404",
    )


def test_a_client_of_the_factory_is_followed_there_as_well(tree: Tree) -> None:
    tree.shows(
        {
            "infra/store.py": "from mooring import create_redis_from_config\nkept = create_redis_from_config()\n",
            "web.py": """
                from infra import store

                async def one():
                    store.kept.get("a")  # -> MR402
                """,
            "star.py": """
                from infra.store import *

                async def one():
                    kept.get("a")  # -> MR402
                """,
        },
        "MR402",
    )


def test_what_runs_elsewhere_does_not_block(tree: Tree) -> None:
    tree.shows("""
        import asyncio
        import redis
        from asgiref.sync import sync_to_async
        from starlette.concurrency import run_in_threadpool
        client = redis.Redis(host="cache")

        async def one(loop, pool):
            await asyncio.to_thread(client.get, "a")
            await asyncio.to_thread(lambda: client.get("a"))
            await loop.run_in_executor(None, client.get, "a")
            await loop.run_in_executor(None, lambda: client.get("a"))
            await run_in_threadpool(client.get, "a")
            await sync_to_async(client.get)("a")
            pool.submit(client.get, "a")

        async def two():
            def inner():
                return client.get("a")
            await asyncio.to_thread(inner)

        async def three():
            get = lambda key: client.get(key)
            return await asyncio.to_thread(get, "a")
    """, "MR402")  # fmt: skip


@pytest.mark.parametrize("name", ["close", "aclose", "pubsub", "pipeline", "lock", "register_script"])
def test_what_sends_nothing_is_no_command(name: str, tree: Tree) -> None:
    tree.shows(f"""
        import redis
        client = redis.Redis(host="cache")

        async def work():
            client.{name}("a")
            client.get("a")  # -> MR402
    """, "MR402")  # fmt: skip


def test_an_asyncio_client_does_not_block(tree: Tree) -> None:
    tree.shows("""
        import aioredis
        import redis
        import redis.asyncio as aredis
        one = aredis.Redis(host="cache")
        two = aioredis.from_url("redis://cache")
        three = redis.asyncio.Redis(host="cache")

        async def work():
            await one.get("a")
            await two.get("a")
            await three.get("a")
            one.get("a")
    """, "MR402")  # fmt: skip


CLIENTS = {
    "a local name": "client = redis.Redis(host='cache')\n    client.get('a')",
    "the constructor itself": "redis.Redis(host='cache').get('a')",
    "a with block": "with redis.Redis(host='cache') as client:\n        client.get('a')",
    "a closing block": "with contextlib.closing(redis.Redis(host='cache')) as client:\n        client.get('a')",
    "a name of the module": "CLIENT.get('a')",
    "a name of another module": "store.client.get('a')",
    "an imported name": "imported.get('a')",
    "an attribute": "SERVICE.client.get('a')",
    "an attribute of an attribute": "SERVICE.inner.client.get('a')",
    "a property": "SERVICE.lazy.get('a')",
    "a cached property": "SERVICE.cached.get('a')",
    "a method": "SERVICE.connect().get('a')",
    "a factory": "make().get('a')",
    "a cached factory": "make_once().get('a')",
    "an asynchronous factory": "(await make_later()).get('a')",
    "a name given by a factory": "client = make()\n    client.get('a')",
    "a name given by an asynchronous factory": "client = await make_later()\n    client.get('a')",
    "a block given by a factory": "with block() as client:\n        client.get('a')",
    "a global that is filled later": "filled().get('a')",
    "a dict": "CLIENTS['a'].get('a')",
    "a subclass": "Own(host='cache').get('a')",
    "a client over a pool": "redis.Redis(connection_pool=POOL).get('a')",
    "one of two clients": "(CLIENT or imported).get('a')",
    "a sentinel's master": "SENTINEL.master_for('mymaster').get('a')",
}


@pytest.mark.parametrize("use", CLIENTS.values(), ids=CLIENTS.keys())
def test_a_blocking_client_is_known_through(use: str, tree: Tree) -> None:
    found = tree.audit(
        {
            "store.py": "import redis\nclient = redis.StrictRedis(host='cache')\n",
            "app.py": f"""
import contextlib
from functools import cached_property, lru_cache
import redis
import redis.sentinel
import store
from store import client as imported
CLIENT = redis.Redis(host="cache")
CLIENTS = {{"a": redis.Redis(host="cache")}}
POOL = redis.ConnectionPool(host="cache")
SENTINEL = redis.sentinel.Sentinel([("cache", 26379)])
_filled = None
class Own(redis.Redis):
    pass
class Inner:
    def __init__(self):
        self.client = redis.Redis(host="cache")
class Service:
    def __init__(self):
        self.client = None
        self.inner = Inner()
        self._lazy = None
    def start(self):
        self.client = redis.Redis(host="cache")
    @property
    def lazy(self):
        if self._lazy is None:
            self._lazy = redis.Redis(host="cache")
        return self._lazy
    @cached_property
    def cached(self):
        return redis.Redis(host="cache")
    def connect(self):
        return self.client
SERVICE = Service()
def make():
    return redis.Redis(host="cache")
@lru_cache
def make_once():
    return redis.Redis(host="cache")
async def make_later():
    return redis.Redis(host="cache")
@contextlib.contextmanager
def block():
    client = redis.Redis(host="cache")
    yield client
def filled():
    global _filled
    if _filled is None:
        _filled = redis.Redis(host="cache")
    return _filled
async def work():
    {use}
""",
        }
    )
    (finding,) = (f for f in found.findings if f.rule == "MR402")
    assert "in coroutine work" in finding.problem.message


def test_a_client_given_by_the_framework_is_known(tree: Tree) -> None:
    tree.shows("""
        from typing import Annotated
        import redis
        from fastapi import Depends, FastAPI
        app = FastAPI()

        def get_client():
            client = redis.Redis(host="cache")
            try:
                yield client
            finally:
                client.close()

        Client = Annotated[redis.Redis, Depends(get_client)]

        @app.get("/one")
        async def one(client: redis.Redis = Depends(get_client)):
            return client.get("a")  # -> MR402

        @app.get("/two")
        async def two(client: Annotated[redis.Redis, Depends(get_client)]):
            return client.get("a")  # -> MR402

        @app.get("/three")
        async def three(client: Client):
            return client.get("a")  # -> MR402

        @app.get("/four")
        def four(client: Client):
            return client.get("a")
    """, "MR402")  # fmt: skip


def test_a_parameter_is_the_client_that_callers_give_it(tree: Tree) -> None:
    tree.shows({
        "store.py": """
            from __future__ import annotations
            from typing import Optional
            from redis import Redis
            import redis.asyncio

            class Store:
                def __init__(self, client: Redis | None = None, other=None):
                    self.client = client
                    self.other = other

                async def read(self, key):
                    return self.client.get(key)  # -> MR402

                async def read_other(self, key):
                    return await self.other.get(key)

            async def fetch(client: "Optional[Redis]", key):
                return client.get(key)  # -> MR402

            async def wait(client: redis.asyncio.Redis, key):
                return await client.get(key)
        """,
        "app.py": """
            import redis
            import redis.asyncio
            from store import Store, fetch, wait
            blocking = redis.Redis(host="cache")
            waiting = redis.asyncio.Redis(host="cache")
            store = Store(blocking, other=waiting)

            async def work():
                await fetch(blocking, "a")
                await wait(waiting, "a")
        """,
    }, "MR402")  # fmt: skip


def test_what_is_no_client_or_may_be_an_asyncio_one_is_not_raised(tree: Tree) -> None:
    tree.shows("""
        import os
        import redis
        import redis.asyncio

        class Own(redis.Redis):
            async def fetch(self, key):
                return key

        own = Own(host="cache")
        pool = redis.ConnectionPool(host="cache")
        either = redis.Redis() if os.environ.get("SYNC") else redis.asyncio.Redis()

        async def work(client, cache: dict):
            client.get("a")
            cache.get("a")
            pool.disconnect()
            await own.fetch("a")
            await either.get("a")
    """, "MR402")  # fmt: skip


def test_a_missing_import_of_unknown_flavour_does_not_block(tree: Tree) -> None:
    tree.shows("""
        client = redis.Redis(host="cache")

        async def work():
            client.get("a")
    """, "MR402")  # fmt: skip


def test_the_abandoned_package_is_reported_once_a_file_at_its_first_import(tree: Tree) -> None:
    tree.shows({
        "one.py": "import aioredis  # -> MR401\nimport aioredis.client\nfrom aioredis import Redis\n",
        "two.py": "from aioredis.client import Redis  # -> MR401\n",
        "three.py": "import os, aioredis as redis  # -> MR401\n",
        "four.py": """
            try:
                from redis import asyncio as aioredis
            except ImportError:
                import aioredis  # -> MR401
        """,
        "five.py": """
            def connect():
                from aioredis import (  # -> MR401
                    Redis,
                )
                return Redis
        """,
        "six.py": """
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                import aioredis  # -> MR401
        """,
    }, "MR401")  # fmt: skip


def test_its_successor_and_its_namesakes_are_not_the_abandoned_package(tree: Tree) -> None:
    tree.shows({
        "pkg/__init__.py": "",
        "pkg/aioredis.py": "import redis.asyncio as aioredis\n",
        "pkg/app.py": '''
            """import aioredis"""
            # import aioredis
            from redis import asyncio as aioredis
            import redis.asyncio as aioredis
            from . import aioredis
            from .aioredis import aioredis
            from fakeredis import aioredis
            import aioredis_cluster
        ''',
    }, "MR401")  # fmt: skip


def test_a_module_of_the_tree_with_that_name_is_not_the_abandoned_package(tree: Tree) -> None:
    tree.shows({"aioredis.py": "import redis\n", "app.py": "import aioredis\nfrom aioredis import x\n"}, "MR401")


def test_what_is_done_with_a_client_in_a_container_is_not_known(tree: Tree) -> None:
    tree.shows(
        """
        from redis import asyncio as aioredis

        class Connections:
            def __init__(self):
                self._all = {}

            def of(self, index):
                if index not in self._all:
                    self._all[index] = aioredis.Redis()
                return self._all[index]

            async def clear(self, index):
                connection = self.of(index)
                await connection.delete("key")
        """,
        "MR405",
    )
