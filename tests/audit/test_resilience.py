"""Family 5: what a site turns off, and what the release that its project asks for leaves off."""

from __future__ import annotations

import math
from typing import Any

import pytest
import redis
import redis.asyncio

from mooring.audit.engine import Audit
from mooring.audit.project.constructors import constructor
from mooring.audit.project.defaults import Defaults, defaults

from .tree import Tree

FAMILY = ("MR501", "MR502", "MR503", "MR504")
PLAIN = "redis.Redis(host=os.environ['H'])"
URL = "redis.from_url(os.environ['U'])"


def rules(tree: Tree, call: str, requirement: str = "", *, first: str = "import os, redis") -> list[str]:
    return [
        finding.rule for finding in audited(tree, call, requirement, first=first).findings if is_resilience(finding)
    ]


def is_resilience(finding: Any) -> bool:
    return bool(finding.rule in FAMILY)


def audited(tree: Tree, call: str, requirement: str = "", *, first: str = "import os, redis") -> Audit:
    return tree.audit({"a.py": f"{first}\nclient = {call}\n", "requirements.txt": requirement})


@pytest.mark.parametrize("requirement", ["", "redis", "redis[hiredis]; python_version > '3'", "valkey==6.0.2"])
@pytest.mark.parametrize("call", [PLAIN, URL, "redis.Sentinel([('h', 1)])", "redis.RedisCluster('h')"])
def test_where_no_release_is_told_silence_is_no_fault(call: str, requirement: str, tree: Tree) -> None:
    assert rules(tree, call, requirement) == []


@pytest.mark.parametrize(
    ("requirement", "plain", "url"),
    [
        ("redis>=2.10", ["MR501", "MR503", "MR504"], ["MR501", "MR503", "MR504"]),
        ("redis==3.5.3", [*FAMILY], [*FAMILY]),
        ("redis==5.0.4", [*FAMILY], [*FAMILY]),
        ("redis>=5.0.4", [*FAMILY], [*FAMILY]),
        ("redis<6", [*FAMILY], [*FAMILY]),
        ("redis==6.4.0", ["MR501", "MR503", "MR504"], [*FAMILY]),
        ("redis<8", ["MR501", "MR503", "MR504"], [*FAMILY]),
        ("redis>=8", ["MR503"], ["MR502", "MR503"]),
        ("redis==8.1.0", ["MR503"], ["MR502", "MR503"]),
    ],
)
def test_what_the_release_leaves_off_counts(requirement: str, plain: list[str], url: list[str], tree: Tree) -> None:
    assert rules(tree, PLAIN, requirement) == plain
    assert rules(tree, URL, requirement) == url
    assert rules(tree, URL, requirement, first="import os, redis.asyncio as redis") == url


KINDS = {
    "redis.Redis(unix_socket_path=os.environ['P'])": [*FAMILY],
    "redis.ConnectionPool(host=os.environ['H'])": [*FAMILY],
    "redis.ConnectionPool.from_url(os.environ['U'])": [*FAMILY],
    "redis.BlockingConnectionPool(host=os.environ['H'])": ["MR501", "MR502", "MR503"],
    "redis.Connection(host=os.environ['H'])": ["MR501", "MR502"],
    "redis.UnixDomainSocketConnection(path=os.environ['P'])": ["MR501", "MR502"],
    "redis.RedisCluster(host=os.environ['H'])": ["MR501", "MR504"],
    "redis.Sentinel([(os.environ['H'], 26379)])": ["MR501"],
    "redis.Sentinel([(os.environ['H'], 26379)], sentinel_kwargs={'socket_timeout': 1})": [],
    "redis.Redis(connection_pool=redis.BlockingConnectionPool(socket_timeout=1, retry=r, health_check_interval=9))": [],
    "redis.ConnectionPool(connection_class=Mine, host=os.environ['H'])": ["MR504"],
    "redis.ConnectionPool(redis.SSLConnection, host=os.environ['H'])": [*FAMILY],
}


@pytest.mark.parametrize("call", KINDS)
def test_each_kind_of_constructor_is_judged_by_what_it_makes(call: str, tree: Tree) -> None:
    assert rules(tree, call, "redis==5.0.4", first="import os, redis\nfrom mine import Mine, r") == KINDS[call]


