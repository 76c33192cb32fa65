"""Names: whatever an import, alias, re-export or assignment calls a constructor, it is found; nothing else is."""

from __future__ import annotations

import pytest

from .tree import Tree

IMPORTS = {
    "the package": ("import redis", "redis.Redis", "redis.Redis"),
    "an alias of the package": ("import redis as r", "r.StrictRedis", "redis.StrictRedis"),
    "a submodule, which binds the package": ("import redis.asyncio", "redis.Redis", "redis.Redis"),
    "a submodule by its dotted name": ("import redis.asyncio", "redis.asyncio.Redis", "redis.asyncio.Redis"),
    "an aliased submodule": ("import redis.asyncio as redis", "redis.Redis", "redis.asyncio.Redis"),
    "a class": ("from redis import Redis", "Redis", "redis.Redis"),
    "an aliased class": ("from redis import Redis as R", "R", "redis.Redis"),
    "a submodule from the package": ("from redis import asyncio as aioredis", "aioredis.Redis", "redis.asyncio.Redis"),
    "a class from where it is defined": ("from redis.client import Redis", "Redis", "redis.Redis"),
    "a class from deep below": (
        "from redis.asyncio.client import StrictRedis",
        "StrictRedis",
        "redis.asyncio.StrictRedis",
    ),
    "everything in the package": ("from redis import *", "Redis", "redis.Redis"),
    "everything in a submodule": ("from redis.asyncio import *", "Redis", "redis.asyncio.Redis"),
    "an import in try": (
        "try:\n    import redis.asyncio as redis\nexcept ImportError:\n    redis = None",
        "redis.Redis",
        "redis.asyncio.Redis",
    ),
    "the first of two imports in try": (
        "try:\n    from redis import asyncio as aioredis\nexcept ImportError:\n    import aioredis",
        "aioredis.Redis",
        "redis.asyncio.Redis",
    ),
    "an import under a condition": (
        "import sys\nif sys.version_info > (3, 8):\n    import redis\nelse:\n    redis = None",
        "redis.Redis",
        "redis.Redis",
    ),
    "an assigned class": ("import redis\nClient = redis.StrictRedis", "Client", "redis.StrictRedis"),
    "a class behind two assignments": ("import redis\nA = redis\nB = A.Redis\nC = B", "C", "redis.Redis"),
    "a method of a class": ("import redis\nmake = redis.Redis.from_url", "make", "redis.Redis.from_url"),
    "an annotated assignment": ("import redis\nClient: type = redis.Redis", "Client", "redis.Redis"),
    "a tuple assignment": ("import redis\nA, B = redis.Redis, None", "A", "redis.Redis"),
    "a conditional expression": (
        "import redis, os\nC = redis.Redis if os.name else None",
        "C",
        "redis.Redis",
    ),
    "getattr": ("import redis", 'getattr(redis, "Redis")', "redis.Redis"),
    "import_module": (
        "import importlib\nr = importlib.import_module('redis.asyncio')",
        "r.Redis",
        "redis.asyncio.Redis",
    ),
    "a dict of classes": (
        "import redis\nCLASSES = {'sync': redis.Redis, 'pool': redis.ConnectionPool}",
        "CLASSES['sync']",
        "redis.Redis",
    ),
    "a dict of classes asked by get": (
        "import redis\nCLASSES = {'sync': redis.Redis}",
        "CLASSES.get('sync')",
        "redis.Redis",
    ),
    "a list of classes": ("import redis\nCLASSES = [redis.Redis]", "CLASSES[0]", "redis.Redis"),
    "a partial": ("import redis, functools\nmake = functools.partial(redis.Redis, db=1)", "make", "redis.Redis"),
    "a partial by its own name": ("import redis\nfrom functools import partial", "partial(redis.Redis)", "redis.Redis"),
    "a function that returns the module": (
        "def library():\n    import redis.asyncio\n    return redis.asyncio",
        "library().Redis",
        "redis.asyncio.Redis",
    ),
    "a function that returns the class": (
        "import redis\ndef kind():\n    return redis.Redis",
        "kind()",
        "redis.Redis",
    ),
    "a class attribute": ("import redis\nclass A:\n    kind = redis.Redis", "A.kind", "redis.Redis"),
}  # fmt: skip


@pytest.mark.parametrize(("setting", "call", "constructor"), IMPORTS.values(), ids=IMPORTS.keys())
def test_a_constructor_is_found_through(setting: str, call: str, constructor: str, tree: Tree) -> None:
    assert tree.site(f"{setting}\nclient = {call}(host='cache')\n").constructor == constructor


