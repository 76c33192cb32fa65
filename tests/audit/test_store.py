"""What is kept comes back, and a cache that fails is done without."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mooring.audit import store as store_module
from mooring.audit.store import cache_folder

from .opening import Opener


def keys(number: int) -> list[bytes]:
    return [f"key {index}".encode() for index in range(number)]


def test_what_is_kept_comes_back_after_closing(tmp_path: Path, open_store: Opener) -> None:
    first = open_store(tmp_path / "cache")
    first.put({b"a": b"1", b"b": b"2"})
    first.close()
    assert open_store(tmp_path / "cache").get([b"a", b"b", b"c"]) == {b"a": b"1", b"b": b"2"}


def test_more_keys_than_a_statement_takes_are_asked_for_in_parts(tmp_path: Path, open_store: Opener) -> None:
    store = open_store(tmp_path)
    store.put(dict.fromkeys(keys(1800), b"x"))
    assert len(store.get(keys(2000))) == 1800


def test_without_a_folder_nothing_is_kept(open_store: Opener) -> None:
    store = open_store(None)
    store.put({b"a": b"1"})
    assert not store
    assert store.get([b"a"]) == {}


def test_the_file_is_for_its_owner_only(tmp_path: Path, open_store: Opener) -> None:
    open_store(tmp_path / "cache").put({b"a": b"1"})
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "cache", *(tmp_path / "cache").iterdir()]}
    assert not any(mode & 0o077 for mode in modes.values()), modes


def test_a_damaged_file_is_done_without_and_made_anew(tmp_path: Path, open_store: Opener) -> None:
    open_store(tmp_path).put({b"a": b"1"})
    for file in tmp_path.iterdir():
        file.write_bytes(b"this is no database, however long it may be" * 500)
    damaged = open_store(tmp_path)
    damaged.put({b"a": b"1"})
    assert damaged.get([b"a"]) == {}
    anew = open_store(tmp_path)
    anew.put({b"a": b"2"})
    assert anew.get([b"a"]) == {b"a": b"2"}


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path, open_store: Opener) -> None:
    (tmp_path / "file").write_text("")
    assert not open_store(tmp_path / "file" / "cache")


def test_a_file_that_has_grown_too_large_forgets_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_store: Opener
) -> None:
    store = open_store(tmp_path)
    store.put(dict.fromkeys(keys(100), b"x" * 4000))
    monkeypatch.setattr(store_module, "LARGEST", 200_000)
    store.put({b"new": b"1"})
    assert 40 <= len(store.get(keys(100))) <= 60


def test_the_folder_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOORING_CACHE_DIR", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("MOORING_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "mooring"


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOORING_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "nowhere")
    assert cache_folder() is None
