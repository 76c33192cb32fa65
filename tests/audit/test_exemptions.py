"""What runs once may make its own client: modules, constructors, start-up, main, tests, and what only these call."""

from __future__ import annotations

import pytest

from .tree import Tree

LIFETIME = ("MR301", "MR302")


def test_what_runs_once_is_exempt(tree: Tree) -> None:
    tree.shows("""
        import redis

        client = redis.Redis(host="cache")
        if client:
            other = redis.Redis(host="cache")
            other.ping()

        class Service:
            client = redis.Redis(host="cache")

            def __init__(self):
                client = redis.Redis(host="cache")
                client.ping()

            def __new__(cls):
                redis.Redis(host="cache").ping()
                return super().__new__(cls)

            def __post_init__(self):
                redis.Redis(host="cache").ping()

        class Case:
            def setUp(self):
                redis.Redis(host="cache").flushall()

            def setUpClass(cls):
                redis.Redis(host="cache").flushall()

        def main():
            client = redis.Redis(host="cache")
            client.ping()
    """, *LIFETIME)  # fmt: skip


def test_what_only_the_main_guard_runs_is_exempt(tree: Tree) -> None:
    tree.shows("""
        import asyncio
        import redis

        def run():
            redis.Redis(host="cache").ping()

        async def start():
            redis.Redis(host="cache").ping()

        def never_called():
            redis.Redis(host="cache").ping()  # -> MR301

        if __name__ == "__main__":
            run()
            asyncio.run(start())
            redis.Redis(host="cache").ping()
    """, *LIFETIME)  # fmt: skip


STARTUPS = {
    "fastapi's lifespan": """
        from contextlib import asynccontextmanager
        from fastapi import FastAPI

        @asynccontextmanager
        async def whatever(app):
            client = redis.Redis(host="cache")
            await client.ping()
            yield

        app = FastAPI(lifespan=whatever)
    """,
    "fastapi's start-up event": """
        from fastapi import FastAPI
        app = FastAPI()

        @app.on_event("startup")
        async def whatever():
            await redis.Redis(host="cache").ping()
    """,
    "starlette's handlers": """
        from starlette.applications import Starlette

        async def whatever():
            await redis.Redis(host="cache").ping()

        app = Starlette(on_startup=[whatever])
    """,
    "starlette's event handlers": """
        from starlette.applications import Starlette

        async def whatever():
            await redis.Redis(host="cache").ping()

        app = Starlette()
        app.add_event_handler("startup", whatever)
    """,
    "aiohttp's signals": """
        from aiohttp import web

        async def whatever(app):
            await redis.Redis(host="cache").ping()

        app = web.Application()
        app.on_startup.append(whatever)
    """,
    "aiohttp's contexts": """
        from aiohttp import web

        async def whatever(app):
            async with redis.Redis(host="cache") as client:
                await client.ping()
                yield

        app = web.Application()
        app.cleanup_ctx.append(whatever)
    """,
    "quart": """
        from quart import Quart
        app = Quart(__name__)

        @app.before_serving
        async def whatever():
            await redis.Redis(host="cache").ping()

        @app.while_serving
        async def around():
            client = redis.Redis(host="cache")
            yield
            await client.aclose()
    """,
    "sanic's listeners": """
        from sanic import Sanic
        app = Sanic("app")

        @app.listener("before_server_start")
        async def whatever(app, loop):
            await redis.Redis(host="cache").ping()

        @app.before_server_start
        async def other(app):
            await redis.Redis(host="cache").ping()

        @app.main_process_start
        async def third(app):
            await redis.Redis(host="cache").ping()

        async def fourth(app):
            await redis.Redis(host="cache").ping()

        app.register_listener(fourth, "before_server_start")
    """,
    "flask's first request": """
        from flask import Flask
        app = Flask(__name__)

        @app.before_first_request
        def whatever():
            redis.Redis(host="cache").ping()
    """,
    "an MCP server's lifespan": """
        from contextlib import asynccontextmanager
        from mcp.server.fastmcp import FastMCP

        @asynccontextmanager
        async def whatever(server):
            async with redis.Redis(host="cache") as client:
                yield {"redis": client}

        mcp = FastMCP("prices", lifespan=whatever)
    """,
    "celery's worker signals": """
        from celery.signals import worker_process_init, worker_init

        @worker_process_init.connect
        def whatever(**kwargs):
            redis.Redis(host="cache").ping()

        @worker_init.connect(weak=False)
        def other(**kwargs):
            redis.Redis(host="cache").ping()
    """,
    "arq's worker settings": """
        async def startup(ctx):
            await redis.Redis(host="cache").ping()

        class WorkerSettings:
            on_startup = startup
    """,
    "django's ready": """
        from django.apps import AppConfig

        class Shop(AppConfig):
            def ready(self):
                redis.Redis(host="cache").ping()
    """,
}


