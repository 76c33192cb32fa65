"""A Sentinel and the clients that it makes become clients of the factory together, or stay with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.edits import Safety
from mooring.audit.engine import audit

from .mending import mend, mended

IMPORT = "from redis.sentinel import Sentinel\n"
FACTORY = "from mooring import create_redis_from_config\n"
URL = 'default_url="redis+sentinel://s-0:26379/m/0"'

SAFE = {
    "Sentinel([('s-0', 26379)]).master_for('m')": f"create_redis_from_config({URL})",
    "Sentinel([('s-0', 26379), ['s-1', '26380']], 0.5).master_for('m')": None,
    "Sentinel(sentinels=[('s-0', 26379)], socket_timeout=0.1).master_for(service_name='m', db=0)": (
        f"create_redis_from_config({URL}, socket_timeout=0.1)"
    ),
    "Sentinel([('s-0', 26379)], socket_timeout=0.1).master_for('m', socket_timeout=2, db=3)": (
        f"create_redis_from_config({URL}, socket_timeout=2, db=3)"
    ),
    "Sentinel([('s-0', 26379)], min_other_sentinels=0).master_for('m', Redis, charset='utf-8')": (
        f"create_redis_from_config({URL}, encoding='utf-8')"
    ),
    "Sentinel([('s-0', 26379)], sentinel_kwargs={'password': os.environ['P']}).master_for('m')": (
        f"create_redis_from_config({URL}, sentinel_password=os.environ['P'])"
    ),
    "Sentinel([('fd00::1', 26379)]).master_for('m')": (
        'create_redis_from_config(default_url="redis+sentinel://[fd00::1]:26379/m/0")'
    ),
    "Sentinel([('s-0', 26379)]).master_for(os.environ['M'])": (
        "create_redis_from_config(default_url=f\"redis+sentinel://s-0:26379/{os.environ['M']}/0\")"
    ),
    "Sentinel([('s-0', 26379)], sentinel_kwargs={'ssl': True}, ssl=True, password=os.environ['P']).master_for('m')": (
        "create_redis_from_config(default_url=\"rediss+sentinel://s-0:26379/m/0\", password=os.environ['P'])"
    ),
    "Sentinel(NODES).master_for('m')": f"create_redis_from_config({URL})",
}


@pytest.mark.parametrize(("before", "after"), SAFE.items(), ids=SAFE.keys())
def test_a_master_is_asked_for_by_the_factory(tmp_path: Path, before: str, after: str | None) -> None:
    head = f"import os\nfrom redis import Redis\n{IMPORT}NODES = [('s-0', 26379)]\n"
    result = mended(tmp_path, f"{head}client = {before}\n")
    assert result.splitlines()[-1] == f"client = {after or before}"


def test_a_sentinel_goes_with_the_import_that_only_it_used(tmp_path: Path) -> None:
    text = f"{IMPORT}\n# who leads\ns = Sentinel([('s-0', 26379)])  # all of them\nclient = s.master_for('m')\n"
    after = f"{FACTORY}\n# who leads\n# all of them\nclient = create_redis_from_config({URL})\n"
    assert mended(tmp_path, text) == after


def test_a_sentinel_that_an_object_keeps_goes_too(tmp_path: Path) -> None:
    text = (
        f"{IMPORT}\nclass Store:\n    def __init__(self) -> None:\n        self.s = Sentinel([('s-0', 26379)], db=1)\n"
        "        self.client = self.s.master_for('m')\n"
    )
    after = (
        f"{FACTORY}\nclass Store:\n    def __init__(self) -> None:\n"
        f"        self.client = create_redis_from_config({URL}, db=1)\n"
    )
    assert mended(tmp_path, text) == after


def test_an_asyncio_sentinel_becomes_the_asyncio_factory(tmp_path: Path) -> None:
    text = "from redis.asyncio.sentinel import Sentinel\nclient = Sentinel([('s-0', 26379)]).master_for('m')\n"
    after = f"from mooring import create_async_redis_from_config\nclient = create_async_redis_from_config({URL})\n"
    assert mended(tmp_path, text) == after


def test_sentinels_that_the_environment_tells_are_handed_to_the_factory(tmp_path: Path) -> None:
    text = f"import os\n{IMPORT}def client():\n    return Sentinel([(os.environ['S'], 26379)], db=1).master_for('m')\n"
    result = mended(tmp_path, text)
    assert result.splitlines()[-1] == (
        "    return create_redis_from_config(sentinels=[(os.environ['S'], 26379)], sentinel_master='m', db=1)"
    )


def test_two_masters_of_one_sentinel_have_two_names(tmp_path: Path) -> None:
    text = f"{IMPORT}s = Sentinel([('s-0', 26379)])\na = s.master_for('cache')\nb = s.master_for('my-jobs')\n"
    result = mended(tmp_path, text)
    assert 'a = create_redis_from_config(default_url="redis+sentinel://s-0:26379/cache/0")\n' in result
    assert 'name="my_jobs", default_url="redis+sentinel://s-0:26379/my-jobs/0"' in result


def test_a_sentinel_beside_another_server_has_a_name_of_its_own(tmp_path: Path) -> None:
    text = (
        f"import redis\n{IMPORT}a = redis.Redis(host='cache')\nb = redis.Redis(host='cache')\n"
        "c = Sentinel([('s-0', 26379)]).master_for('jobs')\n"
    )
    assert 'c = create_redis_from_config(name="jobs", default_url=' in mended(tmp_path, text)


SECRET = {
    "Sentinel([('s-0', 26379)], password='hunter2').master_for('m')": "REDIS_PASSWORD",
    "Sentinel([('s-0', 26379)]).master_for('m', password='hunter2')": "REDIS_PASSWORD",
    "Sentinel([('s-0', 26379)], sentinel_kwargs={'password': 'hunter2'}).master_for('m')": "REDIS_SENTINEL_PASSWORD",
}


@pytest.mark.parametrize(("code", "variable"), SECRET.items(), ids=SECRET.keys())
def test_a_password_leaves_the_code_on_request_only(tmp_path: Path, code: str, variable: str) -> None:
    text = f"{IMPORT}client = {code}\n"
    assert mended(tmp_path, text) == text
    (left, *_) = mend(tmp_path, {"module.py": text}).left
    assert variable in left.reason
    assert mended(tmp_path, text, unsafe=True) == f"{FACTORY}client = create_redis_from_config({URL})\n"


def test_a_named_connection_has_a_password_of_its_own(tmp_path: Path) -> None:
    text = (
        f"import redis\n{IMPORT}a = redis.Redis()\nb = redis.Redis()\n"
        "c = Sentinel([('s-0', 26379)], password='hunter2').master_for('jobs')\n"
    )
    assert any("JOBS_REDIS_PASSWORD" in left.reason for left in mend(tmp_path, {"module.py": text}).left)


SHOWN = {
    "s.slave_for('m')": "slave_for() in line 4 has no counterpart",
    "s.discover_master('m')": "discover_master() in line 4 has no counterpart",
    "use(s)": "in another way than to ask for a master",
    "[s.master_for('m'), s.slave_for('m')]": "slave_for() in line 4",
    "s.master_for('m', connection_pool_class=use)": "a class of pools",
    "s.master_for('m', redis_class=use)": "a class of clients",
    "s.master_for('m', **use)": "can be told",
    "s.master_for('m', check_connection=True)": "does not take check_connection",
    "s.master_for('m', ssl=True)": "use TLS",
}


@pytest.mark.parametrize(("use", "reason"), SHOWN.items(), ids=SHOWN.keys())
def test_what_the_factory_cannot_do_is_named_and_left(tmp_path: Path, use: str, reason: str) -> None:
    text = f"{IMPORT}from mine import use\ns = Sentinel([('s-0', 26379)])\nx = {use}\n"
    assert mended(tmp_path, text, unsafe=True) == text
    offered = [found.problem.fix for found in audit([tmp_path]).findings if found.rule == "MR101"]
    assert [fix.safety for fix in offered if fix] == [Safety.DISPLAY]
    assert reason in offered[0].title if offered[0] else False


KEPT = {
    "a name that others take": ("s = Sentinel([('s-0', 26379)])\nx = s.master_for('m')\n", "from module import s\n"),
    "a name with two values": ("s = Sentinel([('s-0', 26379)])\nx = s.master_for('m')\ns = None\n", ""),
    "an argument that is local to a function": (
        "class A:\n    def __init__(self, t):\n        self.s = Sentinel([('s-0', 26379)], socket_timeout=t)\n"
        "    def f(self):\n        return self.s.master_for('m').get('k')\n",
        "",
    ),
    "an attribute of an object that others see": (
        "class A:\n    def __init__(self):\n        self.s = Sentinel([('s-0', 26379)])\n"
        "        self.x = self.s.master_for('m')\n",
        "from module import A\nprint(A().s)\n",
    ),
    "the only statement of a block": (
        "if use:\n    s = Sentinel([('s-0', 26379)])\nx = s.master_for('m')\n", ""
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "other"), KEPT.values(), ids=KEPT.keys())
def test_a_sentinel_whose_uses_are_not_all_seen_stays(tmp_path: Path, text: str, other: str) -> None:
    outcome = mend(tmp_path, {"module.py": f"{IMPORT}use = 1\n{text}", "other.py": other}, unsafe=True)
    assert not [change for change in outcome.changes if change.path == "module.py"]
