"""Texts of manifests: which hosts and passwords of Redis are in them."""

from __future__ import annotations

import pytest

from mooring.audit.manifests.addresses import hosts, is_address_name, is_password_name, passwords, shown


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("REDIS_URL", "redis://redis:6379/0", ["redis"]),
        ("REDIS_URL", "rediss://user:pw@cache.example.com", ["cache.example.com"]),
        ("REDIS_URL", "redis://:${REDIS_PASSWORD:?set REDIS_PASSWORD}@redis-master:6379/0", ["redis-master"]),
        ("REDIS_URL", "redis://:$(REDIS_PASSWORD)@cache:6379", ["cache"]),
        ("REDIS_URL", "${REDIS_URL:-redis://cache:6379}", ["cache"]),
        ("REDIS_URL", "${REDIS_URL-redis://cache:6379}", ["cache"]),
        ("REDIS_URL", "${OTHER:-${REDIS_URL:-redis://cache}}", ["cache"]),
        ("REDIS_URL", "redis://$(REDIS_HOST):6379", []),
        ("REDIS_URL", "redis-url", []),
        ("ANYTHING", "valkey://store:6379", ["store"]),
        ("REDIS_HOST", "redis", ["redis"]),
        ("redisHost", "redis.data.svc.cluster.local:6379", ["redis.data.svc.cluster.local"]),
        ("REDIS", "azure-vote-back", ["azure-vote-back"]),
        ("REDIS_HOST", "${REDIS_HOST}", []),
        ("REDIS_SERVER", "true", []),
        ("REDIS_PORT", "6379", []),
        ("DATABASE_HOST", "redis", []),
        ("NOTE", "see https://redis.io", []),
    ],
)
def test_a_host_is_that_of_a_url_or_of_a_variable_for_hosts(name: str, text: str, found: list[str]) -> None:
    assert list(hosts(name, text)) == found


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("REDIS_PASSWORD", "sesame", ("sesame", False)),
        ("REDIS_PASSWORD", "${REDIS_PASSWORD}", None),
        ("REDIS_PASSWORD", "${REDIS_PASSWORD:-sesame}", ("sesame", True)),
        ("REDIS_PASSWORD", "$(FROM_SECRET)", None),
        ("REDIS_PASSWORD", "{{ .Values.password }}", None),
        ("REDIS_PASSWORD", "<your password>", None),
        ("REDIS_PASSWORD", "", None),
        ("REDIS_PASSWORD_FILE", "/run/secrets/redis", None),
        ("ALLOW_EMPTY_PASSWORD", "yes", None),
        ("REDIS_AUTH_ENABLED", "true", None),
        ("REDIS_AUTH", "true", None),
        ("POSTGRES_PASSWORD", "sesame", None),
        ("X", "redis://:sesame@cache:6379", ("sesame", False)),
        ("X", "redis://user:${PASSWORD}@cache:6379", None),
        ("X", "postgresql://user:sesame@db/x", None),
        ("X", "redis-server --requirepass sesame --appendonly yes", ("sesame", False)),
        ("X", "redis-server --requirepass ${REDIS_PASSWORD}", None),
        ("X", "redis-cli -h cache -a sesame ping", ("sesame", False)),
        ("redis.conf", "port 6379\n# requirepass foobared\nrequirepass sesame\n", ("sesame", False)),
        ("redis.conf", "port 6379\n# requirepass foobared\n", None),
    ],
)
def test_a_password_in_plain_text_is_found_and_a_reference_is_none(
    name: str, text: str, found: tuple[str, bool] | None
) -> None:
    assert passwords(name, text) == found


def test_a_plain_password_is_one_of_redis_where_its_surroundings_say_so() -> None:
    assert not is_password_name("password")
    assert is_password_name("password", about=True)
    assert not is_password_name("POSTGRES_PASSWORD", about=True)


def test_names_are_told_apart_however_they_are_written() -> None:
    assert all(map(is_address_name, ("REDIS_URL", "redisUrl", "redis-host", "CACHE_REDIS_HOST", "REDISHOST", "REDIS")))
    assert not any(map(is_address_name, ("REDIS_PORT", "REDIS_DB", "DATABASE_URL", "")))


def test_what_is_shown_of_a_url_has_no_secret() -> None:
    assert shown("redis://:${PASSWORD:?set it}@cache:6379/0") == "redis://:***@cache:6379/0"
    assert shown("redis://:sesame@cache") == "redis://:***@cache"
