"""One server, a socket, Sentinels or a Cluster: what is named decides, and contradictions are refused."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring.config.faults import FIELDS
from mooring.config.settings import Mode, RedisSettings
from mooring.errors import ConfigError

NOWHERE = Path("/nonexistent")
SENTINELS = {"REDIS_SENTINELS": "s-0:26379, s-1", "REDIS_SENTINEL_MASTER": "mymaster"}


def load(environ: Mapping[str, str], name: str = "default", **overrides: Any) -> RedisSettings:
    return RedisSettings.load(name, environ, overrides, root=NOWHERE, directory=NOWHERE)


@pytest.mark.parametrize(
    ("environ", "mode", "endpoint"),
    [
        ({"REDIS_HOST": "cache"}, Mode.STANDALONE, "cache:6379/0"),
        ({"REDIS_HOST": "cache", "REDIS_TLS": "yes"}, Mode.STANDALONE, "rediss://cache:6379/0"),
        ({"REDIS_HOST": "::1"}, Mode.STANDALONE, "[::1]:6379/0"),
        ({"REDIS_UNIX_SOCKET_PATH": "/run/redis.sock"}, Mode.UNIX_SOCKET, "/run/redis.sock db 0"),
        (SENTINELS, Mode.SENTINEL, "redis+sentinel://s-0:26379,s-1:26379/mymaster/0"),
        ({"REDIS_CLUSTER_NODES": "c-0:7000,c-1"}, Mode.CLUSTER, "redis+cluster://c-0:7000,c-1:6379"),
        ({"REDIS_URL": "rediss+cluster://:pw@c-0"}, Mode.CLUSTER, "rediss+cluster://c-0:6379"),
    ],
)
def test_what_is_named_decides_the_mode(environ: dict[str, str], mode: Mode, endpoint: str) -> None:
    settings = load(environ)
    assert (settings.mode, settings.endpoint) == (mode, endpoint)


def test_sentinels_have_credentials_of_their_own() -> None:
    settings = load({**SENTINELS, "REDIS_PASSWORD": "pw", "REDIS_SENTINEL_PASSWORD": "spw"}, sentinel_username="me")
    assert settings.sentinel_credentials() == {"username": "me", "password": "spw"}
    assert settings.password is not None
    assert settings.password.get_secret_value() == "pw"


def test_a_host_no_longer_counts_beside_better_sentinels() -> None:
    settings = load({**SENTINELS, "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "cache")
    assert settings.mode is Mode.SENTINEL
    assert load({"CACHE_REDIS_HOST": "cache", **SENTINELS}, "cache").mode is Mode.STANDALONE


def test_arguments_may_list_servers_as_redis_py_does() -> None:
    settings = load({}, sentinels=[("s-0", 26379)], sentinel_master="mymaster")
    assert settings.sentinels == (("s-0", 26379),)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (
            {"REDIS_HOST": "cache", **SENTINELS},
            "REDIS_HOST and REDIS_SENTINELS name more than one server; leave all but one",
        ),
        (
            {"REDIS_SENTINELS": "s-0"},
            "REDIS_SENTINELS names Sentinels, but nothing names the master; set REDIS_SENTINEL_M",
        ),
        (
            {"REDIS_SENTINELS": "s-0:x", "REDIS_SENTINEL_MASTER": "m"},
            "REDIS_SENTINELS is malformed: sentinels must be serv",
        ),
        ({"REDIS_CLUSTER_NODES": "redis://:hunter2@c-0"}, "REDIS_CLUSTER_NODES is malformed: cluster_nodes must be"),
        (
            {"REDIS_CLUSTER_NODES": "c-0", "REDIS_DB": "3"},
            "REDIS_DB chooses database 3, but a Redis Cluster has database 0",
        ),
        ({"REDIS_HOST": "a,b"}, "REDIS_HOST is malformed: host must be a host name"),
        ({"REDIS_TLS": "perhaps"}, "REDIS_TLS is 'perhaps', but ssl must be true or false"),
        ({"REDIS_TLS_MIN_VERSION": "1.0"}, "REDIS_TLS_MIN_VERSION is '1.0', but ssl_min_version must be 1.2 or 1.3"),
        ({"REDIS_TLS_VERIFY": "maybe"}, "REDIS_TLS_VERIFY is 'maybe', but ssl_cert_reqs must be true, false"),
        ({"REDIS_TLS_SERVER_NAME": "redis://x"}, "REDIS_TLS_SERVER_NAME is malformed: ssl_server_name must be a host"),
        (
            {"REDIS_URL": "redis://:hunter2@cache", "REDIS_TLS": "true"},
            "REDIS_URL does without TLS, but REDIS_TLS asks for it; begin the URL with rediss://",
        ),
        (
            {"REDIS_URL": "redis://cache", "REDIS_TLS_CA_FILE": "/ca.pem"},
            "REDIS_URL does without TLS, but REDIS_TLS_CA_FILE asks for it",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(environ: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load(environ)
    assert "hunter2" not in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_url_without_tls_may_stand_beside_tls_that_is_off() -> None:
    assert load({"REDIS_URL": "redis://cache", "REDIS_TLS": "false"}).ssl is False


def test_an_explanation_is_plain_data_too() -> None:
    settings = load(
        {**SENTINELS, "REDIS_PASSWORD": "hunter2", "REDIS_SENTINEL_PASSWORD": "hunter3", "MOORING_ENVIRONMENT": "ci"}
    )
    told = settings.explanation().as_data()
    assert told["mode"] == "sentinel"
    assert told["endpoint"] == "redis+sentinel://s-0:26379,s-1:26379/mymaster/0"
    assert told["environment"] == {"kind": "ci", "evidence": ["MOORING_ENVIRONMENT is set"]}
    assert {"key": "sentinels", "value": "s-0:26379,s-1:26379", "origin": "REDIS_SENTINELS"} in told["settings"]
    assert {"key": "password", "value": "**********", "origin": "REDIS_PASSWORD"} in told["settings"]
    assert not {"host", "port"} & {value["key"] for value in told["settings"]}
    for words in (str(told), repr(settings), str(settings), settings.explain()):
        assert "hunter" not in words


def test_every_setting_has_words_for_what_would_be_right() -> None:
    besides = {"name", "options", "origins", "files", "environment"}
    assert set(FIELDS) == RedisSettings.model_fields.keys() - besides


def test_a_tls_argument_without_a_value_is_no_answer() -> None:
    settings = load(
        {"REDIS_HOST": "cache", "REDIS_TLS_SERVER_NAME": "redis.example.com"}, ssl=None, ssl_server_name=None
    )
    assert (settings.ssl, settings.ssl_server_name) == (True, "redis.example.com")
    assert load({"REDIS_TLS_VERIFY": "true"}, ssl_cert_reqs=None).ssl_cert_reqs == "none"
