"""A pool is made with what redis-py's own constructor would have given it."""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.backoff import ConstantBackoff, ExponentialBackoff
from redis.credentials import UsernamePasswordCredentialProvider
from redis.retry import Retry

from mooring.config.settings import RedisSettings
from mooring.errors import ConfigError
from mooring.runtime.arguments import check_overrides
from mooring.runtime.constructor import constructor_arguments
from mooring.runtime.credentials.login import Login
from mooring.runtime.flavour import ASYNC, SYNC, Flavour
from mooring.runtime.options import RedisOptions, redis_options
from mooring.runtime.pools import connections
from mooring.runtime.pools.async_pool import AsyncSharedPool
from mooring.runtime.pools.pool import SharedPool

# What a connection is told beyond the constructor's words, or holds once per object.
OBJECTS = (type(None), str, bytes, int, float, bool, list, tuple)

# How long and how often is tried, also by the names of redis-py 8.
BOUNDS = (
    "socket_timeout",
    "socket_connect_timeout",
    "_socket_timeout",
    "_socket_connect_timeout",
    "orig_socket_timeout",
    "orig_socket_connect_timeout",
    "retry_on_error",
    "retry_on_timeout",
    "_patience",
)


def options(flavour: Flavour = SYNC, environ: dict[str, str] | None = None, **overrides: Any) -> RedisOptions:
    check_overrides(overrides, flavour)
    return redis_options(RedisSettings.load(environ=environ or {}, overrides=overrides), flavour)


def portrait(connection: Any) -> dict[str, Any]:
    plain = {key: value for key, value in vars(connection).items() if isinstance(value, OBJECTS)}
    # None and False both leave it off.
    plain["socket_keepalive"] = bool(plain.get("socket_keepalive"))
    encoder = connection.encoder
    plain["encoder"] = (encoder.encoding, encoder.encoding_errors, encoder.decode_responses)
    for key in ("credential_provider", "username", "password"):
        plain.pop(key, None)
    own = UsernamePasswordCredentialProvider(connection.username, connection.password)
    provider = connection.credential_provider or own
    plain["login"] = [word for word in provider.get_credentials() if word]
    # Whatever bounds a call is the client's.
    for key in BOUNDS:
        plain.pop(key, None)
    return plain


def test_redis_py_itself_does_not_try_again() -> None:
    given: dict[str, Any] = {"retry": Retry(ExponentialBackoff(), 3), "retry_on_error": [redis.BusyLoadingError]}
    for flavour, pool in ((SYNC, SharedPool), (ASYNC, AsyncSharedPool)):
        assert pool(**options(flavour, **given).pool).make_connection().retry._retries == 0


ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"host": "cache", "port": 6380, "db": 3, "username": "me", "password": "pw"},
    {"decode_responses": True, "encoding": "latin-1", "encoding_errors": "replace"},
    {"socket_timeout": 3, "socket_connect_timeout": 1.5, "socket_keepalive": True, "health_check_interval": 30},
    {"socket_timeout": None, "client_name": "worker", "protocol": 3, "retry_on_error": [redis.BusyLoadingError]},
    {"unix_socket_path": "/run/redis.sock", "db": 1, "socket_timeout": 2, "socket_connect_timeout": 1},
    {"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False},
    {"ssl_cert_reqs": "none"},
]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_a_connection_is_what_redis_py_would_have_made(arguments: dict[str, Any]) -> None:
    ours = SharedPool(**options(SYNC, **arguments).pool).make_connection()
    theirs = redis.Redis(**arguments).connection_pool.make_connection()
    assert isinstance(ours, type(theirs))
    assert portrait(ours) == portrait(theirs)


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_an_asyncio_connection_is_what_redis_py_would_have_made(arguments: dict[str, Any]) -> None:
    pool: Any = AsyncSharedPool(**options(ASYNC, **arguments).pool)
    ours, theirs = pool.make_connection(), redis.asyncio.Redis(**arguments).connection_pool.make_connection()
    assert isinstance(ours, type(theirs))
    assert portrait(ours) == portrait(theirs)


@pytest.mark.parametrize("flavour", [SYNC, ASYNC])
def test_every_argument_of_the_constructor_is_taken_but_those_about_its_pool(flavour: Flavour) -> None:
    refused = {"connection_pool", "auto_close_connection_pool"}
    accepted = set(inspect.signature(flavour.client).parameters) - {"charset", "errors"} - refused
    own = {"url", "default_url", "pool_timeout", "sentinels", "sentinel_master", "cluster_nodes", "ssl_server_name"}
    check_overrides(accepted | own, flavour)
    for name in refused:
        with pytest.raises(TypeError, match=f"'{name}' is not an argument here; the pool is shared"):
            check_overrides([name], flavour)


