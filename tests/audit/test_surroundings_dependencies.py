"""Around changed code the nearest dependency files ask for what it imports now, and no longer for what nothing does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from mooring.audit.files import SourceFile
from mooring.audit.fixer import Change
from mooring.audit.surroundings.dependencies import dependencies
from mooring.audit.surroundings.disk import Disk
from mooring.audit.surroundings.notice import Notice

BEFORE = "import redis\nclient = redis.Redis()\n"
AFTER = "from mooring import create_redis_from_config\nclient = create_redis_from_config()\n"
OLD = "import aioredis\nclient = aioredis.from_url('redis://cache')\n"
NEW = "from mooring import create_async_redis_from_config\nclient = create_async_redis_from_config()\n"
RENAMED = "from redis import asyncio as aioredis\nclient = aioredis.from_url('redis://cache')\n"


def disk_of(files: Mapping[str, str | bytes]) -> Disk:
    """A tree in memory."""
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    def names(folder: str) -> set[str]:
        prefix = f"{folder}/" if folder else ""
        return {path.removeprefix(prefix).split("/")[0] for path in data if path.startswith(prefix)}

    return Disk(Path("/tree"), data.get, names)


def change(path: str, before: str = BEFORE, after: str = AFTER) -> Change:
    return Change(SourceFile(path, Path("/tree") / path, before), after, ())


def settled(files: Mapping[str, str | bytes], *changes: Change) -> tuple[dict[str, str], list[Notice]]:
    """What becomes of the files that change, and what is told."""
    every = {**files, **{one.path: one.source.text for one in changes}}
    found, notices = dependencies(changes, disk_of(every), [path for path in every if path.endswith((".py", ".ipynb"))])
    again = {**every, **{one.path: one.after for one in found}}
    assert not dependencies(changes, disk_of(again), list(every))[0]
    for one in found:
        assert one.before == disk_of(every).read(one.path)
    return {one.path: one.text for one in found}, notices


def test_the_nearest_folder_that_says_what_a_project_needs_counts() -> None:
    files = {
        "requirements.txt": "redis\n",
        "a/requirements.txt": "redis\n",
        "a/requirements-dev.txt": "pytest\n",
        "a/b/pyproject.toml": "[tool.ruff]\n",
        "a/b/requirements-test.txt": "pytest\n",
        "c/pyproject.toml": "[project]\ndependencies = ['flask']\n",
    }
    assert settled(files, change("a/b/x.py"), change("c/d/y.py")) == (
        {
            "a/requirements.txt": "mooring\nredis\n",
            "c/pyproject.toml": "[project]\ndependencies = ['flask', 'mooring']\n",
        },
        [],
    )


def test_all_files_that_name_a_client_ask_for_mooring() -> None:
    files = {
        "pyproject.toml": '[project]\ndependencies = ["redis"]\n',
        "requirements.txt": "redis\n",
        "requirements-dev.txt": "pytest\n",
        "setup.py": "from setuptools import setup\nsetup()\n",
    }
    assert settled(files, change("x.py"))[0] == {
        "pyproject.toml": '[project]\ndependencies = ["mooring", "redis"]\n',
        "requirements.txt": "mooring\nredis\n",
    }


def test_where_none_names_a_client_the_one_that_speaks_for_the_program_does() -> None:
    files = {
        "setup.cfg": "[options]\ninstall_requires =\n    flask\n",
        "requirements.txt": "flask\n",
        "requirements-dev.txt": "pytest\n",
    }
    assert list(settled(files, change("x.py"))[0]) == ["setup.cfg"]
    del files["setup.cfg"]
    assert settled(files, change("x.py")) == ({"requirements.txt": "flask\nmooring\n"}, [])


def test_a_requirements_folder_belongs_to_the_one_that_it_stands_in() -> None:
    files = {
        "app/requirements/base.txt": "flask\nredis\n",
        "app/requirements/dev.txt": "-r base.txt\npytest\nredis\n",
        "app/requirements/constraints.txt": "redis==5.0.4\n",
    }
    assert settled(files, change("app/x.py")) == ({"app/requirements/base.txt": "flask\nmooring\nredis\n"}, [])


def test_an_included_file_is_edited_and_never_one_outside() -> None:
    files = {"app/requirements.txt": "-r ../shared.txt\n-r ../../out.txt\nflask\n", "shared.txt": "redis\n"}
    assert settled(files, change("app/x.py")) == ({"shared.txt": "mooring\nredis\n"}, [])


def test_two_projects_share_an_included_file() -> None:
    files = {
        "a/requirements.txt": "-r ../shared.txt\n",
        "b/requirements.txt": "-r ../shared.txt\n",
        "shared.txt": "redis\n",
    }
    assert settled(files, change("a/x.py"), change("b/x.py")) == ({"shared.txt": "mooring\nredis\n"}, [])


def test_a_house_module_needs_no_mooring() -> None:
    after = "from acme.redis import create_redis_from_config\nclient = create_redis_from_config()\n"
    assert settled({"requirements.txt": "redis\n"}, change("x.py", after=after)) == ({}, [])


def test_without_any_dependency_file_it_is_told() -> None:
    (notice,) = settled({}, change("a/x.py"))[1]
    assert notice.path == "a/x.py"
    assert "mooring" in notice.reason


@pytest.mark.parametrize(
    "other",
    [
        "from .x import client\n",
        '"""Once this said import aioredis."""\n',
        "from redis import asyncio as aioredis\n",
        "# import aioredis\n",
        "from .aioredis import client\n",
    ],
)
def test_aioredis_goes_where_nothing_imports_it_any_more(other: str) -> None:
    files = {"requirements.txt": "aioredis\nredis\n", "other.py": other}
    assert settled(files, change("x.py", OLD, NEW)) == ({"requirements.txt": "mooring\nredis\n"}, [])


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("other.py", "import aioredis\n"),
        ("other.py", "import os, aioredis.client as c\n"),
        ("other.py", "def f():\n    from aioredis.exceptions import ConnectionError\n"),
        ("tests/test_x.py", "import pytest\naioredis = pytest.importorskip('aioredis')\n"),
        ("broken.py", "import aioredis\ndef f(:\n"),
        ("odd.py", "# coding: klingon\nimport aioredis\n"),
        ("notes.ipynb", '{"cells": [{"source": ["import aioredis\\n"]}]}'),
        ("deep/in/other.py", "import aioredis\n"),
    ],
)
def test_aioredis_stays_where_something_imports_it(path: str, other: str) -> None:
    files = {"requirements.txt": "aioredis\nredis\n", path: other}
    changed, (notice,) = settled(files, change("x.py", OLD, NEW))
    assert changed == {"requirements.txt": "aioredis\nmooring\nredis\n"}
    assert notice == Notice("requirements.txt", f"goes on asking for aioredis, which {path} names")


def test_an_importer_outside_the_project_does_not_matter() -> None:
    files = {"a/requirements.txt": "aioredis\n", "b/other.py": "import aioredis\n"}
    assert settled(files, change("a/x.py", OLD, NEW)) == ({"a/requirements.txt": "mooring\n"}, [])


def test_aioredis_that_nobody_stopped_using_is_not_touched() -> None:
    assert settled({"requirements.txt": "aioredis\nredis\n"}, change("x.py"))[0] == {
        "requirements.txt": "aioredis\nmooring\nredis\n"
    }


def test_what_took_the_place_of_aioredis_is_asked_for() -> None:
    moved = change("x.py", OLD, RENAMED)
    assert settled({"requirements.txt": "aioredis==2.0\n"}, moved)[0] == {"requirements.txt": "redis>=4.2\n"}
    assert settled({"requirements.txt": "aioredis\nmooring\n"}, moved)[0] == {"requirements.txt": "mooring\n"}
    assert settled({"requirements.txt": "aioredis\nredis\n"}, moved)[0] == {"requirements.txt": "redis\n"}
    assert settled({"requirements.txt": "aioredis\n"}, moved, change("y.py"))[0] == {"requirements.txt": "mooring\n"}
    poetry = '[tool.poetry.dependencies]\npython = "^3.11"\naioredis = "^2"\n'
    assert settled({"pyproject.toml": poetry}, moved)[0] == {
        "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\nredis = ">=4.2"\n'
    }


COMPILED = (
    "#\n# This file is autogenerated by pip-compile with Python 3.11\n#\nredis==5.0.4\n    # via -r requirements.in\n"
)
BY_UV = "# This file was autogenerated by uv via the following command:\n#    uv pip compile x\nredis==5.0.4\n"
HASHED = "redis==5.0.4 \\\n    --hash=sha256:00\n"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (COMPILED, "pip-compile -o requirements.txt requirements.in"),
        (BY_UV, "uv pip compile -o requirements.txt requirements.in"),
        (HASHED, "pip-compile --generate-hashes -o requirements.txt requirements.in"),
    ],
)
def test_pinned_requirements_are_made_anew_from_their_source(text: str, command: str) -> None:
    changed, notices = settled({"requirements.txt": text, "requirements.in": "redis\n"}, change("x.py"))
    assert changed == {"requirements.in": "mooring\nredis\n"}
    assert [(one.path, one.command) for one in notices] == [("requirements.txt", command)]


def test_pinned_requirements_made_from_a_pyproject_are_made_anew_from_it() -> None:
    files = {"a/pyproject.toml": "[project]\ndependencies = ['redis']\n", "a/requirements/base.txt": COMPILED}
    changed, (notice,) = settled(files, change("a/x.py"))
    assert list(changed) == ["a/pyproject.toml"]
    assert notice.command == "pip-compile -o base.txt ../pyproject.toml"


def test_pinned_requirements_without_a_source_are_left_to_a_person() -> None:
    changed, (notice,) = settled({"requirements.txt": HASHED}, change("x.py"))
    assert not changed
    assert (notice.path, notice.command) == ("requirements.txt", "")
    assert "add mooring" in notice.reason


LOCKS = {
    "uv.lock": ("pyproject.toml", "uv lock"),
    "poetry.lock": ("pyproject.toml", "poetry lock"),
    "pdm.lock": ("pyproject.toml", "pdm lock"),
    "Pipfile.lock": ("Pipfile", "pipenv lock"),
}


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_are_never_edited_but_made_anew(lock: str) -> None:
    source, command = LOCKS[lock]
    text = "[packages]\nredis = '*'\n[project]\ndependencies = ['redis']\n"
    changed, notices = settled({f"a/{source}": text, f"a/{lock}": "redis 5\n", "poetry.lock": ""}, change("a/x.py"))
    assert list(changed) == [f"a/{source}"]
    assert notices == [Notice(f"a/{lock}", f"no longer fits the edited {source}: make it anew", command)]


def test_the_lock_of_a_workspace_may_stand_further_up() -> None:
    files = {"a/pyproject.toml": "[project]\ndependencies = ['redis']\n", "uv.lock": "", "pyproject.toml": ""}
    assert [one.path for one in settled(files, change("a/x.py"))[1]] == ["uv.lock"]


def test_a_lock_whose_source_stays_is_not_mentioned() -> None:
    files = {"pyproject.toml": "[project]\ndependencies = ['redis', 'mooring']\n", "uv.lock": ""}
    assert settled(files, change("x.py")) == ({}, [])


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("pyproject.toml", b"[project\n", "is no TOML"),
        ("pyproject.toml", b"\xff\xfe", "is no text"),
        ("pyproject.toml", b'[tool.poetry]\ndependencies = {redis = "*"}\n', "in braces"),
        ("setup.py", b"setup(install_requires=needs())\n", "computes install_requires"),
        ("setup.cfg", b"[options]\ninstall_requires = redis; flask\n", "on one line"),
    ],
)
def test_a_file_that_cannot_be_edited_is_left_and_told(path: str, data: bytes, reason: str) -> None:
    changed, (notice,) = settled({path: data, "../requirements.txt": "redis\n"}, change("x.py", OLD, NEW))
    assert not changed
    assert notice.path == path
    assert reason in notice.reason
    assert notice.reason.endswith(": add mooring and drop aioredis if nothing needs it")


def test_a_script_that_may_read_the_edited_file_is_told_so() -> None:
    files = {"setup.py": "setup(install_requires=read('requirements.txt'))\n", "requirements.txt": "redis\n"}
    changed, (notice,) = settled(files, change("x.py"))
    assert list(changed) == ["requirements.txt"]
    assert notice.reason == "computes install_requires: add mooring, unless it reads what was edited"


def test_a_fixed_script_is_not_changed_twice() -> None:
    script = "import redis\nfrom setuptools import setup\nsetup(install_requires=['redis'])\nredis.Redis()\n"
    changed, (notice,) = settled({}, change("setup.py", script, script.replace("import redis", "import mooring")))
    assert not changed
    assert "itself" in notice.reason


def test_files_are_found_on_disk(tmp_path: Path) -> None:
    (tmp_path / "a" / "requirements").mkdir(parents=True)
    (tmp_path / "a" / "requirements" / "base.txt").write_text("redis\n")
    (tmp_path / "a" / "pyproject.toml").mkdir()
    (found,), notices = dependencies([change("a/x.py")], Disk.at(tmp_path), [])
    assert (found.source.location, found.text, notices) == (
        tmp_path / "a/requirements/base.txt",
        "mooring\nredis\n",
        [],
    )
    assert Disk.at(tmp_path / "missing").names("") == []
    assert Disk.at(tmp_path).read("nothing\0") is None
