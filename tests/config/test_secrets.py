"""Secrets in files and directories are found, read as they are meant, and refused where they cannot be."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from mooring.errors import ConfigError

from .loading import load, password_of, write

# Files


def test_a_file_gives_its_value_without_the_newline_at_its_end(tmp_path: Path) -> None:
    file = write(tmp_path / "pw", " hunter2 \n")
    settings = load({"REDIS_PASSWORD_FILE": str(file), "REDIS_PORT_FILE": str(write(tmp_path / "port", "6380\r\n"))})
    assert (password_of(settings), settings.port) == (" hunter2 ", 6380)
    assert settings.origins["password"] == f"REDIS_PASSWORD_FILE ({file})"
    assert settings.files == (tmp_path / "port", file)


def test_a_url_may_be_in_a_file(tmp_path: Path) -> None:
    file = write(tmp_path / "url", "redis://:hunter2@cache/3\n")
    settings = load({"REDIS_URL_FILE": str(file)})
    assert (settings.host, settings.db, password_of(settings)) == ("cache", 3, "hunter2")
    assert password_of(load({"REDIS_HOST": "other", "REDIS_URL_FILE": str(file)})) is None


def test_a_variable_beats_a_file(tmp_path: Path) -> None:
    file = write(tmp_path / "pw", "in the file")
    assert password_of(load({"REDIS_PASSWORD": "pw", "REDIS_PASSWORD_FILE": str(file)})) == "pw"


def test_a_file_for_one_connection_beats_a_variable_for_all(tmp_path: Path) -> None:
    file = write(tmp_path / "url", "redis://own")
    assert load({"REDIS_URL": "redis://common", "CACHE_REDIS_URL_FILE": str(file)}, "cache").host == "own"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; write the value into it"),
        (b"\n", "is empty"),
        (b"\xff\xfehunter2", "cannot be read: it is no text in UTF-8"),
        (b"hunter2" * 100_000, "holds more than 256 KiB"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_an_unfit_file_is_named_with_its_variable(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "pw"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"REDIS_PASSWORD_FILE \({file}\) {words}") as caught:
        load({"REDIS_PASSWORD_FILE": str(file)})
    assert "hunter2" not in repr(pickle.loads(pickle.dumps(caught.value)))


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"REDIS_PASSWORD_FILE .* cannot be read: Is a directory"):
        load({"REDIS_PASSWORD_FILE": str(tmp_path)})


def test_what_a_file_holds_by_mistake_is_not_repeated(tmp_path: Path) -> None:
    file = write(tmp_path / "pw", "hunter2")
    with pytest.raises(ConfigError, match=r"REDIS_PORT_FILE \(.*\) is malformed: port must be") as caught:
        load({"REDIS_PORT_FILE": str(file)})
    assert "hunter2" not in str(caught.value)


# Directories


@pytest.mark.parametrize("name", ["REDIS_PASSWORD", "redis_password", "redis-password", "redis.password"])
def test_docker_secrets_are_found_however_they_are_spelt(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "run/secrets" / name, "hunter2\n")
    settings = load({}, root=tmp_path)
    assert password_of(settings) == "hunter2"
    assert settings.origins["password"] == str(file)


def test_systemd_credentials_are_found(tmp_path: Path) -> None:
    file = write(tmp_path / "redis.password", "hunter2")
    settings = load({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert password_of(settings) == "hunter2"
    assert settings.origins["password"] == f"CREDENTIALS_DIRECTORY ({file})"


@pytest.mark.parametrize("name", ["password", "redis-password"])
def test_a_directory_of_its_own_may_use_short_names(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "hunter2")
    write(tmp_path / "host", "cache\n")
    settings = load({"REDIS_SECRETS_DIR": str(tmp_path)})
    assert (settings.host, password_of(settings)) == ("cache", "hunter2")


def test_short_names_mean_nothing_where_others_keep_theirs(tmp_path: Path) -> None:
    write(tmp_path / "run/secrets/password", "hunter2")
    assert password_of(load({"CREDENTIALS_DIRECTORY": str(tmp_path / "run/secrets")}, root=tmp_path)) is None


def test_the_directory_for_all_holds_what_is_named_for_one(tmp_path: Path) -> None:
    write(tmp_path / "password", "for all")
    write(tmp_path / "cache-redis-password", "for the cache")
    environ = {"REDIS_SECRETS_DIR": str(tmp_path)}
    assert password_of(load(environ, "cache")) == "for the cache"
    assert password_of(load(environ)) == "for all"


def test_a_directory_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"REDIS_SECRETS_DIR \(.*/none\) cannot be read: No such file or directory"):
        load({"REDIS_SECRETS_DIR": str(tmp_path / "none")})
    load({"CREDENTIALS_DIRECTORY": str(tmp_path / "none")})


def test_an_empty_secret_is_an_error_wherever_it_is(tmp_path: Path) -> None:
    file = write(tmp_path / "run/secrets/redis_password", "\n")
    with pytest.raises(ConfigError, match=f"{file} is empty"):
        load({}, root=tmp_path)
