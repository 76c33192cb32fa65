"""Credentials: a site that gives none where it names a Redis (MR201), or has its password in the code (MR202)."""

from __future__ import annotations

import pytest

from .tree import Tree


def test_a_named_redis_without_credentials_is_raised(tree: Tree) -> None:
    tree.shows("""
        import os
        import redis
        from redis.asyncio import ConnectionPool, RedisCluster
        from redis.connection import Connection
        import aioredis

        redis.Redis()  # -> MR201
        redis.Redis(port=6380, db=1)  # -> MR201
        redis.Redis(host="cache")  # -> MR201
        redis.Redis("cache", 6379, 0)  # -> MR201
        redis.Redis(host=os.environ["HOST"])  # -> MR201
        redis.Redis(host=os.getenv("HOST", "localhost"))  # -> MR201
        redis.Redis(host=nowhere)  # -> MR201
        redis.from_url("redis://cache:6379/0")  # -> MR201
        redis.from_url("rediss://cache")  # -> MR201
        redis.Redis.from_url(url="redis://cache?db=1")  # -> MR201
        ConnectionPool(host="cache")  # -> MR201
        ConnectionPool()  # -> MR201
        ConnectionPool.from_url("redis://cache")  # -> MR201
        RedisCluster(host="cache")  # -> MR201
        Connection(host="cache")  # -> MR201
        aioredis.create_redis(("cache", 6379))  # -> MR201
        aioredis.create_redis("redis://cache")  # -> MR201
    """, "MR201")  # fmt: skip


def test_a_url_that_may_carry_a_password_is_not_raised(tree: Tree) -> None:
    tree.shows("""
        import os
        import redis
        redis.from_url(os.environ["URL"])
        redis.from_url(os.getenv("URL", "redis://cache"))
        redis.from_url(nowhere)
        redis.from_url(f"redis://cache:6379/{os.environ['DB']}")
        redis.from_url(f"redis://{os.environ['HOST']}:6379")
        redis.from_url("redis://:secret@cache")
        redis.from_url("redis://user@cache")
        redis.from_url("redis://cache?password=secret")
        redis.Redis(connection_pool=redis.ConnectionPool.from_url(os.environ["URL"]))
    """, "MR201")  # fmt: skip


def test_a_socket_a_sentinel_and_a_list_of_nodes_are_not_raised(tree: Tree) -> None:
    tree.shows("""
        import redis
        from redis.cluster import ClusterNode
        redis.Redis(unix_socket_path="/run/redis.sock")
        redis.from_url("unix:///run/redis.sock")
        redis.UnixDomainSocketConnection(path="/run/redis.sock")
        redis.Sentinel([("cache", 26379)])
        redis.RedisCluster(startup_nodes=[ClusterNode("cache", 7000)])
    """, "MR201")  # fmt: skip


GIVEN = [
    "password='x'",
    "username='x'",
    "credential_provider=provider",
    "ssl=True, ssl_certfile='/etc/cert.pem'",
    "password=os.getenv('P')",
    "password=os.environ['P']",
    "password=os.environ.get('P') or None",
    "password=config.get('password')",
    "password=CONFIG.get('password')",
    "password=parameter",
    "password=settings.password",
    "password=SETTINGS.password",
    "password=SERVICE.password",
    "password=nowhere",
    "password=read_secret()",
    "password='x' if DEBUG else None",
    "port=6379, db=0, password='x'",
    "**options",
    "**read_options()",
    "**{'password': parameter}",
    "**({'password': parameter} if parameter else {})",
    "**PUT_IN",
    "**UPDATED",
    "**dict(password=parameter)",
]
NOT_GIVEN = [
    "password=None",
    "password=''",
    "password=NOTHING",
    "password=None or ''",
    "username=None",
    "username=''",
    "credential_provider=None",
    "ssl=True",
    "ssl=True, ssl_ca_certs='/etc/ca.pem'",
    "decode_responses=True",
    "**{'db': 1}",
    "**PLAIN",
    "**dict(db=1)",
]
SETTING = """
import os
from dataclasses import dataclass
import redis
from elsewhere import config, provider, read_options, read_secret, settings
NOTHING = None
DEBUG = os.environ.get("DEBUG")
CONFIG = os.environ
PLAIN = {{"db": 1}}
PUT_IN = {{}}
PUT_IN["password"] = DEBUG
UPDATED = {{"db": 1}}
UPDATED.update(password=DEBUG)
@dataclass
class Settings:
    password: str | None = None
SETTINGS = Settings()
class Service:
    def __init__(self, password=None):
        self.password = password
SERVICE = Service()
def connect(parameter=None, **options):
    global client
    client = redis.Redis(host="cache", {argument})
"""


@pytest.mark.parametrize("argument", GIVEN)
def test_credentials_are_given_by(argument: str, tree: Tree) -> None:
    assert "MR201" not in {f.rule for f in tree.audit(SETTING.format(argument=argument)).findings}


