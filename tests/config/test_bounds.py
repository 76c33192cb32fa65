"""How long a call may take and a connection may live is set as everything else is, and can be left without bound."""

from __future__ import annotations

from typing import Any

import pytest
from tests.config.loading import load

from mooring.config.settings import RedisSettings
from mooring.errors import ConfigError

BOUNDS = ("deadline", "max_age", "max_idle")


def argument(bound: str, value: Any, environ: dict[str, str]) -> RedisSettings:
    given: dict[str, Any] = {bound: value}
    return load(environ, **given)


def test_the_bounds_have_defaults() -> None:
    settings = load({})
    assert (settings.deadline, settings.max_age, settings.max_idle, settings.multiplex) == (5.0, 1800.0, 300.0, True)


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_bound_is_read_from_a_variable_a_url_or_an_argument(bound: str) -> None:
    variable = f"REDIS_{bound.upper()}"
    assert getattr(load({variable: " 2.5 "}), bound) == 2.5
    assert getattr(load({"REDIS_URL": f"redis://cache?{bound}=2.5"}), bound) == 2.5
    assert getattr(argument(bound, 2.5, {variable: "9"}), bound) == 2.5
    assert getattr(load({f"CACHE_{variable}": "2.5", variable: "9"}, "cache"), bound) == 2.5


@pytest.mark.parametrize("bound", BOUNDS)
def test_none_is_no_bound_wherever_it_is_said(bound: str) -> None:
    variable = f"REDIS_{bound.upper()}"
    for settings in (
        load({variable: "none"}),
        load({"REDIS_URL": f"redis://cache?{bound}=None"}),
        argument(bound, None, {variable: "9"}),
    ):
        assert getattr(settings, bound) is None
        assert f"{bound} = none  (" in settings.explain()


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("bad", ["0", "-1", "nan", "inf", "soon", ""])
def test_a_bound_that_bounds_nothing_is_refused_in_words(bound: str, bad: str) -> None:
    right = f"{bound} must be a number of seconds above 0, or none"
    with pytest.raises(ConfigError, match=f"argument {bound} is .* but {right}"):
        argument(bound, bad, {})
    if bad:
        with pytest.raises(ConfigError, match=f"REDIS_{bound.upper()} is .* but {right}"):
            load({f"REDIS_{bound.upper()}": bad})
        with pytest.raises(ConfigError, match=f"The option {bound} in REDIS_URL must be a number of seconds above 0"):
            load({"REDIS_URL": f"redis://cache?{bound}={bad}"})


@pytest.mark.parametrize(("text", "value"), [("false", False), ("1", True)])
def test_sockets_are_shared_or_not_as_said(text: str, value: bool) -> None:
    assert load({"REDIS_MULTIPLEX": text}).multiplex is value
    assert load({"REDIS_URL": f"redis://cache?multiplex={text}"}).multiplex is value
    with pytest.raises(ConfigError, match="REDIS_MULTIPLEX is 'perhaps', but multiplex must be true or false"):
        load({"REDIS_MULTIPLEX": "perhaps"})


def test_so_many_sockets_are_shared() -> None:
    assert load({}).lanes == 1
    assert load({"REDIS_LANES": "4"}).lanes == 4
    assert load({"REDIS_URL": "redis://cache?lanes=2"}).lanes == 2
    for bad in ("0", "5", "two"):
        with pytest.raises(ConfigError, match=f"REDIS_LANES is '{bad}', but lanes must be a whole number from 1 to 4"):
            load({"REDIS_LANES": bad})


def test_a_url_for_others_leaves_the_bounds_out() -> None:
    own: dict[str, Any] = {"deadline": 1, "max_age": None, "max_idle": 2, "multiplex": True, "lanes": 2}
    assert load({}, host="cache", **own).url() == "redis://cache:6379/0"
