"""Each source gives what it has, in its order, and tells where it was found."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.config.surroundings import Surroundings
from mooring.config.variables import SUFFIXES
from mooring.errors import ConfigError

from .loading import load, password_of, write


def binding(root: Path, name: str, **entries: str) -> dict[str, str]:
    for entry, text in entries.items():
        write(root / name / entry.replace("_", "-"), text)
    return {"SERVICE_BINDING_ROOT": str(root)}


# Service bindings


def test_a_binding_of_type_redis_is_read_whole(tmp_path: Path) -> None:
    binding(tmp_path, "db", type="mysql", host="mysql", password="other")
    environ = binding(tmp_path, "shop", type="Redis\n", host="cache\n", port="6380", username="me", password="hunter2")
    write(tmp_path / "..data/type", "redis")
    settings = load(environ)
    assert (settings.host, settings.port, settings.username, password_of(settings)) == ("cache", 6380, "me", "hunter2")
    assert settings.origins["host"] == f"SERVICE_BINDING_ROOT ({tmp_path / 'shop' / 'host'})"


def test_a_binding_may_give_a_uri(tmp_path: Path) -> None:
    assert load(binding(tmp_path, "shop", type="redis", uri="rediss://:pw@cache/2")).endpoint == "rediss://cache:6379/2"


def test_a_binding_tells_of_sentinels_as_spring_reads_them(tmp_path: Path) -> None:
    environ = binding(
        tmp_path, "shop", type="redis", **{"sentinel.master": "mymaster", "sentinel.nodes": "s-0:26379,s-1:26379"}
    )
    assert load(environ).endpoint == "redis+sentinel://s-0:26379,s-1:26379/mymaster/0"


def test_the_password_of_a_binding_goes_to_no_other_server(tmp_path: Path) -> None:
    environ = binding(tmp_path, "shop", type="redis", host="cache", password="hunter2")
    settings = load({**environ, "REDIS_HOST": "elsewhere"})
    assert (settings.host, settings.password) == ("elsewhere", None)


def test_a_connection_takes_the_binding_of_its_name(tmp_path: Path) -> None:
    binding(tmp_path, "session-store", type="redis", host="sessions")
    environ = binding(tmp_path, "redis", type="redis", host="common")
    assert load(environ, "session_store").host == "sessions"
    assert load(environ, "cache").host == "common"
    assert load(environ).host == "common"


def test_bindings_that_are_as_good_are_refused(tmp_path: Path) -> None:
    binding(tmp_path, "one", type="redis", host="one")
    environ = binding(tmp_path, "two", type="redis", host="two")
    with pytest.raises(ConfigError, match=r"SERVICE_BINDING_ROOT has several bindings of type redis \(one, two\)"):
        load(environ)
    assert load(environ, "two").host == "two"
    assert load({**environ, "REDIS_HOST": "cache"}).host == "cache"


def test_a_platform_without_bindings_gives_none(tmp_path: Path) -> None:
    assert load({"SERVICE_BINDING_ROOT": str(tmp_path / "none")}).host == "localhost"


# Kubernetes


def test_a_service_called_redis_is_found() -> None:
    settings = load(
        {
            "REDIS_SERVICE_HOST": "10.0.0.5",
            "REDIS_SERVICE_PORT": "6380",
            "REDIS_PORT": "tcp://10.0.0.5:6380",
            "REDIS_PASSWORD": "pw",
        }
    )
    assert (settings.host, settings.port, password_of(settings)) == ("10.0.0.5", 6380, "pw")
    assert settings.origins["host"] == "REDIS_SERVICE_HOST"


def test_the_master_is_found_before_the_service_for_all() -> None:
    environ = {"REDIS_MASTER_SERVICE_HOST": "10.0.0.6", "REDIS_SERVICE_HOST": "10.0.0.5", "REDIS_SERVICE_PORT": "6380"}
    assert load(environ).endpoint == "10.0.0.6:6379/0"
    assert load({**environ, "SHOP_REDIS_MASTER_SERVICE_HOST": "10.0.0.7"}, "shop").host == "10.0.0.7"


def test_the_port_of_a_service_goes_with_its_host_only() -> None:
    environ = {"REDIS_SERVICE_HOST": "10.0.0.5", "REDIS_SERVICE_PORT": "6380", "REDIS_HOST": "cache"}
    assert load(environ).endpoint == "cache:6379/0"


# .env


def test_the_nearest_dotenv_gives_what_the_environment_leaves_open(tmp_path: Path) -> None:
    write(tmp_path / ".env", "REDIS_HOST=far\n")
    file = write(tmp_path / "service/.env", "REDIS_HOST=near\nexport REDIS_PASSWORD='p w'\nOTHER=1\nREDIS_DB=\n")
    (tmp_path / "service/package").mkdir()
    settings = load({"REDIS_PORT": "6380"}, directory=tmp_path / "service/package")
    assert (settings.endpoint, password_of(settings)) == ("near:6380/0", "p w")
    assert settings.origins["host"] == f"REDIS_HOST in {file}"
    assert file in settings.files
    assert load({"REDIS_HOST": "cache"}, directory=tmp_path / "service/package").host == "cache"


def test_a_dotenv_outside_the_checkout_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / ".env", "REDIS_HOST=far\n")
    (tmp_path / "checkout/.git").mkdir(parents=True)
    assert load({}, directory=tmp_path / "checkout").host == "localhost"


@pytest.mark.parametrize("kind", ["kubernetes", "compose", "ci"])
def test_a_dotenv_is_read_on_a_local_machine_only(tmp_path: Path, kind: str) -> None:
    write(tmp_path / ".env", "REDIS_HOST=near\n")
    assert load({"MOORING_ENVIRONMENT": kind}, directory=tmp_path).host != "near"
    assert load({"MOORING_ENVIRONMENT": "local"}, directory=tmp_path).host == "near"


def test_a_dotenv_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"REDIS_PASSWORD=\xffhunter2")
    with pytest.raises(ConfigError, match=rf"{tmp_path}/.env cannot be read: it is no text in UTF-8"):
        load({}, directory=tmp_path)


# The order of all


def test_sources_are_asked_in_their_order(tmp_path: Path) -> None:
    """Each source names its own host; the best is taken away, one after the other."""
    environ = {
        "REDIS_HOST": "variable",
        "REDIS_HOST_FILE": str(write(tmp_path / "host", "file")),
        "REDIS_SECRETS_DIR": str(write(tmp_path / "own/host", "own").parent),
        "CREDENTIALS_DIRECTORY": str(write(tmp_path / "systemd/redis-host", "systemd").parent),
        "REDIS_SERVICE_HOST": "service",
        **binding(tmp_path / "bindings", "shop", type="redis", host="binding"),
    }
    secret = write(tmp_path / "run/secrets/redis_host", "secret")
    write(tmp_path / ".env", "REDIS_HOST=dotenv")

    def host(**overrides: str) -> str:
        return load(environ, root=tmp_path, directory=tmp_path, default_url="redis://fallback", **overrides).host

    order = [host(host="argument"), host(url="redis://url"), host()]
    for variable in ("REDIS_HOST", "REDIS_HOST_FILE", "REDIS_SECRETS_DIR"):
        del environ[variable]
        order.append(host())
    secret.unlink()
    order.append(host())
    for variable in ("CREDENTIALS_DIRECTORY", "SERVICE_BINDING_ROOT", "REDIS_SERVICE_HOST"):
        del environ[variable]
        order.append(host())
    (tmp_path / ".env").unlink()
    order.append(host())
    assert order == [
        "argument",
        "url",
        "variable",
        "file",
        "own",
        "secret",
        "systemd",
        "binding",
        "service",
        "dotenv",
        "fallback",
    ]


def test_every_variable_is_in_the_table() -> None:
    import mooring.config.variables

    table = mooring.config.variables.__doc__ or ""
    assert [suffix for suffix in SUFFIXES if f"`REDIS_{suffix}`" not in table] == []


# What tells that settings are out of date


def test_surroundings_differ_once_a_variable_or_file_does(tmp_path: Path) -> None:
    environ = {"REDIS_PASSWORD_FILE": str(write(tmp_path / "pw", "one")), "HOME": "/root"}
    binding(tmp_path / "bindings", "shop", type="redis", host="one")
    steps: list[Callable[[], object]] = [
        lambda: environ.update(REDIS_DB="1"),
        lambda: write(tmp_path / "pw", "another"),
        lambda: write(tmp_path / "run/secrets/redis_username", "me"),
        lambda: write(tmp_path / "run/secrets/redis_username", "you too"),
        lambda: environ.update(SERVICE_BINDING_ROOT=str(tmp_path / "bindings")),
        lambda: write(tmp_path / "bindings/shop/host", "another"),
        lambda: write(tmp_path / ".env", "REDIS_PORT=1"),
        lambda: os.utime(tmp_path / ".env", (1, 1)),
    ]

    def fingerprint() -> object:
        return Surroundings(environ, tmp_path, tmp_path).fingerprint("default")

    known = [fingerprint()]
    for step in steps:
        step()
        known.append(fingerprint())
    assert len(set(known)) == len(known)
    environ["HOME"] = "/home"
    assert fingerprint() == known[-1]