@pytest.mark.parametrize("argument", NOT_GIVEN)
def test_no_credentials_are_given_by(argument: str, tree: Tree) -> None:
    assert "MR201" in {f.rule for f in tree.audit(SETTING.format(argument=argument)).findings}


def test_credentials_by_position_are_given(tree: Tree) -> None:
    tree.shows("""
        import redis
        redis.Redis("cache", 6379, 0, "secret")
        redis.Redis("cache", 6379, 0, None)  # -> MR201
        redis.from_url("redis://cache", password="secret")
    """, "MR201")  # fmt: skip


def test_a_password_that_is_written_in_the_code_is_raised(tree: Tree) -> None:
    tree.shows("""
        import os
        from dataclasses import dataclass
        import redis
        import aioredis
        SECRET = "hunter2"
        OPTIONS = {"host": "cache", "password": "hunter2"}

        @dataclass
        class Settings:
            password: str = "hunter2"

        redis.Redis(host="cache", password="hunter2")  # -> MR202
        redis.Redis("cache", 6379, 0, "hunter2")  # -> MR202
        redis.Redis(host="cache", password=SECRET)  # -> MR202
        redis.Redis(**OPTIONS)  # -> MR202
        redis.Redis(host="cache", password=os.getenv("PASSWORD", "hunter2"))  # -> MR202
        redis.Redis(host="cache", password=os.environ.get("PASSWORD") or SECRET)  # -> MR202
        redis.Redis(host="cache", password=Settings().password)  # -> MR202
        redis.Redis(host="cache", password=b"hunter2")  # -> MR202
        redis.from_url("redis://:hunter2@cache")  # -> MR202
        redis.from_url("redis://user:hunter2@cache:6379/0")  # -> MR202
        redis.from_url(f"redis://:{SECRET}@cache")  # -> MR202
        redis.from_url(f"redis://:hunter2@{os.environ['HOST']}")  # -> MR202
        redis.from_url(os.getenv("URL", "redis://:hunter2@cache"))  # -> MR202
        redis.from_url("rediss://cache", password="hunter2")  # -> MR202
        redis.ConnectionPool.from_url("redis://:hunter2@cache")  # -> MR202
        aioredis.create_redis("redis://:hunter2@cache")  # -> MR202
        aioredis.create_redis(("cache", 6379), password="hunter2")  # -> MR202

        def connect(password="hunter2", url="redis://:hunter2@cache"):
            global one, two
            one = redis.Redis(host="cache", password=password)  # -> MR202
            two = redis.from_url(url)  # -> MR202
    """, "MR202")  # fmt: skip


def test_a_password_from_elsewhere_is_not_raised(tree: Tree) -> None:
    tree.shows("""
        import os
        import redis
        redis.Redis(host="cache")
        redis.Redis(host="cache", password=None)
        redis.Redis(host="cache", password="")
        redis.Redis(host="cache", password=os.getenv("PASSWORD", ""))
        redis.Redis(host="cache", password=os.environ["PASSWORD"])
        redis.from_url("redis://cache")
        redis.from_url("redis://user@cache")
        redis.from_url("redis://user:@cache")
        redis.from_url(f"redis://:{os.environ['PASSWORD']}@cache")
        redis.from_url(f"redis://user:{os.environ['PASSWORD']}@cache")
        redis.from_url("redis://:%s@cache" % os.environ["PASSWORD"])
    """, "MR202")  # fmt: skip


SECRETS = [
    "redis.Redis(host='cache', password='hunter2')",
    "redis.from_url('redis://:hunter2@cache')",
    "redis.from_url('redis://user:hunter2@cache:6379/0')",
    "redis.from_url('redis://user:hunter2/hunter2?hunter2@cache')",
    "redis.from_url('redis://user:x@hunter2@cache')",
    "redis.from_url('redis://user:hunter2@cache:port/0')",
    "redis.from_url('redis://cache?password=hunter2')",
    "redis.from_url(os.getenv('U', 'redis://:hunter2@cache'))",
    "redis.from_url(f'redis://:hunter2@{os.environ[\"HOST\"]}')",
    "redis.from_url('redis://:' + SECRET + '@' + os.environ['HOST'])",
    "redis.Sentinel([('redis://:hunter2@cache', 1)])",
    "redis.Redis(host='redis://:hunter2@cache')",
]


@pytest.mark.parametrize("call", SECRETS)
def test_a_secret_never_reaches_what_is_told(call: str, tree: Tree) -> None:
    found = tree.audit(f"import os\nimport redis\nSECRET = 'hunter2'\nclient = {call}\n")
    assert found.findings
    told = [(f.problem.message, f.problem.remedy, f.problem.related) for f in found.findings]
    assert "hunter2" not in repr([told, [site.endpoint.text for site in found.sites]])


def test_the_text_of_an_endpoint_still_tells_where_it_is(tree: Tree) -> None:
    found = tree.audit("""
        import redis
        redis.from_url("redis://user:hunter2@cache:6380/2")
        redis.Redis("cache", 6380)
    """)
    assert [site.endpoint.text for site in found.sites] == ["redis://user:***@cache:6380/2", "cache:6380"]
