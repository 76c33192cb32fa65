"""A server gets what its manifest sets, but for the Redis and the upstream, which are those of the measurement."""

from __future__ import annotations

import pytest

from mooring.audit.facts import EnvVar, Span
from mooring.prove import Address
from mooring.prove.environment import Environment, inherited, repoint

REDIS = Address("127.0.0.1", 10501, "p@ss/word")
URL = "redis://:p%40ss%2Fword@127.0.0.1:10501/0"


def variable(name: str, value: str | None = None, source: str | None = None) -> EnvVar:
    return EnvVar(name, value, source, "k8s.yaml", Span(1, 1, 1, 1))


def value_of(name: str, value: str | None = None, source: str | None = None) -> str | None:
    return repoint([variable(name, value, source)], REDIS, None).variables.get(name)


@pytest.mark.parametrize(
    ("name", "value", "source", "expected"),
    [
        ("REDIS_URL", None, "Secret/redis-credentials/url", URL),
        ("REDIS_URL", "redis://redis-master:6379/0", None, URL),
        ("BROKER", "redis://:${REDIS_PASSWORD:?set it}@redis:6379/3", None, URL[:-1] + "3"),
        ("ANYTHING", "rediss://redis:6380", None, URL),
        ("CACHE_URL", None, "Secret/redis/url", URL),
        ("CACHE_PASSWORD", None, "Secret/redis/password", "p@ss/word"),
        ("CACHE_SECRET_VALUE", None, "Secret/valkey-auth/password", "p@ss/word"),
        ("REDIS_HOST", "redis-master", None, "127.0.0.1"),
        ("SESSION_REDIS_HOST", None, "ConfigMap/settings/host", "127.0.0.1"),
        ("CACHE_HOST", "redis-master.fleet.svc", None, "127.0.0.1"),
        ("REDIS_PORT", "6379", None, "10501"),
        ("REDISHOST", "redis", None, "127.0.0.1"),
        ("REDIS_ADDR", "redis:6379", None, "127.0.0.1:10501"),
        ("REDIS_PASSWORD", "change-me", None, "p@ss/word"),
        ("REDIS_USERNAME", "app", None, "default"),
        ("REDIS_TLS", "true", None, "false"),
    ],
)
def test_what_names_a_redis_names_this_one(name: str, value: str | None, source: str | None, expected: str) -> None:
    assert value_of(name, value, source) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "info"),
        ("REDIS_DB", "2"),
        ("REDIS_MAX_CONNECTIONS", "50"),
        ("DATABASE_URL", "postgres://db/x"),
        ("HOST", "0.0.0.0"),
        ("PORT", "8000"),
        ("UPSTREAM_URL", "http://upstream:8080"),
        ("EMPTY", ""),
    ],
)
def test_everything_else_keeps_its_value(name: str, value: str) -> None:
    assert value_of(name, value) == value


def test_an_upstream_that_the_measurement_has_takes_the_place_of_the_real_one() -> None:
    found = repoint([variable("UPSTREAM_URL", "http://upstream:8080")], REDIS, "http://127.0.0.1:9")
    assert found.variables == {"UPSTREAM_URL": "http://127.0.0.1:9"}
    assert found.repointed == ("UPSTREAM_URL",)


def test_what_has_no_value_in_the_manifests_is_left_out_and_told() -> None:
    found = repoint(
        [variable("API_KEY", None, "Secret/github/token"), variable("SHELL_ONLY", "${FROM_SHELL}"), variable("A", "1")],
        REDIS,
        None,
    )
    assert found.variables == {"A": "1"}
    assert found.omitted == ("API_KEY", "SHELL_ONLY")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${LEVEL:-info}", "info"),
        ("${LEVEL-info}", "info"),
        ("a-${X:-}-b", "a--b"),
        ("$(BASE)/v1", "http://base/v1"),
        ("$(UNKNOWN)/v1", "$(UNKNOWN)/v1"),
        ("costs $$5", "costs $5"),
    ],
)
def test_references_are_followed_and_defaults_taken(value: str, expected: str) -> None:
    found = repoint([variable("BASE", "http://base"), variable("X_API", value)], REDIS, None)
    assert found.variables["X_API"] == expected


def test_nothing_of_the_callers_environment_says_where_a_service_is() -> None:
    kept = inherited({"PATH": "/bin", "HOME": "/root", "REDIS_URL": "redis://real", "PYTHONPATH": "x", "API_KEY": "y"})
    assert kept == {"PATH": "/bin", "HOME": "/root"}


def test_neither_an_address_nor_an_environment_shows_the_password() -> None:
    shown = (
        repr(REDIS) + repr(repoint([variable("REDIS_URL", "redis://x")], REDIS, None)) + repr(Environment({}, (), ()))
    )
    assert "p@ss" not in shown
    assert "p%40ss" not in shown