MODULES = {
    "an import of its module": ("import pkg.clients", "pkg.clients.Client"),
    "an alias of its module": ("import pkg.clients as c", "c.Client"),
    "its module from the package": ("from pkg import clients", "clients.Client"),
    "its name": ("from pkg.clients import Client", "Client"),
    "a relative import": ("from .clients import Client", "Client"),
    "a relative import of its module": ("from . import clients", "clients.Client"),
    "a relative import of the package above": ("from ..pkg.clients import Client", "Client"),
    "a re-export by the package": ("from pkg import Exported", "Exported"),
    "a star import": ("from pkg.clients import *", "Client"),
    "a star import of a star import": ("from pkg.stars import *", "Client"),
    "a renaming re-export": ("from pkg.renamed import Renamed", "Renamed"),
}


@pytest.mark.parametrize(("setting", "call"), MODULES.values(), ids=MODULES.keys())
def test_a_constructor_of_another_module_is_found_through(setting: str, call: str, tree: Tree) -> None:
    site = tree.site(
        {
            "__init__.py": "",
            "pkg/__init__.py": "from .clients import Client as Exported\n",
            "pkg/clients.py": "import redis\nClient = redis.StrictRedis\n",
            "pkg/stars.py": "from .clients import *\n",
            "pkg/renamed.py": "from pkg.clients import Client as Renamed\n",
            "pkg/app.py": f"{setting}\nr = {call}(host='cache')  # redis\n",
        }
    )
    assert (site.path, site.constructor) == ("pkg/app.py", "redis.StrictRedis")


def test_an_import_in_a_function_is_found_where_it_holds(tree: Tree) -> None:
    tree.shows_provenances("""
        def here():
            import redis
            return redis.Redis()  # -> default

        def there():
            from redis import Redis
            return Redis()  # -> default

        def neither(redis):
            return redis.Redis()
    """)


def test_a_class_kept_on_the_object_is_found(tree: Tree) -> None:
    tree.shows_provenances("""
        import redis

        class Cache:
            def __init__(self, pooled=True):
                self.kind = redis.Redis

            def connect(self):
                self.client = self.kind(host="cache")  # -> literal
    """)


def test_a_missing_import_is_guessed_and_said(tree: Tree) -> None:
    found = tree.audit("client = redis.Redis(host='localhost')\n")
    (site,) = found.sites
    assert (site.unbound_root, site.confidence.value) == ("redis", "low")
    assert all("nothing in this module imports redis" in f.problem.message for f in found.findings)


def test_a_bare_name_that_nothing_binds_is_not_guessed(tree: Tree) -> None:
    assert not tree.audit("# redis\nclient = Redis(host='localhost')\n").sites


def test_an_import_in_the_docstring_tells_the_flavour_of_a_missing_one(tree: Tree) -> None:
    site = tree.site('"""Server.\n\nimport redis.asyncio as redis\n"""\nclient = redis.Redis(host="localhost")\n')
    assert (site.asynchronous, site.unbound_root) == (True, "redis")


def test_the_siblings_of_a_module_tell_the_flavour_of_a_missing_import(tree: Tree) -> None:
    found = tree.audit(
        {
            "servers/one/server.py": "client = redis.Redis(host='localhost')\n",
            "servers/two/server.py": "import redis.asyncio as redis\n",
        }
    )
    assert [site.asynchronous for site in found.sites] == [True]


def test_siblings_that_disagree_tell_nothing(tree: Tree) -> None:
    found = tree.audit(
        {
            "servers/one/server.py": "client = redis.Redis(host='localhost')\n",
            "servers/two/server.py": "import redis.asyncio as redis\n",
            "servers/three/server.py": "import redis\n",
        }
    )
    assert [site.asynchronous for site in found.sites] == [None]


def test_an_import_for_type_checking_only_is_still_the_package(tree: Tree) -> None:
    tree.shows_provenances("""
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from redis import Redis

        def get() -> "Redis":
            from redis import Redis
            return Redis()  # -> default
    """)


def test_the_name_that_stands_nearest_wins(tree: Tree) -> None:
    tree.shows_provenances("""
        from redis import Redis

        def own():
            class Redis:
                pass
            return Redis()

        def outer():
            return Redis()  # -> default
    """)


def test_a_name_that_is_bound_anew_means_what_it_was_last_given(tree: Tree) -> None:
    tree.shows_provenances("""
        from redis import Redis
        first = Redis()  # -> default
        from mylib import Redis
        second = Redis()
    """)
