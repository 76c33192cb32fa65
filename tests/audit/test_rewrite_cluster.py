"""The client of a Cluster becomes the factory's on request, where all of its nodes are written in the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.edits import Safety
from mooring.audit.engine import audit

from .mending import mend, mended

HEAD = "import os\nfrom redis.cluster import ClusterNode, RedisCluster\nNODES = [ClusterNode('c-0', 7000)]\n"
URL = 'default_url="redis+cluster://c-0:7000"'

CALLS = {
    "RedisCluster(host='c-0', port=7000)": f"create_redis_from_config({URL})",
    "RedisCluster('c-0', 7000, decode_responses=True)": f"create_redis_from_config({URL}, decode_responses=True)",
    "RedisCluster(host='c-0')": 'create_redis_from_config(default_url="redis+cluster://c-0:6379")',
    "RedisCluster(startup_nodes=NODES, read_from_replicas=False)": f"create_redis_from_config({URL})",
    "RedisCluster(startup_nodes=[ClusterNode('c-0', 7000), ClusterNode(host='c-1', port=7001)], max_connections=9)": (
        'create_redis_from_config(default_url="redis+cluster://c-0:7000,c-1:7001", max_connections=9)'
    ),
    "RedisCluster(startup_nodes=[{'host': 'c-0', 'port': '7000'}], password=os.environ['P'])": (
        f"create_redis_from_config({URL}, password=os.environ['P'])"
    ),
    "RedisCluster.from_url('redis://c-0:7000/0?socket_timeout=2')": (
        f"create_redis_from_config({URL}, socket_timeout=2.0)"
    ),
    "RedisCluster.from_url('rediss://c-0:7000')": (
        'create_redis_from_config(default_url="rediss+cluster://c-0:7000")'
    ),
    "RedisCluster(host='c-0', port=7000, ssl=True, password='hunter2')": (
        'create_redis_from_config(default_url="rediss+cluster://c-0:7000")'
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CALLS.items(), ids=CALLS.keys())
def test_a_cluster_is_the_factorys_on_request(tmp_path: Path, before: str, after: str) -> None:
    text = f"{HEAD}client = {before}\n"
    assert mended(tmp_path, text) == text
    assert mended(tmp_path, text, unsafe=True).splitlines()[-1] == f"client = {after}"


def test_an_asyncio_cluster_becomes_the_asyncio_factory(tmp_path: Path) -> None:
    text = "from redis.asyncio.cluster import RedisCluster\nclient = RedisCluster(host='c-0', port=7000)\n"
    after = f"from mooring import create_async_redis_from_config\nclient = create_async_redis_from_config({URL})\n"
    assert mended(tmp_path, text, unsafe=True) == after


SHOWN = {
    "client = RedisCluster(host='c-0', read_from_replicas=True)": "does not take read_from_replicas",
    "client = RedisCluster(host='c-0', cluster_error_retry_attempts=9)": "does not take cluster_error_retry_attempts",
    "client = RedisCluster(host='c-0', port=int(os.environ['PORT']))": "is computed",
    "client = RedisCluster.from_url('redis://c-0/0?nonsense=1')": "options that no argument stands for",
    "client: RedisCluster = RedisCluster(host='c-0')": "line 4 speaks of RedisCluster",
    "def client() -> 'RedisCluster':\n    return RedisCluster(host='c-0')": "line 4 speaks of RedisCluster",
    "client = RedisCluster(host='c-0', **dict(os.environ))": "can be told",
}


@pytest.mark.parametrize(("code", "reason"), SHOWN.items(), ids=SHOWN.keys())
def test_a_cluster_that_the_factory_would_not_make_stays_with_a_reason(tmp_path: Path, code: str, reason: str) -> None:
    outcome = mend(tmp_path, {"module.py": f"{HEAD}{code}\n"}, unsafe=True)
    assert outcome.changes == ()
    offered = [found.problem.fix for found in audit([tmp_path]).findings if found.rule == "MR101"]
    assert [(fix.safety, reason in fix.title) for fix in offered if fix] == [(Safety.DISPLAY, True)]