@pytest.mark.parametrize("code", STARTUPS.values(), ids=STARTUPS.keys())
def test_start_up_is_exempt(code: str, tree: Tree) -> None:
    start = f"        import redis.asyncio as redis{code}"
    tree.shows({"app.py": "import redis.asyncio as redis\n", "start.py": start}, *LIFETIME)
    assert tree.audit({}).sites


def test_what_runs_for_each_request_is_not_exempt(tree: Tree) -> None:
    tree.shows("""
        import redis
        from flask import Flask
        app = Flask(__name__)

        @app.before_request
        def check():
            redis.Redis(host="cache").ping()  # -> MR301

        @app.route("/")
        def index():
            return redis.Redis(host="cache").get("a")  # -> MR301

        @app.teardown_request
        def done(error):
            redis.Redis(host="cache").ping()  # -> MR301
    """, *LIFETIME)  # fmt: skip


def test_tests_and_fixtures_are_exempt(tree: Tree) -> None:
    tree.shows({
        "test_prices.py": """
            import redis

            def helper():
                return redis.Redis(host="cache")

            def test_prices():
                redis.Redis(host="cache").ping()
        """,
        "fixtures.py": """
            import pytest
            import redis

            @pytest.fixture
            def client():
                return redis.Redis(host="cache")

            @pytest.fixture(scope="session")
            def other():
                client = redis.Redis(host="cache")
                yield client
                client.close()
        """,
    }, *LIFETIME, include_tests=True)  # fmt: skip


def test_what_only_exempt_code_calls_is_exempt_through_any_number_of_calls(tree: Tree) -> None:
    tree.shows({
        "tools.py": """
            import redis

            def connect():
                return redis.Redis(host="cache")

            def check():
                connect().ping()
                redis.Redis(host="cache").ping()

            def check_all():
                check()

            def often():
                redis.Redis(host="cache").ping()  # -> MR301

            def ping(count):
                if count:
                    ping(count - 1)
                redis.Redis(host="cache").ping()
        """,
        "main.py": """
            from tools import check_all, often, ping

            def main():
                check_all()
                often()
                ping(3)

            if __name__ == "__main__":
                main()
        """,
        "handlers.py": """
            import tools

            def handle(request):
                tools.often()
        """,
    }, *LIFETIME)  # fmt: skip


def test_methods_that_only_a_constructor_calls_are_exempt(tree: Tree) -> None:
    tree.shows("""
        import redis

        class Service:
            def __init__(self):
                self.client = self._connect()
                self._check()

            def _connect(self):
                return redis.Redis(host="cache")

            def _check(self):
                redis.Redis(host="cache").ping()

            def again(self):
                redis.Redis(host="cache").ping()  # -> MR301

            def handle(self):
                self.again()
    """, *LIFETIME)  # fmt: skip


def test_a_factory_that_only_module_level_calls_is_exempt(tree: Tree) -> None:
    tree.shows({
        "factory.py": """
            import redis

            def make():
                return redis.Redis(host="cache")
        """,
        "app.py": "from factory import make\nclient = make()\n",
    }, *LIFETIME)  # fmt: skip


def test_a_factory_that_a_handler_calls_too_is_not(tree: Tree) -> None:
    tree.shows({
        "factory.py": """
            import redis

            def make():
                return redis.Redis(host="cache")  # -> MR302
        """,
        "app.py": "from factory import make\nclient = make()\n",
        "handlers.py": "from factory import make\n\ndef handle():\n    return make().get('a')\n",
    }, *LIFETIME)  # fmt: skip
