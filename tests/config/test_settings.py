"""Settings come from the best source that has them, know their origin, and keep a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mooring.config.settings import RedisSettings
from mooring.config.value import SourcedValue
from mooring.errors import ConfigError

NOWHERE = Path("/nonexistent")


def load(environ: Mapping[str, str], name: str = "default", **overrides: Any) -> RedisSettings:
    return RedisSettings.load(name, environ, overrides, root=NOWHERE, directory=NOWHERE)


def password_of(settings: RedisSettings) -> str | None:
    return None if settings.password is None else settings.password.get_secret_value()


def test_nothing_configured_means_localhost() -> None:
    settings = load({})
    assert (settings.host, settings.port, settings.db, settings.username, settings.password) == (
        "localhost",
        6379,
        0,
        None,
        None,
    )
    assert settings.max_connections == 50
    assert settings.pool_timeout == 5


def test_nothing_configured_in_kubernetes_means_redis_master() -> None:
    settings = load({"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert settings.host == "redis-master"
    assert settings.origins["host"] == "default in Kubernetes: KUBERNETES_SERVICE_HOST is set"


def test_nothing_configured_in_compose_means_redis() -> None:
    settings = load({"MOORING_ENVIRONMENT": "compose"})
    assert settings.host == "redis"
    assert settings.origins["host"] == "default in Compose: MOORING_ENVIRONMENT is set"


def test_an_explicit_host_beats_what_kubernetes_suggests() -> None:
    assert load({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "REDIS_HOST": "cache"}).host == "cache"


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:6379", "udp://10.0.0.5:6379"])
def test_the_address_that_kubernetes_writes_into_redis_port_is_no_port(address: str) -> None:
    settings = load({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "REDIS_PORT": address})
    assert settings.port == 6379
    assert load({"CACHE_REDIS_PORT": address, "REDIS_PORT": "6380"}, "cache").port == 6380


def test_single_variables_are_read() -> None:
    settings = load(
        {
            "REDIS_HOST": "cache",
            "REDIS_PORT": "6380\n",
            "REDIS_USERNAME": "me",
            "REDIS_PASSWORD": " pw ",
            "REDIS_DB": "4",
        }
    )
    assert (settings.host, settings.port, settings.username, settings.db) == ("cache", 6380, "me", 4)
    assert password_of(settings) == " pw "


def test_empty_variables_count_as_unset() -> None:
    names = ("URL", "HOST", "PORT", "USERNAME", "PASSWORD", "DB")
    assert load({f"REDIS_{name}": "" for name in names}) == load({})


def test_the_url_beats_single_variables_of_its_level() -> None:
    environ = {"REDIS_URL": "redis://me:inside@cache:6380/2", "REDIS_HOST": "other", "REDIS_PASSWORD": "outside"}
    settings = load(environ)
    assert (settings.host, settings.port, settings.db) == ("cache", 6380, 2)
    assert password_of(settings) == "inside"


def test_single_variables_fill_in_what_the_url_leaves_open() -> None:
    settings = load({"REDIS_URL": "redis://cache", "REDIS_PASSWORD": "pw", "REDIS_DB": "3", "REDIS_PORT": "6380"})
    assert (settings.host, settings.port, settings.db, password_of(settings)) == ("cache", 6380, 3, "pw")
    assert settings.origins["password"] == "REDIS_PASSWORD"


def test_an_argument_beats_the_environment() -> None:
    settings = load({"REDIS_URL": "redis://:pw@cache:6380/2"}, db=7, port=1234)
    assert (settings.host, settings.port, settings.db, password_of(settings)) == ("cache", 1234, 7, "pw")
    assert settings.origins["db"] == "argument db"


def test_an_argument_beats_the_url_argument() -> None:
    settings = load({}, url="redis://:pw@cache:6380/2", host="other")
    assert (settings.host, settings.port, password_of(settings)) == ("other", 6380, "pw")


@pytest.mark.parametrize("missing", [None, ""])
def test_an_endpoint_argument_without_a_value_is_no_answer(missing: str | None) -> None:
    overrides = dict.fromkeys(("url", "host", "port", "password", "username", "default_url"), missing)
    settings = load({"REDIS_URL": "redis://:pw@cache:6380"}, **overrides)
    assert (settings.host, settings.port, password_of(settings)) == ("cache", 6380, "pw")


def test_a_named_connection_reads_its_own_variables_first() -> None:
    environ = {"SESSION_STORE_REDIS_URL": "redis://sessions/1", "REDIS_URL": "redis://cache", "REDIS_PASSWORD": "pw"}
    settings = load(environ, "session-store")
    assert (settings.host, settings.db, password_of(settings)) == ("sessions", 1, "pw")
    assert load(environ).host == "cache"


def test_a_named_connection_falls_back_to_the_common_variables() -> None:
    settings = load({"REDIS_URL": "redis://:pw@cache:6380/2", "SESSIONS_REDIS_DB": "5"}, "sessions")
    assert (settings.host, settings.port, settings.db, password_of(settings)) == ("cache", 6380, 5, "pw")


@pytest.mark.parametrize("name", ["", "1st", "a b", "a=b"])
def test_a_name_that_cannot_head_a_variable_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a Redis connection"):
        load({}, name)


@pytest.mark.parametrize(
    ("environ", "name", "overrides"),
    [
        ({"REDIS_URL": "redis://:secret@cache"}, "default", {"host": "elsewhere"}),
        ({"REDIS_URL": "rediss://:secret@cache"}, "default", {"unix_socket_path": "/run/redis.sock"}),
        ({"REDIS_URL": "redis://:secret@cache:99/3", "SESSIONS_REDIS_HOST": "elsewhere"}, "sessions", {}),
        ({"REDIS_HOST": "elsewhere"}, "default", {"default_url": "rediss://:secret@localhost:99"}),
    ],
)
def test_the_password_of_a_url_goes_to_no_other_server(
    environ: dict[str, str], name: str, overrides: dict[str, str]
) -> None:
    settings = load(environ, name, **overrides)
    assert settings.password is None
    assert (settings.port, settings.db, settings.ssl) == (6379, 0, False)


def test_the_default_url_serves_a_machine_without_configuration() -> None:
    settings = load({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, default_url="redis://me:pw@here:6380/2?socket_timeout=3")
    assert (settings.host, settings.port, settings.db) == ("here", 6380, 2)
    assert password_of(settings) == "pw"
    assert settings.options == {"socket_timeout": 3.0}


def test_the_default_url_keeps_its_database_and_options_on_another_server() -> None:
    settings = load({"REDIS_URL": "redis://cache"}, default_url="redis://:pw@localhost:6380/2?socket_timeout=3")
    assert (settings.host, settings.port, settings.db, settings.password) == ("cache", 6379, 2, None)
    assert settings.options == {"socket_timeout": 3.0}


def test_a_socket_takes_no_host() -> None:
    settings = load({"REDIS_URL": "unix:///run/redis.sock", "REDIS_HOST": "cache"})
    assert settings.unix_socket_path == "/run/redis.sock"
    assert settings.endpoint == "/run/redis.sock db 0"
    assert "cache" not in settings.explain()


def test_two_servers_in_the_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="argument host and argument unix_socket_path name more than one"):
        load({}, host="cache", unix_socket_path="/run/redis.sock")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"REDIS_PORT": "abc"}, "REDIS_PORT is 'abc', but port must be a whole number from 1 to 65535"),
        ({"REDIS_PORT": "0"}, "REDIS_PORT is '0'"),
        ({"REDIS_DB": "-1"}, "REDIS_DB is '-1', but db must be a whole number from 0"),
        ({"REDIS_DB": "1.5"}, "REDIS_DB is '1.5'"),
        ({"REDIS_URL": "http://cache"}, "REDIS_URL does not begin with redis://"),
        ({"REDIS_HOST": "redis://:secret@cache"}, "REDIS_HOST is malformed: host must be a host name or address"),
        ({"REDIS_PORT": "abc", "REDIS_DB": "x"}, "REDIS_PORT is 'abc'.*REDIS_DB is 'x'"),
    ],
)
def test_a_bad_variable_is_named_with_what_would_be_right(environ: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load(environ)
    assert "secret" not in str(caught.value)


def test_a_bad_argument_is_named() -> None:
    with pytest.raises(ConfigError, match="argument max_connections is 0"):
        load({}, max_connections=0)
    with pytest.raises(ConfigError, match="argument default_url does not begin with redis://"):
        load({}, default_url="localhost:6379")


def test_explain_tells_every_value_with_its_origin() -> None:
    settings = load(
        {"REDIS_URL": "redis://:pw@cache:6380", "REDIS_DB": "2"}, socket_timeout=3, retry=object(), ssl_password="pw"
    )
    assert settings.explain().splitlines() == [
        "host = cache  (REDIS_URL)",
        "port = 6380  (REDIS_URL)",
        "password = **********  (REDIS_URL)",
        "db = 2  (REDIS_DB)",
        "ssl = False  (REDIS_URL)",
        "ssl_password = **********  (argument ssl_password)",
        "max_connections = 50  (default)",
        "pool_timeout = 5.0  (default)",
        "deadline = 5.0  (default)",
        "max_age = 1800.0  (default)",
        "max_idle = 300.0  (default)",
        "multiplex = True  (default)",
        "lanes = 1  (default)",
        "socket_timeout = 3  (argument socket_timeout)",
        "retry = <object>  (argument retry)",
    ]


def test_the_process_environment_is_the_default_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://from-the-process")
    assert RedisSettings.load().host == "from-the-process"


SECRETS = st.text(min_size=1).map(lambda text: f"hunter2{text}2retnuh")


@given(SECRETS)
def test_no_word_about_settings_holds_the_password(secret: str) -> None:
    for settings in (
        load({"REDIS_URL": f"redis://:{quote(secret, safe='')}@cache"}),
        load({"REDIS_PASSWORD": secret}),
        load({}, password=secret, ssl_password=secret),
    ):
        assert password_of(settings) == secret
        for told in (repr(settings), str(settings), settings.explain(), settings.endpoint):
            assert "hunter2" not in told
            assert "2retnuh" not in told


def failing(secret: str) -> list[Callable[[], object]]:
    return [
        lambda: load({"REDIS_URL": f"redis://:{secret}@cache:port?colour=red"}),
        lambda: load({"REDIS_URL": f"redis://:{quote(secret, safe='')}@cache:port"}),
        lambda: load({"REDIS_URL": secret}),
        lambda: load({"REDIS_PASSWORD": secret, "REDIS_PORT": "abc"}),
        lambda: load({"REDIS_HOST": f"redis://:{secret}@cache"}),
        lambda: load({}, password=[secret]),
        lambda: RedisSettings.model_validate({"password": [secret]}),
        lambda: RedisSettings.model_validate({"port": "abc", "password": secret}),
    ]


@given(SECRETS, st.integers(0, 7))
def test_no_refusal_of_settings_holds_the_password(secret: str, case: int) -> None:
    with pytest.raises((ConfigError, ValidationError)) as caught:
        failing(secret)[case]()
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in str(error) + repr(error)
        error = error.__cause__


def test_a_sourced_value_hides_what_it_holds() -> None:
    assert "hunter2" not in repr(SourcedValue("password", "hunter2", "REDIS_PASSWORD"))
