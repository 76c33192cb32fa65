"""A Redis URL is read as redis-py reads it, and refused where redis-py would fail late or silently."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.connection import parse_url

from mooring.config.url import read_url
from mooring.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("redis://", {"ssl": False}),
        ("redis://cache", {"ssl": False, "host": "cache"}),
        ("redis://cache/", {"ssl": False, "host": "cache"}),
        ("redis://cache:6380/3", {"ssl": False, "host": "cache", "port": 6380, "db": 3}),
        ("redis://[::1]:6380", {"ssl": False, "host": "::1", "port": 6380}),
        ("rediss://cache", {"ssl": True, "host": "cache"}),
        ("redis://:p%40ss@cache", {"ssl": False, "host": "cache", "password": "p@ss"}),
        ("redis://me:pw@cache", {"ssl": False, "host": "cache", "username": "me", "password": "pw"}),
        ("redis://me@cache", {"ssl": False, "host": "cache", "username": "me"}),
        ("unix:///run/redis.sock?db=2", {"unix_socket_path": "/run/redis.sock", "db": 2}),
        ("unix://:pw@/run/redis.sock", {"unix_socket_path": "/run/redis.sock", "password": "pw"}),
        (" redis://cache\n", {"ssl": False, "host": "cache"}),
        ("redis://cache/1?db=2", {"ssl": False, "host": "cache", "db": 2}),
        (
            "redis://cache?socket_timeout=1.5&decode_responses=False&client_name=a%40b&max_connections=7",
            {
                "ssl": False,
                "host": "cache",
                "socket_timeout": 1.5,
                "decode_responses": False,
                "client_name": "a@b",
                "max_connections": 7,
            },
        ),
        (
            "redis+sentinel://me:pw@s-0:26379,s-1,[::1]:26381/mymaster/2?sentinel_password=spw",
            {
                "ssl": False,
                "sentinels": (("s-0", 26379), ("s-1", 26379), ("::1", 26381)),
                "sentinel_master": "mymaster",
                "sentinel_password": "spw",
                "username": "me",
                "password": "pw",
                "db": 2,
            },
        ),
        (
            "rediss+sentinel://s-0/my%2Fmaster",
            {"ssl": True, "sentinels": (("s-0", 26379),), "sentinel_master": "my/master"},
        ),
        (
            "redis+cluster://:pw@c-0:7000,c-1",
            {"ssl": False, "cluster_nodes": (("c-0", 7000), ("c-1", 6379)), "password": "pw"},
        ),
        ("rediss+cluster://c-0/0", {"ssl": True, "cluster_nodes": (("c-0", 6379),), "db": 0}),
        (
            "rediss://cache?ssl_server_name=redis.example.com&ssl_min_version=1.3",
            {"ssl": True, "host": "cache", "ssl_server_name": "redis.example.com", "ssl_min_version": "1.3"},
        ),
        ("redis://cache?timeout=2", {"ssl": False, "host": "cache", "pool_timeout": 2.0}),
    ],
)
def test_a_url_gives_the_settings_it_names_and_leaves_the_rest_open(url: str, settings: dict[str, Any]) -> None:
    assert read_url(url, "REDIS_URL") == settings


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("cache:6379", "REDIS_URL does not begin with redis://"),
        ("http://cache", "REDIS_URL does not begin with redis://"),
        ("redis:cache", "REDIS_URL does not begin with redis://"),
        ("redis://[cache", "REDIS_URL is not a URL"),
        ("redis://cache:port", "The port in REDIS_URL must be a whole number from 1 to 65535"),
        ("redis://cache:0", "The port in REDIS_URL must be a whole number from 1 to 65535"),
        ("redis://cache:65536", "The port in REDIS_URL must be a whole number from 1 to 65535"),
        ("redis://cache/first", "The path in REDIS_URL must be a database number"),
        ("redis://cache/-1", "The path in REDIS_URL must be a database number"),
        ("redis://cache?db=-1", "The option db in REDIS_URL must be a whole number"),
        ("redis://cache?socket_timeout=soon", "The option socket_timeout in REDIS_URL must be a number of seconds"),
        ("redis://cache?socket_timeout=nan", "The option socket_timeout in REDIS_URL must be a number of seconds"),
        ("redis://cache?decode_responses=maybe", "The option decode_responses in REDIS_URL must be true or false"),
        ("redis://cache?socket_timeot=1", "REDIS_URL has the option socket_timeot, .* did you mean socket_timeout"),
        ("redis://cache?colour=red", "REDIS_URL has the option colour, .* known are client_name"),
        ("unix://", "REDIS_URL names no socket"),
        ("redis+sentinel://s-0:26379", "REDIS_URL names no master; expected, .*/mymaster/0"),
        ("redis+sentinel://s-0:26379/mymaster/first", "The path in REDIS_URL must be a database number"),
        ("redis+sentinel:///mymaster", "The servers in REDIS_URL must be host:port,host:port"),
        ("redis+cluster://c-0:0", "The servers in REDIS_URL must be host:port,host:port"),
        ("redis+cluster://c-0,", "The servers in REDIS_URL must be host:port,host:port"),
        ("unix+sentinel:///run/redis.sock", "REDIS_URL does not begin with redis://"),
        ("unix://run/redis.sock", "REDIS_URL has a character that must be percent-encoded"),
    ],
)
def test_a_malformed_url_names_its_origin_and_what_would_be_right(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_url(url, "REDIS_URL")


@pytest.mark.parametrize("torn", ["hunter2/x", "hunter2?x=1", "hunter2#x", "12?hunter2=1", "12/hunter2"])
def test_a_password_with_a_bare_delimiter_is_refused_and_not_repeated(torn: str) -> None:
    for url in (
        f"redis://:{torn}@cache/0",
        f"rediss://me:{torn}@cache",
        f"unix://:{torn}@/run/redis.sock",
        f"redis+sentinel://:{torn}@s-0/mymaster",
    ):
        with pytest.raises(ConfigError, match=r"must be percent-encoded|(port|servers) in REDIS_URL") as caught:
            read_url(url, "REDIS_URL")
        assert "hunter2" not in str(caught.value)


def test_the_rest_of_a_password_with_a_bare_ampersand_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="REDIS_URL has an option") as caught:
        read_url("unix:///run/redis.sock?password=hun&ter2=x", "REDIS_URL")
    assert "ter2" not in str(caught.value)


@given(
    scheme=st.sampled_from(["redis", "rediss"]),
    username=st.text(min_size=1, max_size=8),
    password=st.text(min_size=1, max_size=12),
    port=st.integers(1, 65535),
    db=st.integers(0, 99),
)
def test_quoted_credentials_are_read_as_redis_py_reads_them(
    scheme: str, username: str, password: str, port: int, db: int
) -> None:
    url = f"{scheme}://{quote(username, safe='')}:{quote(password, safe='')}@cache:{port}/{db}"
    theirs = parse_url(url)
    theirs.pop("connection_class", None)
    ours = read_url(url, "REDIS_URL")
    assert ours.pop("ssl") is (scheme == "rediss")
    assert ours == theirs
    assert ours["password"] == password


@given(
    st.builds(
        "{}{}".format, st.sampled_from(["", "redis://", "unix://", "redis+sentinel://", "rediss+cluster://"]), st.text()
    )
)
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert read_url(text, "REDIS_URL").keys() & {"ssl", "unix_socket_path"}
