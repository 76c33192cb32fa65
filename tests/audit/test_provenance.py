"""Provenance: who decides where a site connects, in the words of the contract."""

from __future__ import annotations

import pytest

from .tree import Tree

READERS = {
    "os.environ": ("os.environ['U']", "external"),
    "os.getenv": ("os.getenv('U')", "external"),
    "os.environ.get": ("os.environ.get('U')", "external"),
    "os.getenv with a fallback": ("os.getenv('U', 'redis://cache')", "fallback"),
    "os.getenv with a fallback by name": ("os.getenv('U', default='redis://cache')", "fallback"),
    "os.environ.get with a fallback": ("os.environ.get('U', 'redis://cache')", "fallback"),
    "os.environ.setdefault": ("os.environ.setdefault('U', 'redis://cache')", "fallback"),
    "os.getenv with a constant fallback": ("os.getenv('U', FALLBACK)", "fallback"),
    "os.getenv with a computed fallback": ("os.getenv('U', f'redis://{HOST}')", "fallback"),
    "os.getenv with another variable": ("os.getenv('U', os.environ['V'])", "external"),
    "os.getenv with another fallback": ("os.getenv('U', os.getenv('V', 'redis://cache'))", "fallback"),
    "os.getenv with an empty fallback": ("os.getenv('U', '')", "external"),
    "os.getenv with None": ("os.getenv('U', None)", "external"),
    "os.getenv by a named key": ("os.getenv(KEY, 'redis://cache')", "fallback"),
    "os.environ by a named key": ("os.environ[KEY]", "external"),
    "getenv by name": ("getenv('U', 'redis://cache')", "fallback"),
    "environ by name": ("environ.get('U', 'redis://cache')", "fallback"),
    "decouple": ("config('U')", "external"),
    "decouple with a fallback": ("config('U', default='redis://cache')", "fallback"),
    "environs": ("env('U')", "external"),
    "environs with a fallback": ("env('U', 'redis://cache')", "fallback"),
    "environs by type": ("env.str('U')", "external"),
    "environs by type with a fallback": ("env.str('U', 'redis://cache')", "fallback"),
    "environs by type with a named fallback": ("env.str('U', default='redis://cache')", "fallback"),
    "django-environ's cache URL": ("env.cache_url('U')", "external"),
    "django-environ with a default in its scheme": ("scheme('U')", "fallback"),
    "django-environ by type with a default in its scheme": ("scheme.str('U')", "fallback"),
    "django-environ with a type alone": ("scheme('V')", "external"),
    "a reader of the project": ("get_config_value('redis_url', 'redis://cache')", "fallback"),
    "a reader of the project without a fallback": ("get_config_value('redis_url')", "external"),
    "a reader of the project that has one itself": ("reader('redis_url')", "fallback"),
    "an unknown object's attribute": ("elsewhere.settings.redis_url", "external"),
    "an unknown object's item": ("elsewhere.settings['redis_url']", "external"),
    "getattr": ("getattr(elsewhere.settings, 'redis_url')", "external"),
    "getattr with a fallback": ("getattr(elsewhere.settings, 'redis_url', 'redis://cache')", "fallback"),
    "a secret": ("SecretStr('redis://cache').get_secret_value()", "literal"),
    "an environment that is loaded as a dict": ("{**os.environ}['U']", "external"),
}


@pytest.mark.parametrize(("expression", "provenance"), READERS.values(), ids=READERS.keys())
def test_a_setting_is_recognised_in(expression: str, provenance: str, tree: Tree) -> None:
    site = tree.site(f"""
import os
from os import environ, getenv
from decouple import config
from environs import Env
import environ as environ_of_django
from pydantic import SecretStr
from elsewhere import get_config_value
import elsewhere, redis
env = Env()
scheme = environ_of_django.Env(U=(str, "redis://cache"), V=str)
KEY, FALLBACK, HOST = "U", "redis://cache", "cache"
def reader(key):
    return os.environ.get(key.upper()) or "redis://localhost"
client = redis.from_url({expression})
""")
    assert site.provenance.value == provenance


def test_without_an_endpoint_the_library_decides(tree: Tree) -> None:
    tree.shows_provenances("""
        import redis
        from redis.asyncio import BlockingConnectionPool
        redis.Redis()  # -> default
        redis.Redis(port=6380, db=3)  # -> default
        redis.Redis(host=None)  # -> default
        redis.Redis(**{"decode_responses": True})  # -> default
        BlockingConnectionPool(max_connections=10)  # -> default
    """)


def test_what_is_unpacked_may_hold_the_endpoint(tree: Tree) -> None:
    tree.shows_provenances("""
        import redis

        def connect(*args, **kwargs):
            global one, two, three
            one = redis.Redis(**kwargs)  # -> external
            two = redis.Redis(*args)  # -> external
            three = redis.Redis(host="cache", **kwargs)  # -> literal
    """)


