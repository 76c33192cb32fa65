"""Lifetimes: a client that dies with the call that made it (MR301), or is handed out anew to each caller (MR302)."""

from __future__ import annotations

import pytest

from .tree import Tree

LIFETIME = ("MR301", "MR302")


def test_a_client_that_stays_local_dies_with_the_call(tree: Tree) -> None:
    tree.shows("""
        import contextlib
        import redis
        import redis.asyncio as aredis

        def named(key):
            client = redis.Redis(host="cache")  # -> MR301
            return client.get(key)

        def used_at_once(key):
            return redis.Redis(host="cache").get(key)  # -> MR301

        def dropped():
            redis.Redis(host="cache")  # -> MR301

        def in_a_block(key):
            with redis.Redis(host="cache") as client:  # -> MR301
                return client.get(key)

        async def in_an_asynchronous_block(key):
            async with aredis.from_url("redis://cache") as client:  # -> MR301
                return await client.get(key)

        def closed_at_the_end(key):
            with contextlib.closing(redis.Redis(host="cache")) as client:  # -> MR301
                return client.get(key)

        async def closed_later(key):
            client = aredis.Redis(host="cache")  # -> MR301
            async with contextlib.aclosing(client):
                return await client.get(key)

        def finally_closed(key):
            client = None
            try:
                client = redis.Redis(host="cache")  # -> MR301
                return client.get(key)
            finally:
                if client is not None:
                    client.close()

        def renamed(key):
            first = redis.Redis(host="cache")  # -> MR301
            second = first
            third: redis.Redis = second
            return third.get(key)

        def in_a_walrus(key):
            if (client := redis.Redis(host="cache")).ping():  # -> MR301
                return client.get(key)

        def derived(key):
            client = redis.Redis(host="cache")  # -> MR301
            pipe = client.pipeline()
            return pipe.get(key).execute()

        def tested_only():
            client = redis.Redis(host="cache")  # -> MR301
            return client is not None

        class Service:
            def method(self):
                client = redis.Redis(host="cache")  # -> MR301
                self.value = client.get("a")

            @staticmethod
            def static():
                return redis.Redis(host="cache").ping()  # -> MR301

            @classmethod
            def of_class(cls):
                client = redis.Redis(host="cache")  # -> MR301
                client.ping()
    """, *LIFETIME)  # fmt: skip


def test_a_loop_and_a_lambda_run_often(tree: Tree) -> None:
    tree.shows("""
        import redis

        for name in ("a", "b"):
            client = redis.Redis(host=name)  # -> MR301
            client.ping()

        while True:
            if redis.Redis().ping():  # -> MR301
                break

        ping = lambda: redis.Redis(host="cache").ping()  # -> MR301
        pings = [redis.Redis(host=name).ping() for name in ("a", "b")]  # -> MR301
        kept = [redis.Redis(host=name) for name in ("a", "b")]
        by_name = {}
        for name in ("a", "b"):
            by_name[name] = redis.Redis(host=name)
        else:
            last = redis.Redis(host="once")
    """, *LIFETIME)  # fmt: skip


def test_a_client_that_outlives_the_call_is_not_raised(tree: Tree) -> None:
    tree.shows("""
        import redis

        CLIENTS = {}
        HELD = []
        shared = None

        class Service:
            def attribute(self):
                self.client = redis.Redis(host="cache")

            def attribute_later(self):
                client = redis.Redis(host="cache")
                client.ping()
                self.client = client

            def attribute_of_another(self, other):
                other.client = redis.Redis(host="cache")

            def both(self):
                client = self.client = redis.Redis(host="cache")
                return client

            @classmethod
            def of_class(cls):
                cls.client = redis.Redis(host="cache")

        def subscript(name):
            CLIENTS[name] = redis.Redis(host="cache")

        def subscript_later(name):
            client = redis.Redis(host="cache")
            CLIENTS[name] = client
            return client

        def in_global():
            global shared
            shared = redis.Redis(host="cache")

        def in_nonlocal():
            client = None

            def fill():
                nonlocal client
                client = redis.Redis(host="cache")

            return fill

        def in_a_container():
            clients = [redis.Redis(host="cache")]
            return len(clients)

        def in_a_tuple(app):
            app.clients = redis.Redis(host="a"), redis.Redis(host="b")

        def appended():
            HELD.append(redis.Redis(host="cache"))

        def passed():
            client = redis.Redis(host="cache")
            work(client)

        def passed_by_name():
            client = redis.Redis(host="cache")
            work(client=client)

        def passed_on():
            return work(redis.Redis(host="cache"))

        def unpacked():
            clients = [redis.Redis(host="cache")]
            work(*clients)

        async def set_in_a_variable(variable):
            variable.set(redis.asyncio.Redis(host="cache"))
    """, *LIFETIME)  # fmt: skip


def test_a_client_that_an_inner_function_keeps_is_not_raised(tree: Tree) -> None:
    tree.shows("""
        import redis

        def registered(app):
            client = redis.Redis(host="cache")

            @app.get("/price")
            def price():
                return client.get("price")

        def returned():
            client = redis.Redis(host="cache")

            def price():
                return client.get("price")

            return price

        def kept_by_a_lambda(app):
            client = redis.Redis(host="cache")
            app.price = lambda: client.get("price")
    """, *LIFETIME)  # fmt: skip


