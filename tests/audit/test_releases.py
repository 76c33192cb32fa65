"""The release of a client library that counts for a site is the one that its project's dependency files allow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from mooring.audit.project.releases import Release, Releases, on_disk

from .tree import Tree


def release_of(tree: Tree, files: Mapping[str, str | bytes], path: str = "app/server.py") -> Release | None:
    tree.write(files)
    return on_disk(tree.folder).of(path, "redis")


def told(tree: Tree, files: Mapping[str, str | bytes], path: str = "app/server.py") -> str | None:
    found = release_of(tree, files, path)
    return None if found is None else str(found)


SITE = "import redis\nclient = redis.Redis()\n"
UV = 'version = 1\n\n[[package]]\nname = "redis"\nversion = "5.0.4"\nsource = { registry = "x" }\n'
FILES = {
    "requirements.txt": "# redis==1.0\nflask\nredis[hiredis] == 5.0.4 ; python_version > '3'  # redis==2\n",
    "requirements-prod.txt": "redis==5.0.4 \\\n    --hash=sha256:00\n",
    "requirements/base.txt": "redis==5.0.4\n",
    "pyproject.toml": '[project]\nname = "redis"\ndependencies = ["redis-om>=1", "redis[hiredis]==5.0.4"]\n',
    "setup.cfg": "[options]\ninstall_requires =\n    flask\n    redis==5.0.4\n",
    "setup.py": "from setuptools import setup\nsetup(keywords=['redis'], install_requires=['redis==5.0.4'])\n",
    "Pipfile": '[packages]\nredis = {version = "==5.0.4", extras = ["hiredis"]}\n',
    "uv.lock": UV,
    "poetry.lock": '[[package]]\nname = "redis"\nversion = "5.0.4"\ndescription = ""\n',
    "pdm.lock": '[[package]]\r\nname = "redis"\r\nversion = "5.0.4"\r\n',
    "Pipfile.lock": '{"default": {"redis": {"version": "==5.0.4"}, "x": {}}, "develop": {}}',
}


@pytest.mark.parametrize("file", FILES)
def test_every_kind_of_dependency_file_tells_the_release(file: str, tree: Tree) -> None:
    found = release_of(tree, {file: FILES[file]})
    assert found is not None
    assert (found.version, found.path, found.requirement.exact) == ((5, 0, 4), file, True)


TABLES = {
    "extra": '[project.optional-dependencies]\ncache = ["redis>=5.2"]\n',
    "group": '[dependency-groups]\ndev = [{include-group = "x"}, "redis>=5.2"]\n',
    "Poetry": '[tool.poetry.dependencies]\npython = "^3.11"\nRedis = "^5.2"\n',
    "Poetry's group": '[tool.poetry.group.cache.dependencies]\nredis = {version = "~5.2", extras = ["hiredis"]}\n',
    "Poetry's alternatives": '[tool.poetry.dependencies]\nredis = [{version = "5.2.*", python = "<3.12"}, "^6"]\n',
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES.keys())
def test_every_table_of_a_pyproject_tells_the_release(text: str, tree: Tree) -> None:
    found = release_of(tree, {"pyproject.toml": text})
    assert found is not None
    assert (found.version, found.requirement.exact) == ((5, 2), False)


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("redis>=5", (5,)),
        ("redis>=5.0", (5,)),
        ("redis >5.0.3, !=5.1, <9", (5, 0, 3)),
        ("redis (~=6.4.0)", (6, 4)),
        ("redis==7.*", (7,)),
        ("redis===8.0.0b1", (8,)),
        ("redis>=4,>=5.1", (5, 1)),
        ("redis<6", (5, float("inf"))),
        ("redis<6.2,!=6.1", (6, 1, float("inf"))),
        ("redis<=7.4", (7, 4)),
    ],
)
def test_the_lowest_release_counts_or_the_newest_below_a_mere_bound(
    line: str, version: tuple[float, ...], tree: Tree
) -> None:
    found = release_of(tree, {"requirements.txt": f"{line}\n"})
    assert found is not None
    assert found.version == version


@pytest.mark.parametrize(
    "text",
    [
        "redis",
        "redis[hiredis] ; python_version > '3.8'",
        "redis!=5.0.2",
        "redis @ https://user:secret@example.com/redis-5.0.4.whl",
        "-e git+https://example.com/redis@5.0.4#egg=redis",
        "redis-om==5.0.4",
        "my_redis==5.0.4",
        "--index-url https://example.com/redis==5.0.4",
        "redis 5.0.4 is what we had",
    ],
)
def test_a_line_that_says_nothing_about_the_release_tells_none(text: str, tree: Tree) -> None:
    assert release_of(tree, {"requirements.txt": text, "notes.txt": "redis==5.0.4\n"}) is None


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"\xff\xfe redis==5", b"[[[", b"", b"\x00", b"{" * 5000])
def test_a_file_that_is_not_what_it_should_be_tells_none(file: str, content: bytes, tree: Tree) -> None:
    assert release_of(tree, {file: content}) is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "project = 1\ntool = 2\ndependency-groups = {a = 1}\n"),
        ("pyproject.toml", "[project]\ndependencies = 'redis==5'\n[tool.poetry]\ngroup = {a = 1}\ndependencies = 2\n"),
        ("Pipfile", "packages = 1\n[dev-packages]\nredis = {git = 'x'}\n"),
        ("Pipfile.lock", '{"default": {"redis": "5"}, "develop": {"redis": {"version": 5}}}'),
        ("Pipfile.lock", "[1]"),
        ("setup.cfg", "[metadata]\nname = x\n"),
    ],
)
def test_tables_of_another_shape_tell_none(file: str, text: str, tree: Tree) -> None:
    assert release_of(tree, {file: text}) is None


def test_an_odd_escape_in_a_setup_script_is_no_concern(tree: Tree) -> None:
    found = tree.audit({"setup.py": "X = '\\d'\nsetup(install_requires=['redis==5.0.4'])\n", "a.py": SITE})
    assert "MR501" in {finding.rule for finding in found.findings}


def test_a_pipe_is_not_read(tree: Tree) -> None:
    os.mkfifo(tree.folder / "requirements.txt")
    assert release_of(tree, {}) is None


def test_the_nearest_file_that_tells_counts(tree: Tree) -> None:
    files = {
        "requirements.txt": "redis>=4\n",
        "a/requirements.txt": "redis>=5\n",
        "a/b/requirements.txt": "flask\n",
        "c/requirements.txt": "redis>=6\n",
    }
    assert told(tree, files, "a/b/server.py") == "redis>=5 (a/requirements.txt)"
    assert told(tree, files, "c/server.py") == "redis>=6 (c/requirements.txt)"
    assert told(tree, files, "d/server.py") == "redis>=4 (requirements.txt)"
    assert told(tree, files, "server.py") == "redis>=4 (requirements.txt)"


def test_of_several_files_in_a_folder_the_lowest_release_counts(tree: Tree) -> None:
    files = {"requirements.txt": "redis>=6\n", "requirements-dev.txt": "redis>=5\n", "setup.cfg": ""}
    assert told(tree, files) == "redis>=5 (requirements-dev.txt)"


def test_a_lock_beats_a_range_beside_it_and_further_down(tree: Tree) -> None:
    lock = UV.replace("5.0.4", "7.4.0")
    assert told(tree, {"uv.lock": lock, "pyproject.toml": '[project]\ndependencies = ["redis>=5"]\n'}) == (
        "redis 7.4.0 (uv.lock)"
    )
    assert told(tree, {"uv.lock": lock, "app/requirements.txt": "redis>=5,<8\n"}) == "redis 7.4.0 (uv.lock)"


@pytest.mark.parametrize("near", ["redis>=8\n", "redis<6\n", "redis>=5,<6\n", "redis==6.4.0\n"])
def test_a_lock_further_up_that_does_not_fit_is_about_another_project(near: str, tree: Tree) -> None:
    files = {"uv.lock": UV.replace("5.0.4", "7.4.0"), "app/requirements.txt": near}
    found = release_of(tree, files)
    assert found is not None
    assert found.path == "app/requirements.txt"


def test_of_several_locked_releases_the_lowest_counts(tree: Tree) -> None:
    assert told(tree, {"uv.lock": UV + UV.replace("5.0.4", "4.6.0")}) == "redis 4.6.0 (uv.lock)"


def test_requirements_include_others_once_and_never_from_outside(tree: Tree) -> None:
    files = {
        "app/requirements.txt": "-r ../shared.in\n-r requirements.txt\n-r ../../out.txt\n--requirement=/out.txt\n",
        "shared.in": "redis>=5.1\n",
    }
    asked: list[str] = []

    def text(path: str) -> str | None:
        asked.append(path)
        return files.get(path)

    releases = Releases(lambda folder: ["requirements.txt"] if folder == "app" else [], text)
    assert str(releases.of("app/server.py", "redis")) == "redis>=5.1 (shared.in)"
    assert asked == ["app/requirements.txt", "shared.in"]


def test_a_file_is_read_once_and_only_when_a_site_asks(tree: Tree) -> None:
    asked: list[str] = []

    def names(folder: str) -> list[str]:
        asked.append(f"{folder}/")
        return ["uv.lock", "README.md"]

    def text(path: str) -> str:
        asked.append(path)
        return UV.replace('"redis"', '"flask"')

    releases = Releases(names, text)
    assert asked == []
    for path in ("a/x.py", "a/y.py", "a/x.py"):
        for package in ("redis", "valkey"):
            assert releases.of(path, package) is None
    assert asked == ["a/", "a/uv.lock", "/", "uv.lock"]
    assert releases.consulted == [".", "a", "a/uv.lock", "uv.lock"]


def test_nothing_is_read_for_a_tree_whose_sites_nobody_judges(tree: Tree) -> None:
    audited = tree.audit({"requirements.txt": "redis==5.0.4\n", "a.py": "x = 1\n"})
    assert audited.project.releases.consulted == []


def test_a_release_is_told_without_what_stands_around_it() -> None:
    line = "redis[hiredis]>=5.0.4,<6 --index-url https://user:secret@example.com ; python_version > '3'\n"
    releases = Releases(lambda _: ["requirements.txt"], lambda _: line)
    assert str(releases.of("a.py", "redis")) == "redis>=5.0.4,<6 (requirements.txt)"


def test_an_unreadable_folder_tells_none(tmp_path: Path) -> None:
    assert on_disk(tmp_path / "missing").of("a/b.py", "redis") is None