OFF = {
    "redis.Redis(host=h, socket_timeout=None)": ["MR501"],
    "redis.Redis(h, 6379, 0, p, None)": ["MR501"],
    "redis.Redis(**{'host': h, 'socket_timeout': None})": ["MR501"],
    "redis.from_url(u, socket_timeout=TIMEOUT)": ["MR501"],
    "redis.Sentinel([(h, 1)], socket_timeout=None)": ["MR501"],
    "redis.Redis(host=h, retry=None)": ["MR502"],
    "redis.Redis(host=h, retry=Retry(NoBackoff(), 0))": ["MR502"],
    "redis.Redis(host=h, retry=Retry(NoBackoff(), retries=NEVER))": ["MR502"],
    "redis.from_url(u, retry=None, retry_on_timeout=False)": ["MR502"],
    "redis.RedisCluster(host=h, cluster_error_retry_attempts=0)": ["MR502"],
    "redis.Redis(host=h, health_check_interval=0)": ["MR503"],
    "redis.Redis(host=h, health_check_interval=None)": ["MR503"],
    "redis.from_url('redis://:p@h?health_check_interval=0')": ["MR503"],
    "redis.from_url('redis://:p@h?health_check_interval=0', health_check_interval=9)": ["MR503"],
    "redis.ConnectionPool(host=h, max_connections=50)": ["MR504"],
    "redis.ConnectionPool(**options)": ["MR504"],
}


@pytest.mark.parametrize("requirement", ["", "redis==8.1.0"])
@pytest.mark.parametrize("call", OFF)
def test_what_the_code_turns_off_is_off_in_every_release(call: str, requirement: str, tree: Tree) -> None:
    first = """\
import os, redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from mine import h, p, u, options
TIMEOUT, NEVER = None, 0"""
    assert set(OFF[call]) <= set(rules(tree, call, requirement, first=first))
    if not requirement:
        assert rules(tree, call, first=first) == OFF[call]


ON = {
    "a value": "redis.Redis(host=h, socket_timeout=5, retry=r, health_check_interval=30, max_connections=9)",
    "by position": "redis.Redis(h, 1, 0, p, 5, retry=r, health_check_interval=30, max_connections=9)",
    "from outside": "redis.Redis(host=h, socket_timeout=os.getenv('T'), retry=make(), health_check_interval=n,"
    " max_connections=int(os.environ['M']))",
    "either": "redis.from_url(u, socket_timeout=None if n else 5, retry=r, health_check_interval=9, max_connections=9)",
    "in the URL": "redis.from_url('redis://:p@h?socket_timeout=5&retry_on_timeout=true&health_check_interval=30"
    "&max_connections=9')",
    "in a URL put together": "redis.from_url(f'redis://{h}?socket_timeout=5&max_connections=9&health_check_interval=3"
    "&retry_on_timeout=yes')",
    "another word for a retry": "redis.Redis(host=h, socket_timeout=5, retry_on_error=[OSError],"
    " health_check_interval=30, max_connections=9)",
    "unpacked": "redis.Redis(host=h, **options)",
    "all unpacked": "redis.Redis(*arguments)",
    "blocking": "redis.BlockingConnectionPool(host=h, socket_timeout=5, retry=r, health_check_interval=30)",
    "policy": "redis.BlockingConnectionPool(host=h, socket_timeout=5, retry=Retry(b, 3), health_check_interval=30)",
    "policy from outside": "redis.BlockingConnectionPool(host=h, socket_timeout=5, retry=Retry(b, n),"
    " health_check_interval=30)",
    "cluster": "redis.RedisCluster(host=h, socket_timeout=5, max_connections=9, cluster_error_retry_attempts=3)",
    "its own policy": "redis.RedisCluster(host=h, socket_timeout=5, max_connections=9, retry=r,"
    " cluster_error_retry_attempts=0)",
}


@pytest.mark.parametrize("call", ON.values(), ids=ON.keys())
def test_what_is_given_or_cannot_be_told_is_no_fault(call: str, tree: Tree) -> None:
    first = (
        "import os, redis\nfrom redis.retry import Retry\nfrom mine import h, p, u, n, r, b, options, arguments, make"
    )
    assert rules(tree, call, "redis==5.0.4", first=first) == []


def test_a_parameter_that_may_be_given_is_given(tree: Tree) -> None:
    text = "import redis\ndef make(host, timeout=None):\n    return redis.Redis(host=host, socket_timeout=timeout)\n"
    found = tree.audit({"a.py": text, "requirements.txt": "redis==5.0.4"})
    assert "MR501" not in {finding.rule for finding in found.findings}
    assert "MR504" in {finding.rule for finding in found.findings}


def test_a_subclass_that_keeps_its_arguments_to_itself_is_not_judged(tree: Tree) -> None:
    first = "import redis\nclass Mine(redis.Redis):\n    def __init__(self, name):\n        self.connect(name)"
    assert rules(tree, "Mine('x')", "redis==5.0.4", first=first) == []


