"""Django's cache on Mooring's pool: what it does, where its settings come from, and what it shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.cache import CacheHandler
from django.core.cache.backends.redis import RedisCache as DjangosOwn

from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port
from mooring.runtime.manager import RedisConnectionManager

BACKEND = "mooring.integrations.django.RedisCache"


@pytest.fixture
def cache() -> Callable[..., Any]:
    """Make a cache of Django's as its settings would."""
    if not settings.configured:
        settings.configure()
        django.setup()
    return lambda **given: CacheHandler({"default": {"BACKEND": BACKEND, **given}})["default"]


def test_it_does_all_that_djangos_own_does(cache: Callable[..., Any]) -> None:
    ours = cache()
    assert ours.add("n", 1)
    assert not ours.add("n", 2)
    assert ours.incr("n") == 2
    ours.set_many({"a": {"x": 1}, "b": None}, timeout=60)
    assert ours.get_many(["a", "b", "c"]) == {"a": {"x": 1}, "b": None}
    assert ours.get_or_set("c", lambda: "made") == "made"
    assert ours.touch("a", 10)
    assert ours.has_key("a")
    ours.set("gone", 1, timeout=0)
    assert ours.get("gone", "default") == "default"
    assert ours.delete("a")
    ours.delete_many(["b", "c"])
    assert ours.clear()
    assert ours.get("n") is None


def test_either_reads_what_the_other_wrote(cache: Callable[..., Any], redis_server: EmbeddedRedis) -> None:
    theirs = DjangosOwn(redis_server.url, {})
    theirs.set("key", ["value"])
    assert cache().get("key") == ["value"]
    cache().set("key", ["ours"])
    assert theirs.get("key") == ["ours"]
    theirs._cache.get_client().connection_pool.disconnect()


def test_a_location_is_for_where_nothing_is_configured(
    cache: Callable[..., Any], redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"redis://127.0.0.1:{free_port()}"
    cache(LOCATION=elsewhere).set("key", 1)  # REDIS_URL is set
    monkeypatch.delenv("REDIS_URL")
    assert cache(LOCATION=redis_server.url).get("key") == 1


def test_a_cache_can_have_a_connection_of_its_own_name(
    cache: Callable[..., Any], secure_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSIONS_REDIS_URL", secure_redis.url)
    cache(OPTIONS={"name": "sessions"}).set("key", "kept apart")
    assert cache().get("key") is None
    with secure_redis.client() as client:
        assert len(client.keys()) == 1


def test_options_are_overrides_of_the_client_and_wrong_ones_are_told(cache: Callable[..., Any]) -> None:
    cache(OPTIONS={"max_connections": 3}).get("key")
    assert [numbers.max_connections for numbers in RedisConnectionManager.instance().numbers().values()] == [3]
    with pytest.raises(TypeError, match="max_conections"):
        cache(OPTIONS={"max_conections": 3}).get("key")


def test_closing_a_request_leaves_the_shared_pool_open(cache: Callable[..., Any]) -> None:
    ours = cache()
    ours.set("key", 1)
    ours.close()
    (numbers,) = RedisConnectionManager.instance().numbers().values()
    assert (numbers.size, numbers.in_use) == (1, 0)
