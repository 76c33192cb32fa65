"""Programs that ask Sentinels for their master, or use a Cluster, do after the fix what they did before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.embedded import ClusterTrio, EmbeddedRedis, SentinelTrio

from .rounds import fix_tree
from .trial import Trial, run, snapshot

PROGRAMS = Path(__file__).with_name("trios")


@pytest.fixture(scope="module")
def sentinel_trio() -> Iterator[SentinelTrio]:
    """Three Sentinels, a master and its replica."""
    with SentinelTrio() as trio:
        yield trio


@pytest.fixture(scope="module")
def cluster_trio() -> Iterator[ClusterTrio]:
    """A Cluster of three."""
    with ClusterTrio() as trio:
        yield trio


def fixed(folder: Path, program: str, *, unsafe: bool) -> str:
    """The text of a program after a clean fix."""
    folder.mkdir(exist_ok=True)
    (folder / "program.py").write_text(program)
    course = fix_tree(folder, unsafe=unsafe)
    assert course.faults == []
    (change,) = course.changes
    return change.text


def done(trial: Trial) -> tuple[object, ...]:
    """What a program has come to, apart from how it connected."""
    return trial.output, trial.keys, {key: life < 0 for key, life in trial.lifetimes.items()}


@pytest.mark.parametrize("name", ["sentinel_module", "sentinel_class", "sentinel_asyncio"])
def test_a_master_is_used_as_before(name: str, tmp_path: Path, sentinel_trio: SentinelTrio) -> None:
    program = (PROGRAMS / f"{name}.py.txt").read_text().replace("NODES", repr(sentinel_trio.sentinels))
    before = run(program, tmp_path, sentinel_trio.master, redirected=False)
    text = fixed(tmp_path / "tree", program, unsafe=False)
    assert "Sentinel(" not in text
    after = run(text, tmp_path, sentinel_trio.master, redirected=False)
    assert before.output and before.keys
    assert done(after) == done(before)
    # And a variable that names one server outweighs what the code says.
    assert done(run(text, tmp_path, sentinel_trio.master, redirected=False, configured=True)) == done(before)


@pytest.mark.parametrize("name", ["cluster", "cluster_asyncio"])
def test_a_cluster_is_used_as_before(name: str, tmp_path: Path, cluster_trio: ClusterTrio) -> None:
    (_, port), (_, other), *_ = cluster_trio.startup_nodes
    program = (PROGRAMS / f"{name}.py.txt").read_text().replace("PORT", str(port)).replace("OTHER", str(other))
    before = on_cluster(program, tmp_path, cluster_trio.nodes)
    text = fixed(tmp_path / "tree", program, unsafe=True)
    assert "RedisCluster(" not in text
    after = on_cluster(text, tmp_path, cluster_trio.nodes)
    assert before[0] and before[1]
    assert after == before


def on_cluster(program: str, folder: Path, nodes: list[EmbeddedRedis]) -> tuple[str, list[object]]:
    """What a program prints, and what the nodes of an empty Cluster hold after it."""
    for node in nodes:
        with node.client() as client:
            client.flushall()
    output = run(program, folder, nodes[0], redirected=False, databases=1).output
    return output, [snapshot(node, databases=1)[0] for node in nodes]