def test_a_parameter_is_external_and_its_default_a_fallback(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis
        URL = os.environ["REDIS_URL"]

        def one(url, *, host="localhost", other=None, name=URL):
            global clients
            clients = [
                redis.from_url(url),  # -> external
                redis.Redis(host=host),  # -> fallback
                redis.from_url(other),  # -> external
                redis.from_url(other or "redis://cache"),  # -> fallback
                redis.from_url(name),  # -> external
            ]

        def two(url=None):
            if url is None:
                url = "redis://cache"
            return redis.from_url(url)  # -> fallback

        def three(url=None):
            url = url or os.environ["REDIS_URL"]
            return redis.from_url(url)  # -> external

        def four(url="redis://cache"):
            url = os.environ["REDIS_URL"]
            return redis.from_url(url)  # -> external

        async def five(url: str = "redis://cache") -> None:
            global client
            client = redis.from_url(url)  # -> fallback
            clients.append(lambda host="cache": redis.Redis(host=host))  # -> fallback
    """)


def test_a_default_that_no_caller_overrides_is_still_a_fallback(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis

        class Cache:
            def __init__(self, url="redis://cache", host=None):
                self.url = url
                self.host = host
                self.client = redis.from_url(self.url)  # -> fallback
                self.other = redis.Redis(host=self.host)  # -> external

        Cache()
        Cache(os.environ["REDIS_URL"])
    """)


def test_an_attribute_holds_what_any_method_gives_it(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis

        class Cache:
            HOST = "cache"
            PORT: int = 6379
            NAME = os.getenv("NAME", "cache")

            def __init__(self, url):
                self.url = url
                self.place = "redis://cache"
                self.late = None

            def configure(self):
                self.late = os.environ["REDIS_URL"]
                self.either = "redis://a"

            def reset(self):
                self.either = os.environ["REDIS_URL"]

            @property
            def address(self):
                return f"redis://{self.HOST}:{self.PORT}"

            @classmethod
            def place_of(cls):
                return cls.HOST

            def connect(self):
                self.clients = [
                    redis.Redis(host=self.HOST),  # -> literal
                    redis.Redis(host=Cache.NAME),  # -> fallback
                    redis.from_url(self.url),  # -> external
                    redis.from_url(self.place),  # -> literal
                    redis.from_url(self.late),  # -> external
                    redis.from_url(self.either),  # -> fallback
                    redis.from_url(self.address),  # -> literal
                    redis.Redis(host=self.place_of()),  # -> literal
                    redis.from_url(self.missing),  # -> unknown
                ]

        class Lower(Cache):
            HOST = "lower"

            def connect(self):
                self.one = redis.Redis(host=self.HOST)  # -> literal
                self.two = redis.from_url(self.url)  # -> external
    """)


SETTINGS = {
    "a pydantic settings class": "class S(BaseSettings):\n    url: str = 'redis://cache'",
    "a pydantic model": "class S(BaseModel):\n    url: str = 'redis://cache'",
    "a subclass of one": "class B(BaseSettings):\n    x: int = 1\nclass S(B):\n    url: str = 'redis://cache'",
    "a base of one": "class B(BaseSettings):\n    url: str = 'redis://cache'\nclass S(B):\n    x: int = 1",
    "a field": "class S(BaseSettings):\n    url: str = Field('redis://cache', alias='U')",
    "a field by name": "class S(BaseSettings):\n    url: str = Field(default='redis://cache')",
    "a field with a factory": "class S(BaseSettings):\n    url: str = Field(default_factory=lambda: 'redis://cache')",
    "an optional field": "class S(BaseSettings):\n    url: str | None = 'redis://cache'",
    "a dataclass": "@dataclass\nclass S:\n    url: str = 'redis://cache'",
    "a dataclass with options": "@dataclasses.dataclass(frozen=True)\nclass S:\n    url: str = 'redis://cache'",
    "a dataclass field": "@dataclass\nclass S:\n    url: str = dataclasses.field(default='redis://cache')",
    "an attrs class": "@attrs.define\nclass S:\n    url: str = 'redis://cache'",
    "an attrs field": "@attrs.define\nclass S:\n    url: str = attrs.field(default='redis://cache')",
    "a named tuple": "class S(NamedTuple):\n    url: str = 'redis://cache'",
    "the environment with a fallback": "class S:\n    url = os.getenv('U', 'redis://cache')",
    "a dataclass over the environment": "@dataclass\nclass S:\n    url: str = os.getenv('U', 'redis://cache')",
}
IMPORTS = """
import dataclasses, os
import attrs
from dataclasses import dataclass
from typing import NamedTuple
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings
"""


@pytest.mark.parametrize("definition", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("use", ["S().url", "settings.url", "conf.settings.url", "get_settings().url", "holder.s.url"])
def test_the_default_of_a_settings_field_is_a_fallback_in(definition: str, use: str, tree: Tree) -> None:
    made = """
settings = S()
def get_settings() -> S:
    return settings
class Holder:
    def __init__(self):
        self.s = S()
holder = Holder()
"""
    found = tree.audit(
        {
            "conf.py": f"{IMPORTS}\n{definition}\n{made}",
            "app.py": "import conf, redis\nfrom conf import S, get_settings, holder, settings\n"
            f"c = redis.from_url({use})\n",
        }
    )
    assert [site.provenance.value for site in found.sites] == ["fallback"]


REQUIRED = {
    "a bare annotation": "class S(BaseSettings):\n    url: str",
    "a required field": "class S(BaseSettings):\n    url: str = Field(...)",
    "a field that only has an alias": "class S(BaseSettings):\n    url: str = Field(alias='U')",
    "a field whose default is None": "class S(BaseSettings):\n    url: str | None = None",
    "a dataclass without a default": "@dataclass\nclass S:\n    url: str",
    "the environment": "class S:\n    url = os.environ['U']",
}


@pytest.mark.parametrize("definition", REQUIRED.values(), ids=REQUIRED.keys())
def test_a_settings_field_without_a_default_is_external_in(definition: str, tree: Tree) -> None:
    site = tree.site(f"{IMPORTS}import redis\n{definition}\nsettings = S()\nclient = redis.from_url(settings.url)\n")
    assert site.provenance.value == "external"
