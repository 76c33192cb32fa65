"""How much a local cache holds is set as everything else is; by default there is none."""

from __future__ import annotations

from typing import Any

import pytest
from tests.config.loading import load

from mooring.config.cache_size import CacheSize
from mooring.errors import ConfigError


def argument(value: Any) -> CacheSize | None:
    return load({}, host="cache", local_cache=value).local_cache


def test_there_is_none_by_default() -> None:
    assert load({}).local_cache is None
    assert "local_cache" not in load({}).explain()


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("64mb", 64 << 20), (" 2 GB ", 2 << 30), ("1500", 1500), ("10k", 10_000), ("10kb", 10_240)],
)
def test_a_size_is_read_from_a_variable_a_url_or_an_argument(text: str, bytes_: int) -> None:
    expected = CacheSize(bytes=bytes_)
    assert load({"REDIS_LOCAL_CACHE": text}).local_cache == expected
    assert load({"REDIS_URL": f"redis://cache?local_cache={text.strip().replace(' ', '%20')}"}).local_cache == expected
    assert argument(text) == expected


@pytest.mark.parametrize("on", ["true", "on", "1", True])
def test_the_defaults_may_be_asked_for(on: Any) -> None:
    assert argument(on) == CacheSize()


@pytest.mark.parametrize("off", ["false", "none", "0", False])
def test_an_argument_says_no_where_a_variable_says_yes(off: Any) -> None:
    assert load({"REDIS_LOCAL_CACHE": "64mb"}, local_cache=off).local_cache is None


def test_an_argument_that_is_none_leaves_it_to_the_variable() -> None:
    assert load({"REDIS_LOCAL_CACHE": "true"}, local_cache=None).local_cache == CacheSize()


@pytest.mark.parametrize("bad", ["-1", "64 megabytes", "0mb", "much"])
def test_what_is_no_size_is_refused_with_its_origin(bad: str) -> None:
    with pytest.raises(ConfigError, match=f"REDIS_LOCAL_CACHE is '{bad}', but local_cache must be true, false, a size"):
        load({"REDIS_LOCAL_CACHE": bad})
    with pytest.raises(ConfigError, match="The option local_cache in REDIS_URL must be true, false or a size such as"):
        load({"REDIS_URL": f"redis://cache?local_cache={bad.replace(' ', '%20')}"})


@pytest.mark.parametrize("bad", [7, 1.5, ("64mb",)])
def test_an_argument_of_another_kind_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigError, match=r"argument local_cache is .* but local_cache must be true, false, a size"):
        argument(bad)


def test_it_is_explained_and_left_out_of_a_url_for_others() -> None:
    settings = load({"REDIS_URL": "redis://cache:6379/0?local_cache=1kb"})
    assert "local_cache = 10000 entries, 1024 bytes, 300 s  (REDIS_URL)" in settings.explain()
    assert settings.url() == "redis://cache:6379/0"


@pytest.mark.parametrize(
    "wrong", [{"entries": 0}, {"max_age": -1}, {"staleness": float("inf")}, {"prefixes": ("a", "ab")}]
)
def test_a_size_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="local cache"):
        CacheSize(**wrong)


def test_prefixes_are_not_one_text() -> None:
    with pytest.raises(TypeError, match="tuple"):
        CacheSize(prefixes="user:")  # type: ignore[arg-type]
