"""Samples of environments show what fixed code reads, with the addresses used before and without secrets."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mooring.audit.engine import audit
from mooring.audit.fixer import Change
from mooring.audit.options import DEFAULT_TARGET, Target
from mooring.audit.surroundings.connections import Connection, connections
from mooring.config.variables import FILES, SUFFIXES

from .surroundings import around
from .tree import Tree

SERVER = "import redis\nclient = redis.Redis(host='cache', port=6380, db=2)\n"


def sample(tree: Tree, code: str, before: str = "", *, unsafe: bool = False, target: Target | None = None) -> str:
    """What a sample beside a fixed file becomes."""
    found = around(tree, {"app/server.py": code, "app/.env.example": before}, unsafe=unsafe, target=target)
    change = found.changes.get("app/.env.example")
    return before if change is None else change.text


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (SERVER, "# REDIS_URL=redis://cache:6380/2"),
        ("import redis\nclient = redis.Redis()\n", "# REDIS_URL=redis://localhost:6379/0"),
        ("import redis\nclient = redis.Redis('::1', ssl=True)\n", "# REDIS_URL=rediss://[::1]:6379/0"),
        (
            "import redis\nclient = redis.from_url('redis://cache/3?protocol=3')\n",
            "# REDIS_URL=redis://cache/3?protocol=3",
        ),
        ("import redis\nclient = redis.Redis(unix_socket_path='/run/r.sock')\n", "# REDIS_URL=unix:///run/r.sock"),
        (
            "import os\nimport redis\nclient = redis.from_url(os.getenv('REDIS_URL', 'redis://cache'))\n",
            "# REDIS_URL=redis://cache",
        ),
        (
            "import redis.asyncio as redis\n\n\ndef make(n):\n    return [redis.Redis() for _ in range(n)]\n",
            "# REDIS_URL=redis://localhost:6379/0",
        ),
    ],
)
def test_the_address_used_before_is_shown(code: str, line: str, tree: Tree) -> None:
    assert sample(tree, code) == f"{line}\n"


def test_two_connections_have_two_variables(tree: Tree) -> None:
    code = (
        "import redis\nmain = redis.Redis('cache')\nsessions = redis.Redis('sessions')\nmore = redis.Redis('cache')\n"
    )
    assert sample(tree, code) == "# REDIS_URL=redis://cache:6379/0\n# SESSIONS_REDIS_URL=redis://sessions:6379/0\n"


def test_of_several_addresses_each_is_shown_once(tree: Tree) -> None:
    code = "import redis\na = redis.Redis(db=1)\nb = redis.Redis()\nc = redis.Redis(db=1)\n"
    assert sample(tree, code) == "# REDIS_URL=redis://localhost:6379/0\n# REDIS_URL=redis://localhost:6379/1\n"


@pytest.mark.parametrize(
    "code",
    [
        "import redis\nclient = redis.Redis(host='cache', password='hunter2!')\n",
        "import redis\nclient = redis.from_url('redis://me:hunter2!@cache:6379/0')\n",
        "import redis\nclient = redis.from_url('redis://cache:6379/0?password=hunter2!')\n",
    ],
)
def test_a_password_is_never_shown_but_asked_for(code: str, tree: Tree) -> None:
    found = around(tree, {"server.py": code, ".env.example": "", "requirements.txt": "redis\n"}, unsafe=True)
    assert found.outcome.changes
    text = found.changes[".env.example"].text
    assert text.endswith("\n# REDIS_PASSWORD=\n")
    assert "cache:6379/0" in text
    assert all("hunter2" not in change.text for change in found.changes.values())


@pytest.mark.parametrize(
    "before",
    [
        "REDIS_URL=redis://other\n",
        "# REDIS_URL=\n",
        "export REDIS_URL=x\n",
        "#REDIS_HOST = cache\n",
        "A=1\nREDIS_PORT=1",
    ],
)
def test_what_is_there_already_is_not_added(before: str, tree: Tree) -> None:
    assert sample(tree, SERVER, before) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\n", "A=1\n# REDIS_URL=redis://cache:6380/2\n"),
        ("A=1", "A=1\n# REDIS_URL=redis://cache:6380/2"),
        ("A=1\r\n", "A=1\r\n# REDIS_URL=redis://cache:6380/2\r\n"),
        ("MY_REDIS_URL=1\n", "MY_REDIS_URL=1\n# REDIS_URL=redis://cache:6380/2\n"),
    ],
)
def test_a_sample_keeps_what_is_in_it(before: str, after: str, tree: Tree) -> None:
    assert sample(tree, SERVER, before) == after


def test_the_nearest_samples_count_and_none_is_made(tree: Tree) -> None:
    files: Mapping[str, str | bytes] = {
        "a/server.py": SERVER,
        "b/server.py": SERVER,
        "a/.env.sample": "",
        "a/env.template": "",
        ".env.example": "",
        "c/server.py": SERVER,
        "c/.env": "",
        "c/.env.example": b"\xff\xfe",
    }
    found = around(tree, files)
    assert set(found.changes) == {"a/.env.sample", "a/env.template", ".env.example", "MIGRATION.md"}
    assert [one.path for one in found.notices if "env" in one.path] == ["c/.env.example"]


def test_a_house_module_decides_what_is_read(tree: Tree) -> None:
    assert sample(tree, SERVER, target=Target("acme.redis")) == ""
    assert Connection("server.py", "").variables == ()


def test_plain_redis_py_reads_a_url_only(tree: Tree) -> None:
    target = Target(plain=True)
    assert sample(tree, SERVER, unsafe=True, target=target) == "# REDIS_URL=redis://cache:6380/2\n"
    assert sample(tree, SERVER, "REDIS_HOST=x\n", unsafe=True, target=target) == (
        "REDIS_HOST=x\n# REDIS_URL=redis://cache:6380/2\n"
    )


def test_calls_in_texts_and_comments_are_no_connections(tree: Tree) -> None:
    code = (
        '"""redis.Redis(host="doc") and create_redis_from_config(name="doc")."""\n'
        "import redis\n# redis.Redis('comment')\nclient = wrap(redis.Redis(\n    'cache',  # (\n    6380, db=2))\n"
    )
    assert sample(tree, code) == "# REDIS_URL=redis://cache:6380/2\n"


def test_without_any_change_of_code_nothing_changes(tree: Tree) -> None:
    files: Mapping[str, str] = {"x.py": "import mooring\n", ".env.example": "", "requirements.txt": "aioredis\nredis\n"}
    found = around(tree, files)
    assert (found.changes, found.notices) == ({}, ())


def test_mooring_reads_all_these_and_no_others() -> None:
    direct = [name for name in Connection("server.py", "A_REDIS_URL").variables if not name.endswith("_FILE")]
    files = [f"A_REDIS_{suffix}" for suffix in FILES]
    assert sorted([*direct, *files]) == sorted(f"A_REDIS_{suffix}" for suffix in SUFFIXES)
    assert {f"{name}_FILE" for name in direct} | set(files) == (
        {name for name in Connection("server.py", "A_REDIS_URL").variables if name.endswith("_FILE")}
    )


def told(tree: Tree, before: str, after: str) -> list[Connection]:
    """The connections of a file that a fix turned from one text into another."""
    tree.write({"x.py": before})
    found = audit([tree.folder], root=tree.folder)
    return connections(Change(found.source("x.py"), after, ()), found.sites, DEFAULT_TARGET)


MADE = "create_redis_from_config"


@pytest.mark.parametrize("argument", ["host=h", "url=u", "unix_socket_path=p"])
def test_a_call_whose_arguments_decide_reads_nothing(argument: str, tree: Tree) -> None:
    assert told(tree, "import redis\nc = redis.Redis(host=h)\n", f"c = {MADE}({argument})\n") == []


def test_a_call_that_did_not_change_is_not_told(tree: Tree) -> None:
    before = "import redis\na = redis.Redis('a')\nb = redis.Redis('b')\n"
    (one,) = told(tree, before, before.replace("redis.Redis('b')", f"{MADE}(default_url='redis://b')"))
    assert (one.variable, one.before) == ("REDIS_URL", "redis://b:6379/0")


def test_calls_that_an_earlier_fix_made_are_not_told_again(tree: Tree) -> None:
    before = f"import redis\na = {MADE}(name='sessions')\nb = redis.Redis('b')\nc = {MADE}()\n"
    (one,) = told(tree, before, before.replace("redis.Redis('b')", f"{MADE}()"))
    assert (one.variable, one.before) == ("REDIS_URL", "redis://b:6379/0")


def test_where_calls_came_or_went_nothing_is_guessed(tree: Tree) -> None:
    before = "import redis\na = redis.Redis('a')\nb = redis.Redis('b')\n"
    both = told(tree, before, f"a = b = {MADE}()\n")
    assert [(one.variable, one.before) for one in both] == [
        ("REDIS_URL", "redis://a:6379/0"),
        ("REDIS_URL", "redis://b:6379/0"),
    ]
    three = told(tree, before, f"a, b, c = {MADE}(), {MADE}('big-cache'), {MADE}(name='x')\n")
    assert [(one.variable, one.before) for one in three] == [
        ("BIG_CACHE_REDIS_URL", ""),
        ("REDIS_URL", ""),
        ("X_REDIS_URL", ""),
    ]


def test_what_only_looks_like_a_call_reads_nothing(tree: Tree) -> None:
    before = "import redis\na = redis.Redis('a')\n"
    assert told(tree, before, f"def {MADE}(a, *, b): ...\n") == []
    assert told(tree, before, f"def {MADE}(a: int = 1): ...\n") == []
    assert told(tree, before, f"a = {MADE}(\n") == []


@pytest.mark.parametrize("code", ["environ['A']", "os.environ['A']", "os.environ.get('A', 'x')", "getenv('A')"])
def test_a_plain_constructor_reads_the_variable_that_it_is_given(code: str, tree: Tree) -> None:
    before = "import redis\na = redis.Redis('a')\n"
    (one,) = told(tree, before, f"a = redis.Redis.from_url({code}, db=names['B'])\n")
    assert one.variables == ("A",)
