"""What keeps a client synchronous is named, and what nobody waits for is awaited or made synchronous."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.edits import Fix, Safety
from mooring.audit.engine import audit
from mooring.audit.options import Options

from .mending import mend, mended

HEAD = "import os\nimport redis\n\nclient = redis.from_url(os.environ['REDIS_URL'])\n\n\n"
ASYNC_HEAD = HEAD.replace("import redis", "import redis.asyncio as redis")


def suggestions(folder: Path, text: str, *rules: str) -> list[Fix]:
    (folder / "module.py").write_text(text)
    found = (f.problem.fix for f in audit([folder]).findings if f.rule in rules)
    return [fix for fix in found if fix is not None]


# --- uses that have none ---------------------------------------------------------------------------------------------

KEPT = {
    "a plain function": ("def plain():\n    return client.get('a')", "used where await cannot stand in line 10"),
    "the module": ("client.ping()", "used where await cannot stand in line 9"),
    "a lambda": ("async def f():\n    return lambda: client.get('a')", "used where await cannot stand in line 10"),
    "a comprehension": ("async def f(k):\n    return [client.get(x) for x in k]", "used where await cannot stand"),
    "a default": ("async def f(k=client.get('a')): ...", "used where await cannot stand"),
    "an inner function": ("async def f():\n    def g(): return client.get('a')", "used where await cannot stand"),
    "a list of a scan": ("async def f():\n    return list(client.scan_iter())", "where async for cannot stand"),
    "a plain loop": ("def f():\n    for x in client.scan_iter(): ...", "where async for cannot stand"),
    "another thread": ("async def f():\n    await to_thread(client.get, 'a')", "used for its get in line 10"),
    "handed out": ("def f():\n    return client", "handed out in line 10"),
    "passed on": ("async def f():\n    g(client)", "passed on in line 10"),
    "a container": ("clients = {'a': client}", "kept where its uses are not seen"),
    "an attribute of another": ("app.client = client", "kept where its uses are not seen"),
    "a transaction": ("async def f():\n    client.transaction(g)", "asked for transaction()"),
    "an optimistic lock": ("async def f():\n    client.pipeline().watch('a')", "asked for watch()"),
    "a thread of its own": ("async def f():\n    client.pubsub().run_in_thread()", "asked for run_in_thread()"),
    "a module": ("async def f():\n    client.json().get('a')", "asked for json()"),
    "a script on a pipeline": (
        "async def f(p):\n    client.register_script('x')(client=p)",
        "given another client in line 10",
    ),
    "two blocks in one": (
        "async def f():\n    with client.lock('a'), open('b'): ...",
        "entered where async with cannot stand",
    ),
    "a lock of threads": (
        "async def f(lock):\n    with lock:\n        client.get('a')",
        "used where a lock of threads may be held in line 11",
    ),
    "another client": ("client = redis.from_url(os.environ['OTHER'])", "bound to a name that has other values"),
    "an export": ("__all__ = ['client']", "given to other modules"),
}


@pytest.mark.parametrize(("use", "reason"), KEPT.values(), ids=KEPT.keys())
def test_a_use_without_an_asyncio_form_keeps_the_client_and_is_named(tmp_path: Path, use: str, reason: str) -> None:
    text = f"{HEAD}async def work():\n    return client.set('a', 1)\n{use}\n"
    assert mended(tmp_path, text, unsafe=True) == text
    found = suggestions(tmp_path, text, "MR402")
    assert found
    assert all(fix.safety is Safety.DISPLAY for fix in found)
    assert any(reason in fix.title for fix in found)


CONSTRUCTORS = [
    "redis.Redis(connection_pool=redis.ConnectionPool.from_url(U))",
    "redis.from_url(U, **options)",
    "redis.from_url(U, retry=policy)",
    "redis.from_url(U, redis_connect_func=print)",
    "redis.RedisCluster.from_url(U)",
    "Mine.from_url(U)",
]


@pytest.mark.parametrize("constructor", CONSTRUCTORS)
def test_a_client_that_asyncio_makes_otherwise_is_kept(tmp_path: Path, constructor: str) -> None:
    text = (
        f"import os\nimport redis\nfrom elsewhere import options, policy\nU = os.environ['U']\n"
        f"class Mine(redis.Redis): ...\nc = {constructor}\nasync def f():\n    return c.get('a')\n"
    )
    assert "await" not in mended(tmp_path, text, unsafe=True)
    assert {fix.safety for fix in suggestions(tmp_path, text, "MR402")} == {Safety.DISPLAY}


# None of them speaks of Redis, so that nothing but its imports tells that it matters.
OTHERS = {
    "takes the name": ("other.py", "from module import client\n"),
    "takes all": ("other.py", "from module import *\n"),
    "takes the module": ("other.py", "import module\ndef f(): return module.client.get('a')\n"),
    "takes it in a function": ("other.py", "def f():\n    from module import client\n    return client.get('a')\n"),
    "takes it in a list of lines": ("other.py", "from module import (\n    work,\n    client as c,\n)\nc.get('a')\n"),
    "is a test": ("tests/test_work.py", "from module import client\ndef test(): assert client.get('a')\n"),
    "is a notebook": (
        "look.ipynb",
        '{"cells": [{"cell_type": "code", "source": ["import module as m\\n", "m.client.get(1)"]}], "metadata": {}}',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "other"), OTHERS.values(), ids=OTHERS.keys())
def test_a_client_that_another_module_uses_is_kept(tmp_path: Path, path: str, other: str) -> None:
    text = f"{HEAD}async def work():\n    return client.get('a')\n"
    assert mend(tmp_path, {"module.py": text, path: other}, unsafe=True).changes == ()


def test_a_client_whose_module_is_imported_for_something_else_is_converted(tmp_path: Path) -> None:
    text = f"{HEAD}async def work():\n    return client.get('a')\n"
    other = "from module import work\nimport asyncio\nprint(asyncio.run(work()))\n"
    (change,) = mend(tmp_path, {"module.py": text, "other.py": other}, unsafe=True).changes
    assert "await client.get('a')" in change.text


def test_an_attribute_that_another_class_can_use_is_kept(tmp_path: Path) -> None:
    text = (
        "import redis\nclass S:\n    def __init__(self, url):\n        self.c = redis.from_url(url)\n"
        "    async def get(self, k):\n        return self.c.get(k)\n"
    )
    for other in ("class T(S): ...\n", "def f(s):\n    return s.c\n"):
        assert mended(tmp_path, text + other, unsafe=True) == text + other
    for other in ("S('a').c.get('a')\n", "class T(S):\n    def f(self): return self.c.get('a')\n"):
        assert mend(tmp_path, {"module.py": text, "b.py": f"from module import S\n{other}"}, unsafe=True).changes == ()


def test_an_await_and_a_keyword_that_meet_are_left_to_another_round(tmp_path: Path) -> None:
    text = f"{HEAD}async def f():\n    return redis.Redis(client.get('host')).get('a')\n"
    alone = mend(tmp_path, {"module.py": text}, unsafe=True, options=Options(select=("MR402",)))
    assert alone.changes == ()
    assert "    return await create_async_redis_from_config(host=await client.get('host')).get('a')\n" in mended(
        tmp_path, text, unsafe=True
    )


def test_a_release_without_asyncio_keeps_its_clients(tmp_path: Path) -> None:
    text = f"{HEAD}async def work():\n    return client.get('a')\n"
    for pin, awaited in (("3.5.3", False), ("4.2.0", True)):
        outcome = mend(tmp_path, {"module.py": text, "requirements.txt": f"redis=={pin}\n"}, unsafe=True)
        assert ("await" in outcome.changes[0].text) is awaited


def test_one_fix_is_given_to_every_coroutine_of_a_module(tmp_path: Path) -> None:
    text = f"{HEAD}async def one():\n    await client.get('a')\n\n\nasync def two():\n    client.set('a', 1)\n"
    fixes = suggestions(tmp_path, text, "MR402", "MR404")
    assert len(fixes) == 3
    assert len(set(fixes)) == 1


def test_a_client_is_not_made_synchronous_and_awaited_at_once(tmp_path: Path) -> None:
    text = "import redis\nc = redis.Redis(host='localhost')\n\n\nasync def f():\n    return c.get('a')\n"
    outcome = mend(tmp_path, {"module.py": text}, unsafe=True)
    assert outcome.refused == ()
    assert outcome.rounds == 2
    assert outcome.changes[0].text == (
        "from mooring import create_async_redis_from_config\nc = create_async_redis_from_config()\n\n\n"
        "async def f():\n    return await c.get('a')\n"
    )


def test_an_await_that_nothing_makes_right_is_to_be_dropped(tmp_path: Path) -> None:
    text = f"{HEAD}async def f():\n    return await client.get('a')\n\n\ndef g():\n    return client.get('a')\n"
    (fix,) = suggestions(tmp_path, text, "MR404")
    assert fix.safety is Safety.DISPLAY
    assert [text[edit.start : edit.end] for edit in fix.edits] == ["await "]


# --- commands that nobody waits for ----------------------------------------------------------------------------------

LOST = {
    "client.set('a', 1)": "await client.set('a', 1)",
    "return client.get('a').decode()": "return (await client.get('a')).decode()",
    "if client.exists('a'): pass": "if await client.exists('a'): pass",
    "return json.loads(client.get('a'))": "return json.loads(await client.get('a'))",
    "x = client.get('a')\n    if x: pass": "x = await client.get('a')\n    if x: pass",
}


@pytest.mark.parametrize(("before", "after"), LOST.items(), ids=LOST.keys())
def test_a_lost_command_is_awaited(tmp_path: Path, before: str, after: str) -> None:
    text = f"{ASYNC_HEAD}async def f():\n    {before}\n"
    assert mended(tmp_path, text) == text
    assert mended(tmp_path, text, unsafe=True) == f"{ASYNC_HEAD}async def f():\n    {after}\n"


def test_a_lost_command_outside_a_coroutine_is_only_shown(tmp_path: Path) -> None:
    text = f"{ASYNC_HEAD}def f():\n    client.set('a', 1)\n\n\nasync def g():\n    return await client.get('a')\n"
    assert mended(tmp_path, text, unsafe=True) == text
    (fix,) = suggestions(tmp_path, text, "MR403")
    assert fix.safety is Safety.DISPLAY


# --- imports that serve no awaited command ---------------------------------------------------------------------------

SYNCHRONOUS = {
    "nothing uses it": ("import redis.asyncio\nimport os\n", "import redis.asyncio\nimport os\n"),
    "nothing uses its name": ("import redis.asyncio as a, os\nx = os\n", "import os\nx = os\n"),
    "a quoted type uses it": ("from redis import asyncio as a\nx: 'a.Redis'\n",) * 2,
    "a module": (
        "from redis import asyncio as a\nc = a.from_url(input())\nc.set('a', 1)\n",
        "import redis\nc = redis.from_url(input())\nc.set('a', 1)\n",
    ),
    "a module called redis": (
        "import redis.asyncio as redis\nc = redis.from_url(input())\nc.set('a', 1)\n",
        "import redis\nc = redis.from_url(input())\nc.set('a', 1)\n",
    ),
    "a module beside another redis": (
        "import redis\nimport redis.asyncio as a\nE = redis.RedisError\nc = a.from_url(input())\nc.set('a', 1)\n",
        "import redis\nimport redis as a\nE = redis.RedisError\nc = a.from_url(input())\nc.set('a', 1)\n",
    ),
    "a name": (
        "from redis.asyncio import Redis\nc = Redis.from_url(input())\nc.set('a', 1)\n",
        "from redis import Redis\nc = Redis.from_url(input())\nc.set('a', 1)\n",
    ),
    "somebody else waits": (
        "from redis.asyncio import Redis\nimport asyncio\nc = Redis.from_url(input())\nasyncio.run(c.set('a', 1))\n",
    )
    * 2,
    "it is closed like an asyncio client": (
        "from redis.asyncio import Redis\nc = Redis.from_url(input())\nc.set('a', 1)\n"
        "async def stop():\n    await c.aclose()\n",
    )
    * 2,
}


@pytest.mark.parametrize(("before", "after"), SYNCHRONOUS.values(), ids=SYNCHRONOUS.keys())
def test_an_asyncio_import_without_asyncio_goes_or_becomes_synchronous(tmp_path: Path, before: str, after: str) -> None:
    assert mended(tmp_path, before) == before
    assert mended(tmp_path, before, unsafe=True) == after
    assert mended(tmp_path, after, unsafe=True) == after
