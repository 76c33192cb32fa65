"""Which login is shown while a password changes, whoever learns of it first; and what it comes from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from redis.credentials import UsernamePasswordCredentialProvider

from mooring.config.settings import RedisSettings
from mooring.runtime.credentials.login import Login, Succession
from mooring.runtime.credentials.login_source import LoginSource
from mooring.runtime.credentials.rotation import Credentials

OLD, NEW, NEWEST = Login("app", "old"), Login("app", "new"), Login("app", "newest")


def test_a_login_is_shown_as_auth_takes_it() -> None:
    assert Login().arguments() == ()
    assert Login(None, "secret").arguments() == ("secret",)
    assert Login("app", "secret").arguments() == ("app", "secret")
    assert Login("app").arguments() == ("app", "")
    assert "secret" not in repr(Login("app", "secret"))


def test_a_new_login_is_a_new_generation_and_the_same_one_is_not() -> None:
    succession = Succession(OLD)
    assert not succession.offer(OLD)
    assert succession.offer(NEW)
    assert (succession.current, succession.generation) == (NEW, 1)
    assert not succession.offer(NEW)


def test_a_server_that_has_not_heard_yet_is_shown_the_old_login_again() -> None:
    succession = Succession(OLD, patience=5.0)
    succession.offer(NEW)
    assert succession.refused(now=0.0)
    assert succession.current == OLD
    # What the settings say is known, and not a change.
    assert not succession.offer(NEW)
    assert not succession.due(now=4.9)
    assert succession.due(now=5.0)
    assert succession.current == NEW
    succession.accepted(succession.generation)
    assert not succession.refused(now=6.0)


def test_of_two_changes_in_a_row_the_login_that_got_in_is_kept() -> None:
    succession = Succession(OLD)
    succession.offer(NEW)
    succession.offer(NEWEST)
    assert succession.refused(now=0.0)
    assert succession.current == OLD


def test_an_acceptance_of_an_older_login_proves_nothing() -> None:
    succession = Succession(OLD)
    succession.offer(NEW)
    succession.accepted(0)
    assert succession.unproven
    succession.accepted(1)
    assert not succession.unproven


def test_a_login_that_was_never_accepted_is_refused_for_good() -> None:
    assert not Succession(OLD).refused(now=0.0)


def from_file(path: Path, **overrides: Any) -> LoginSource:
    given = {"host": "cache", **overrides}
    os.environ["REDIS_PASSWORD_FILE"] = str(path)
    return LoginSource.of(RedisSettings.load(overrides=given), given)


@pytest.fixture
def password_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("REDIS_URL")
    path = tmp_path / "password"
    monkeypatch.setenv("REDIS_PASSWORD_FILE", str(path))
    path.write_text("old\n")
    return path


def test_a_login_from_a_file_is_the_same_after_the_file_changed(password_file: Path) -> None:
    before = from_file(password_file)
    password_file.write_text("new\n")
    after = from_file(password_file)
    assert before == after
    assert hash(before) == hash(after)
    assert (before.login.password, after.login.password) == ("old", "new")
    assert before.read is not None
    assert before.read() == Login(None, "new")
    assert "new" not in repr(after)


def test_a_login_from_an_argument_is_what_it_says(password_file: Path) -> None:
    assert from_file(password_file, password="a") == from_file(password_file, password="a")
    assert from_file(password_file, password="a") != from_file(password_file, password="b")
    assert from_file(password_file, password="a").read is None
    assert from_file(password_file, username="a") != from_file(password_file, username="b")


def test_a_provider_is_told_by_what_it_gives() -> None:
    one, same, other = (UsernamePasswordCredentialProvider("app", word) for word in ("a", "a", "b"))
    assert LoginSource.provided(one) == LoginSource.provided(same)
    assert LoginSource.provided(one) != LoginSource.provided(other)


def test_a_password_for_another_server_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "url"
    path.write_text("redis://:old@cache:6379/0")
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_URL_FILE", str(path))
    source = LoginSource.of(RedisSettings.load(), {})
    assert source.read is not None
    path.write_text("redis://:new@cache:6379/3")
    assert source.read() == Login(None, "new")
    path.write_text("redis://:new@elsewhere:6379/0")
    assert source.read() is None


def test_half_an_exchange_is_waited_for(password_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    credentials = Credentials(from_file(password_file), "cache:6379/0")
    password_file.write_text("")
    credentials.tend()
    assert credentials.generation == 0
    assert "cache:6379/0" in caplog.text
    password_file.write_text("new")
    credentials.tend()
    assert credentials.get_credentials() == ("new",)
    assert "old" not in caplog.text + repr(credentials)


def test_all_who_are_refused_together_share_one_reading(password_file: Path) -> None:
    credentials = Credentials(from_file(password_file), "cache:6379/0")
    password_file.write_text("new")
    assert credentials.refresh(0)
    # Another thread, that was refused with the same login, only later.
    assert credentials.refresh(0)
    assert credentials.generation == 1


def test_a_refusal_of_what_the_file_says_falls_back_once(password_file: Path) -> None:
    credentials = Credentials(from_file(password_file), "cache:6379/0")
    password_file.write_text("new")
    assert credentials.refresh(0)
    assert credentials.refresh(1)
    assert credentials.get_credentials() == ("old",)
    assert not credentials.refresh(2)


def test_a_link_that_is_turned_is_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes mounts a Secret as links through `..data`, and turns that one link to change all files at once."""
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "password").write_text(version)
    link = tmp_path / "..data"
    link.symlink_to("one")
    (tmp_path / "password").symlink_to("..data/password")
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_SECRETS_DIR", str(tmp_path))
    credentials = Credentials(LoginSource.of(RedisSettings.load(), {}), "cache:6379/0")
    fresh = tmp_path / "..data_tmp"
    fresh.symlink_to("two")
    fresh.rename(link)
    credentials.tend()
    assert credentials.get_credentials() == ("two",)
