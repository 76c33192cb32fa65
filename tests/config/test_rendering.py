"""Settings written as a URL are read back as the same settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.connection import parse_url

from mooring.config.settings import RedisSettings
from mooring.errors import ConfigError

NOWHERE = Path("/nonexistent")


def load(**overrides: Any) -> RedisSettings:
    return RedisSettings.load("default", {}, overrides, root=NOWHERE, directory=NOWHERE)


NODES = st.lists(st.tuples(st.sampled_from(["s-0", "10.0.0.1", "::1"]), st.integers(1, 65535)), min_size=1, max_size=3)
SECRETS = st.none() | st.text(min_size=1, max_size=8)
SERVERS = st.one_of(
    st.fixed_dictionaries({"host": st.sampled_from(["cache", "::1"]), "port": st.integers(1, 65535)}),
    st.just({"unix_socket_path": "/run/my redis?.sock"}),
    st.fixed_dictionaries(
        {"sentinels": NODES, "sentinel_master": st.text(min_size=1, max_size=5), "sentinel_password": SECRETS}
    ),
    st.fixed_dictionaries({"cluster_nodes": NODES}),
)
OPTIONS = st.sampled_from(
    [
        {},
        {"socket_timeout": 1.5, "decode_responses": True},
        {"max_connections": 7},
        {"ssl": True, "ssl_min_version": "1.3"},
    ]
)


@given(SERVERS, SECRETS, SECRETS, st.integers(0, 9), OPTIONS)
def test_a_written_url_is_read_as_the_same_settings(
    server: dict[str, Any], username: str | None, password: str | None, db: int, options: dict[str, Any]
) -> None:
    database = {} if "cluster_nodes" in server else {"db": db}
    tls = {} if "unix_socket_path" not in server else {"ssl": False, "ssl_min_version": None}
    settings = load(**server, **database, **(options | tls), username=username, password=password)
    again = load(url=settings.url())
    # The URL says in full how a name is checked, for redis-py up to 5.x leaves that off.
    besides = {"origins", "environment", "ssl_check_hostname"}
    assert again.model_dump(exclude=besides) == settings.model_dump(exclude=besides)
    assert again.tls_arguments() == settings.tls_arguments()


def test_redis_py_reads_the_url_of_one_server() -> None:
    url = load(host="cache", username="me", password="p@ss/w0rd: #%?", db=3, socket_timeout=2, max_connections=9).url()
    assert parse_url(url) == {
        "host": "cache",
        "port": 6379,
        "db": 3,
        "username": "me",
        "password": "p@ss/w0rd: #%?",
        "socket_timeout": 2.0,
        "max_connections": 9,
    }


def test_what_no_url_can_carry_is_named() -> None:
    with pytest.raises(
        ConfigError, match=r"argument retry gives retry, which a URL cannot carry; use get_redis_config"
    ):
        load(retry=object()).url()