def test_a_factory_that_keeps_nothing_makes_a_pool_for_each_caller(tree: Tree) -> None:
    tree.shows("""
        import contextlib
        import redis
        import redis.asyncio as aredis
        from typing import cast

        def plain():
            return redis.Redis(host="cache")  # -> MR302

        def named():
            client = redis.Redis(host="cache")  # -> MR302
            client.ping()
            return client

        def renamed():
            client = redis.Redis(host="cache")  # -> MR302
            found = client
            return found

        async def asynchronous():
            client = aredis.from_url("redis://cache")  # -> MR302
            await client.ping()
            return client

        async def awaited():
            return await aredis.from_url("redis://cache")  # -> MR302

        def dependency():
            client = redis.Redis(host="cache")  # -> MR302
            try:
                yield client
            finally:
                client.close()

        @contextlib.contextmanager
        def block():
            with redis.Redis(host="cache") as client:  # -> MR302
                yield client

        def yielded():
            yield redis.Redis(host="cache")  # -> MR302

        def pair():
            return redis.Redis(host="a"), 1  # -> MR302

        def chosen(local):
            return redis.Redis() if local else redis.Redis(host="cache")  # -> MR302

        def typed():
            return cast(redis.Redis, redis.Redis(host="cache"))  # -> MR302

        def pool():
            return redis.ConnectionPool(host="cache")  # -> MR302

        class Service:
            @property
            def client(self):
                return redis.Redis(host="cache")  # -> MR302

            def connect(self):
                return redis.Redis(host="cache")  # -> MR302
    """, *LIFETIME)  # fmt: skip


def test_a_factory_that_remembers_is_not_raised(tree: Tree) -> None:
    tree.shows("""
        import functools
        from functools import cache, cached_property, lru_cache
        import redis

        _client = None
        _clients = {}

        @cache
        def one():
            return redis.Redis(host="cache")

        @functools.lru_cache(maxsize=1)
        def two():
            client = redis.Redis(host="cache")
            client.ping()
            return client

        def three():
            global _client
            if _client is None:
                _client = redis.Redis(host="cache")
            return _client

        def four(name):
            if name not in _clients:
                _clients[name] = redis.Redis(host=name)
            return _clients[name]

        def five():
            global _client
            _client = _client or redis.Redis(host="cache")
            return _client

        def six():
            global _client
            if not _client:
                client = redis.Redis(host="cache")
                client.ping()
                _client = client
            return _client

        def seven(name):
            return _clients.setdefault(name, redis.Redis(host=name))

        class Service:
            _shared = None

            @cached_property
            def client(self):
                return redis.Redis(host="cache")

            @property
            def lazy(self):
                if self._client is None:
                    self._client = redis.Redis(host="cache")
                return self._client

            def local(self):
                client = self._client
                if client is None:
                    client = redis.Redis(host="cache")
                    self._client = client
                return client

            @classmethod
            def instance(cls):
                if cls._shared is None:
                    cls._shared = redis.Redis(host="cache")
                return cls._shared

            @classmethod
            def connect(cls):
                return cls(redis.Redis(host="cache"))

            @classmethod
            def named(cls):
                client = redis.Redis(host="cache")
                return cls(client=client)

            def __call__(self):
                if hasattr(self, "_kept"):
                    return self._kept
                self._kept = redis.Redis(host="cache")
                return self._kept
    """, *LIFETIME)  # fmt: skip


@pytest.mark.parametrize("rest", ["client.get('a')", "return client"])
def test_a_client_over_a_pool_costs_nothing(rest: str, tree: Tree) -> None:
    tree.shows(f"""
        import redis
        POOL = redis.ConnectionPool(host="cache")

        def work(pool):
            client = redis.Redis(connection_pool=POOL)
            {rest}

        def other(pool):
            client = redis.Redis(connection_pool=pool)
            {rest}
    """, *LIFETIME)  # fmt: skip


def test_a_client_over_nothing_is_a_client_of_its_own(tree: Tree) -> None:
    tree.shows("""
        import redis

        def work():
            return redis.Redis(connection_pool=None).get("a")  # -> MR301
    """, *LIFETIME)  # fmt: skip


def test_a_sentinel_lives_as_long_as_the_clients_that_it_makes(tree: Tree) -> None:
    tree.shows(
        """\
        from redis.sentinel import Sentinel

        def returned():
            sentinel = Sentinel([("h", 1)])  # -> MR302
            return sentinel.master_for("m")

        def at_once():
            return Sentinel([("h", 1)]).master_for("m")  # -> MR302

        def through_a_name():
            sentinel = Sentinel([("h", 1)])  # -> MR302
            master = sentinel.master_for("m")
            master.ping()
            return master

        class Kept:
            def connect(self):
                sentinel = Sentinel([("h", 1)])
                self.master = sentinel.master_for("m")

        def thrown_away():
            sentinel = Sentinel([("h", 1)])  # -> MR301
            sentinel.master_for("m").ping()
        """,
        "MR301",
        "MR302",
    )