def test_an_unknown_argument_is_named_with_the_likely_one() -> None:
    with pytest.raises(TypeError, match=r"'decode_response' is not an argument here.*did you mean decode_responses?"):
        check_overrides(["decode_response"], SYNC)
    with pytest.raises(TypeError, match=r"'charset' is not an argument here; redis-py calls it encoding."):
        check_overrides(["charset"], SYNC)


def test_an_option_of_a_url_that_this_redis_py_does_not_know_is_named_with_its_origin() -> None:
    settings = RedisSettings(options={"socket_colour": "red"}, origins={"socket_colour": "REDIS_URL"})
    with pytest.raises(ConfigError, match=r"REDIS_URL has socket_colour: redis-py .* has no such argument"):
        redis_options(settings, SYNC)


def test_a_credential_provider_replaces_a_password_from_the_environment() -> None:
    provider = UsernamePasswordCredentialProvider("me", "pw")
    made = options(environ={"REDIS_PASSWORD": "other"}, credential_provider=provider)
    assert made.pool["login"].provider is provider
    assert made.pool["login"].login == Login()


def test_what_concerns_the_client_is_kept_from_the_pool() -> None:
    made = options(single_connection_client=True)
    assert made.client.keys() == {"single_connection_client", "recovery"}
    assert made.client["single_connection_client"] is True
    assert "single_connection_client" not in made.pool


def test_policies_are_the_clients_and_divide_no_pool() -> None:
    def made(retry: Retry) -> RedisOptions:
        return options(retry=retry, retry_on_error=[redis.BusyLoadingError], socket_keepalive_options={1: 2})

    assert made(Retry(ExponentialBackoff(), 3)).key() == made(Retry(ConstantBackoff(1), 4)).key()
    assert made(Retry(ConstantBackoff(1), 4)).client["recovery"].policy.retries == 4


@pytest.mark.parametrize(
    "other", [{"db": 1}, {"password": "pw"}, {"decode_responses": True}, {"max_connections": 7}, {"socket_timeout": 1}]
)
def test_different_settings_make_different_pools(other: dict[str, Any]) -> None:
    assert options().key() == options().key()
    assert options().key() != options(**other).key()


def test_options_hide_the_password() -> None:
    assert "hunter2" not in repr(options(password="hunter2"))


def test_a_cache_that_fills_keeps_its_pool() -> None:
    class Cache:
        def __init__(self) -> None:
            self.entries: list[int] = []

    cache = Cache()
    before = _key(cache)
    cache.entries.append(1)
    assert _key(cache) == before
    assert _key(Cache()) != before


def _key(redis_connect_func: object) -> Hashable:
    return options(redis_connect_func=redis_connect_func).key()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {"host": "localhost", "port": 6379, "db": 0}),
        (
            {"url": "rediss://me:pw@cache:6380/2?socket_timeout=3"},
            {
                "host": "cache",
                "port": 6380,
                "db": 2,
                "username": "me",
                "password": "pw",
                "ssl": True,
                "ssl_cert_reqs": "required",
                "ssl_check_hostname": True,
                "socket_timeout": 3.0,
            },
        ),
        (
            {"unix_socket_path": "/run/redis.sock", "max_connections": 7},
            {"unix_socket_path": "/run/redis.sock", "db": 0, "max_connections": 7},
        ),
    ],
)
def test_plain_arguments_are_what_the_constructor_takes(arguments: dict[str, Any], expected: dict[str, Any]) -> None:
    given = constructor_arguments(RedisSettings.load(environ={}, overrides=arguments))
    assert given == expected
    inspect.signature(redis.Redis).bind(**given)
    inspect.signature(redis.asyncio.Redis).bind(**given)


def test_what_redis_py_cannot_be_told_is_named() -> None:
    settings = RedisSettings.load(environ={}, overrides={"ssl": True, "ssl_server_name": "redis.example.com"})
    with pytest.raises(ConfigError, match=r"argument ssl_server_name names the server .* create_redis_from_config"):
        constructor_arguments(settings)
    with pytest.raises(
        ConfigError, match="argument ssl_server_name gives ssl_server_name, which OCSP does not go with"
    ):
        options(ssl=True, ssl_server_name="redis.example.com", ssl_validate_ocsp=True)


def test_ocsp_is_left_to_redis_py() -> None:
    assert options(ssl=True, ssl_validate_ocsp=True).pool["connection_class"] is connections.OCSP


def test_sentinels_are_asked_with_their_own_credentials_and_soon_given_up() -> None:
    made = options(
        sentinels="s-0:26379", sentinel_master="mymaster", sentinel_password="spw", password="pw", socket_timeout=3
    )
    assert made.pool["sentinel_arguments"] == {
        "username": None,
        "password": "spw",
        "socket_timeout": 3,
        "socket_connect_timeout": 1.0,
    }
    assert "hunter2" not in repr(options(sentinels="s", sentinel_master="m", sentinel_password="hunter2"))