@pytest.mark.parametrize(
    ("first", "call", "requirement", "expected"),
    [
        ("import valkey", "valkey.Valkey(host=h)", "valkey==6.1.1", [*FAMILY]),
        ("import valkey", "valkey.from_url(u)", "valkey==6.1.1", ["MR502", "MR503", "MR504"]),
        ("import valkey", "valkey.from_url(u)", "valkey==6.0.2", [*FAMILY]),
        ("import valkey.asyncio as valkey", "valkey.Valkey(host=h)", "valkey>=6.1", ["MR502", "MR503", "MR504"]),
        ("import valkey", "valkey.ValkeyCluster(host=h)", "valkey==6.2.0", ["MR501", "MR504"]),
        ("import valkey", "valkey.UnixDomainSocketConnection(path=p)", "valkey==6.2.0", ["MR501", "MR502"]),
        ("import valkey", "valkey.Valkey(host=h)", "redis==5.0.4", []),
        ("import aioredis", "aioredis.from_url(u)", "aioredis==2.0.1", [*FAMILY]),
        ("import aioredis", "aioredis.create_redis_pool(u)", "aioredis==1.3.1", []),
        ("import aioredis", "aioredis.Redis(p)", "aioredis==1.3.1", []),
        ("import coredis", "coredis.Redis(host=h, max_connections=None)", "coredis==4.0", []),
        ("import glide", "glide.GlideClient.create(p)", "valkey-glide==2.0", []),
    ],
)
def test_other_libraries_are_judged_by_their_own_releases(
    first: str, call: str, requirement: str, expected: list[str], tree: Tree
) -> None:
    assert rules(tree, call, requirement, first=f"{first}\nfrom mine import h, u, p") == expected


def test_a_pool_that_the_tree_derives_may_wait_at_its_bound(tree: Tree) -> None:
    first = "import redis\nclass Waiting(redis.ConnectionPool):\n    def get_connection(self): ..."
    assert rules(tree, "Waiting(max_connections=5)", first=first) == []
    assert rules(tree, "Waiting(retry=None)", first=first) == ["MR502"]


def test_a_setting_of_another_library_is_not_judged(tree: Tree) -> None:
    text = "from celery import Celery\napp = Celery('x', broker='redis://localhost:6379/0')\n"
    found = tree.audit({"a.py": text, "requirements.txt": "redis==5.0.4"})
    assert [finding.rule for finding in found.findings] == ["MR101"]


def messages(found: Audit) -> dict[str, str]:
    return {finding.rule: finding.problem.message for finding in found.findings}


def test_a_message_says_which_file_allows_the_release(tree: Tree) -> None:
    told = messages(audited(tree, URL, "redis[hiredis]>=5.0.4\n"))
    unless = "(unless the URL gives one), and redis>=5.0.4 (requirements.txt)"
    assert told["MR501"].endswith(f"no socket_timeout is given {unless} may have none by default")
    assert told["MR503"].endswith(f"no health_check_interval is given {unless} has none by default")
    exact = messages(audited(tree, PLAIN, "redis==5.0.4\n"))
    assert exact["MR501"].endswith("is given, and redis==5.0.4 (requirements.txt) has none by default")


def test_a_message_says_what_the_code_turns_off(tree: Tree) -> None:
    assert messages(audited(tree, "redis.from_url(os.environ['U'], socket_timeout=None)"))["MR501"] == (
        "redis.from_url waits for an answer without end: socket_timeout is None"
    )
    assert "BlockingConnectionPool" in messages(audited(tree, "redis.ConnectionPool()"))["MR504"]


NAMES = [
    f"redis.{half}{name}"
    for half in ("", "asyncio.")
    for name in (
        *("Redis", "Redis.from_url", "from_url", "ConnectionPool", "ConnectionPool.from_url", "BlockingConnectionPool"),
        *("Connection", "UnixDomainSocketConnection"),
    )
]


@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_true_of_the_installed_release(name: str) -> None:
    made: Any = redis
    for part in name.split(".")[1:]:
        made = getattr(made, part)
    thing = made("redis://h") if name.endswith("from_url") else made()
    pool = getattr(thing, "connection_pool", thing)
    connection = pool.connection_class(**pool.connection_kwargs) if hasattr(pool, "connection_class") else pool
    version = tuple(int(number) for number in redis.__version__.split(".")[:2])
    found = constructor(name)
    assert found is not None
    told = defaults(found, version)
    assert told == Defaults(
        timeout=connection.socket_timeout is not None,
        retry=connection.retry._retries > 0,
        # A connection alone has no bound that could be told.
        bound=pool.max_connections < 2**31 if hasattr(pool, "max_connections") else version >= (8,),
    )
    assert connection.health_check_interval == 0


def test_no_later_release_leaves_off_what_an_earlier_one_brings() -> None:
    for name in NAMES:
        made = constructor(name)
        assert made is not None
        by_release = [defaults(made, version) for version in ((3, 5), (5, 3), (6,), (7, 4), (8,), (math.inf,))]
        for option in ("timeout", "retry", "bound"):
            has = [getattr(told, option) for told in by_release]
            assert has == sorted(has)
