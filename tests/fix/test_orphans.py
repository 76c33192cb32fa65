"""What a fix left without a use goes, wherever it was imported, and what still serves somebody stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from .rounds import fix_tree

GONE = {
    "in a try that can still fail": (
        "try:\n    import redis  # type: ignore\n    client = redis.Redis()\nexcept Exception:\n    client = None\n",
        "try:\n    client = create_redis_from_config()\nexcept Exception:\n    client = None\n",
    ),
    "a try that only imports": (
        "try:\n    import redis\nexcept ImportError:\n    redis = None\nclient = redis.Redis()\n",
        "client = create_redis_from_config()\n",
    ),
    "a try between two packages": (
        "try:\n    import redis.asyncio as redis\nexcept ImportError:\n    import aioredis as redis\n"
        "c = redis.Redis()\n",
        "c = create_async_redis_from_config()\n",
    ),
    "an if that only imports, and what it asked": (
        "import sys\nif sys.version_info > (3,):\n    import redis\nelse:\n    redis = None\nc = redis.Redis()\n",
        "c = create_redis_from_config()\n",
    ),
    "for the whole module, with what declares it so": (
        "def f():\n    global redis\n    import redis\n    return redis.Redis()\n",
        "def f():\n    return create_redis_from_config()\n",
    ),
    "but not another one that a quoted type counts on": (
        "def f():\n    from redis import Redis\n    return Redis()\n"
        "def g():\n    import redis\n    return redis.Redis()\nx: 'redis.Redis' = g()\n",
        "def f():\n    return create_redis_from_config()\ndef g():\n    import redis\n"
        "    return create_redis_from_config()\nx: 'redis.Redis' = g()\n",
    ),
    "in a function whose signature names the same": (
        "from redis import Redis\ndef f() -> 'Redis':\n    from redis import Redis\n    return Redis()\n",
        "from redis import Redis\ndef f() -> 'Redis':\n    return create_redis_from_config()\n",
    ),
}
KEPT = {
    "it tries whether the package is there": (
        "try:\n    import redis\n    print('there')\n    THERE = True\nexcept ImportError:\n    THERE = False\n"
        "def f():\n    return redis.Redis()\n"
    ),
    "somebody asks for it by name": (
        "try:\n    import redis\nexcept ImportError:\n    redis = None\ndef f():\n    return redis and redis.Redis()\n"
    ),
    "its absence ends the program": (
        "try:\n    import redis\nexcept ImportError:\n    raise SystemExit('no redis')\nclient = redis.Redis()\n"
    ),
    "another function counts on it": (
        "def f():\n    global redis\n    import redis\n    return redis.Redis()\n"
        "def g():\n    return redis.RedisError\n"
    ),
    "the condition does something": "if len('x'):\n    import redis\nclient = redis.Redis()\n",
}


def fixed(folder: Path, text: str) -> str:
    """The text after a clean fix, without the import that every fix adds and the blank lines around it."""
    (folder / "module.py").write_text(text)
    course = fix_tree(folder, unsafe=True)
    (change,) = course.changes
    lines = change.text.splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() and not line.startswith("from mooring import "))


@pytest.mark.parametrize(("before", "after"), GONE.values(), ids=GONE.keys())
def test_an_orphaned_import_goes(tmp_path: Path, before: str, after: str) -> None:
    assert fixed(tmp_path, before) == after


@pytest.mark.parametrize("before", KEPT.values(), ids=KEPT.keys())
def test_an_import_that_still_tells_something_stays(tmp_path: Path, before: str) -> None:
    assert fixed(tmp_path, before) == before.replace("redis.Redis()", "create_redis_from_config()")


def test_what_two_fixes_of_one_round_both_import_is_imported_once(tmp_path: Path) -> None:
    text = (
        "import redis\n\nasync def work():\n    client = redis.Redis()\n    await client.get('k')\n\n"
        "import aioredis as old\nasync def other():\n    pool = await old.create_redis_pool('redis://localhost')\n"
        "    await pool.setex('k', 5, 'v')\n"
    )
    (tmp_path / "module.py").write_text(text)
    (change,) = fix_tree(tmp_path, unsafe=True).changes
    assert change.text.count("create_async_redis_from_config,") == 0
    assert change.text.splitlines()[0] == "from mooring import create_async_redis_from_config"
