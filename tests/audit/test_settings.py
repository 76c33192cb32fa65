"""Settings that reach a site from afar: nested objects, frameworks, and the command line of a program."""

from __future__ import annotations

from .tree import Tree


def test_nested_settings_are_followed(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "conf.py": """
            from dataclasses import dataclass, field
            from functools import lru_cache
            from pydantic import BaseModel, Field
            from pydantic_settings import BaseSettings

            class RedisSettings(BaseModel):
                host: str = "localhost"
                url: str

                @property
                def address(self) -> str:
                    return f"redis://{self.host}:6379"

            class Settings(BaseSettings):
                redis: RedisSettings = RedisSettings()
                cache: RedisSettings = Field(default_factory=RedisSettings)
                other: RedisSettings
                maybe: "RedisSettings | None" = None

            @dataclass
            class Plain:
                redis: RedisSettings = field(default_factory=RedisSettings)

            @lru_cache
            def get_settings():
                return Settings()
        """,
            "app.py": """
            import redis
            from conf import Plain, Settings, get_settings

            settings = get_settings()
            redis.Redis(host=settings.redis.host)  # -> fallback
            redis.Redis(host=settings.cache.host)  # -> fallback
            redis.Redis(host=settings.other.host)  # -> fallback
            redis.Redis(host=Plain().redis.host)  # -> fallback
            redis.from_url(settings.redis.url)  # -> external
            redis.from_url(get_settings().redis.address)  # -> fallback

            class Cache:
                def __init__(self, settings: Settings):
                    self.settings = settings
                    self.client = redis.Redis(host=self.settings.redis.host)  # -> fallback

            def build(settings: Settings | None = None, host: str | None = None):
                global clients
                clients = [
                    redis.Redis(host=settings.redis.host),  # -> fallback
                    redis.from_url(settings.redis.url),  # -> external
                ]
        """,
        }
    )


def test_a_settings_object_is_what_its_maker_gives_it(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        from dataclasses import dataclass
        import redis

        @dataclass
        class Config:
            host: str = "localhost"
            port: int = 6379

        class Plain:
            def __init__(self, host="localhost"):
                self.host = host

        given = Config(host=os.environ["HOST"])
        written = Config("cache")
        redis.Redis(host=given.host)  # -> external
        redis.Redis(host=written.host)  # -> literal
        redis.Redis(host=Config(port=1).host)  # -> fallback
        redis.Redis(host=Plain(os.environ["HOST"]).host)  # -> external
        redis.Redis(host=Plain("cache").host)  # -> literal
        redis.Redis(host=Plain().host)  # -> fallback
    """)


def test_django_settings_are_those_of_the_tree(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "site/manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\n",
            "site/settings.py": """
            import os
            REDIS_URL = os.getenv("REDIS_URL", "redis://localhost:6379/0")
            REDIS_HOST = "cache"
            REDIS_OTHER = os.environ["REDIS_OTHER"]
        """,
            "site/app/views.py": """
            import redis
            from django.conf import settings
            from django import conf
            redis.from_url(settings.REDIS_URL)  # -> fallback
            redis.Redis(host=settings.REDIS_HOST)  # -> literal
            redis.from_url(conf.settings.REDIS_OTHER)  # -> external
            redis.from_url(settings.REDIS_NOWHERE)  # -> external
            redis.from_url(getattr(settings, "REDIS_URL"))  # -> fallback
        """,
        }
    )


def test_django_settings_without_a_module_are_external(tree: Tree) -> None:
    tree.shows_provenances("""
        import redis
        from django.conf import settings
        redis.from_url(settings.REDIS_URL)  # -> external
        redis.from_url(getattr(settings, "REDIS_URL", "redis://localhost"))  # -> fallback
    """)


def test_the_configuration_of_flask_is_what_the_tree_puts_in(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "config.py": """
            import os

            class Config:
                REDIS_URL = os.getenv("REDIS_URL", "redis://localhost")
                REDIS_HOST = "cache"
        """,
            "app.py": """
            import os
            import redis
            from flask import Flask
            from config import Config

            app = Flask(__name__)
            app.config.from_object(Config)
            app.config["REDIS_SOCKET"] = os.environ["SOCKET"]
            redis.from_url(app.config["REDIS_URL"])  # -> fallback
            redis.Redis(host=app.config["REDIS_HOST"])  # -> literal
            redis.Redis(unix_socket_path=app.config.get("REDIS_SOCKET"))  # -> external
            redis.from_url(app.config["REDIS_NOWHERE"])  # -> external
        """,
            "views.py": """
            import redis
            from flask import current_app

            def connect():
                global one, two, three
                one = redis.from_url(current_app.config["REDIS_URL"])  # -> fallback
                two = redis.from_url(current_app.config.get("REDIS_NOWHERE", "redis://localhost"))  # -> fallback
                three = redis.Redis(unix_socket_path=current_app.config["REDIS_SOCKET"])  # -> external
        """,
        }
    )


def test_a_default_of_argparse_is_a_fallback(tree: Tree) -> None:
    tree.shows_provenances("""
        import argparse
        import os
        import redis

        def parse():
            parser = argparse.ArgumentParser()
            group = parser.add_argument_group("redis")
            parser.add_argument("-u", "--redis-url", default="redis://localhost")
            parser.add_argument("--host", type=str, default=os.getenv("HOST", "localhost"))
            group.add_argument("--name", dest="place", default="localhost")
            parser.add_argument("--required", required=True)
            parser.add_argument("--outside", default=os.environ["HOST"])
            parser.add_argument("target", nargs="?", default="localhost")
            parser.set_defaults(other="localhost")
            return parser.parse_args()

        def main():
            args = parse()
            redis.from_url(args.redis_url)  # -> fallback
            redis.Redis(host=args.host)  # -> fallback
            redis.Redis(host=args.place)  # -> fallback
            redis.from_url(args.required)  # -> external
            redis.Redis(host=args.outside)  # -> external
            redis.Redis(host=args.target)  # -> fallback
            redis.Redis(host=args.other)  # -> fallback
            run(args)

        def run(args):
            return redis.from_url(args.redis_url)  # -> fallback

        class Worker:
            def __init__(self, args: argparse.Namespace, url: str):
                self.client = redis.from_url(args.redis_url)  # -> fallback
                self.other = redis.from_url(url)  # -> external
    """)


def test_a_default_of_click_or_typer_is_a_fallback(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        from typing import Annotated
        import click
        import redis
        import typer

        @click.command()
        @click.option("--redis-url", "-r", default="redis://localhost", envvar="REDIS_URL")
        @click.option("--host", "place", default=lambda: os.environ["HOST"])
        @click.option("--name", required=True)
        @click.argument("where", default="localhost")
        def one(redis_url, place, name, where):
            global clients
            clients = [
                redis.from_url(redis_url),  # -> fallback
                redis.Redis(host=place),  # -> external
                redis.Redis(host=name),  # -> external
                redis.Redis(host=where),  # -> fallback
            ]

        def two(
            url: str = typer.Option("redis://localhost", envvar="REDIS_URL"),
            host: str = typer.Option("localhost"),
            name: str = typer.Option(..., help="localhost"),
            place: Annotated[str, typer.Option(help="where")] = "localhost",
        ):
            global clients
            clients = [
                redis.from_url(url),  # -> fallback
                redis.Redis(host=host),  # -> fallback
                redis.Redis(host=name),  # -> external
                redis.Redis(host=place),  # -> fallback
            ]
    """)
