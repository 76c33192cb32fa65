"""What was found before is left out, however far its lines have moved; what is new is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.baseline import new_findings, read_baseline
from mooring.errors import UsageError
from mooring.report import json

from .tree import Tree

OLD = """\
import redis

def read():
    client = redis.Redis(host="cache")
    return client.get("a")
"""


def fresh(tree: Tree, baseline: Path, text: str) -> list[tuple[int, str]]:
    findings = tree.audit({"module.py": text}).findings
    return [(f.problem.span.line, f.rule) for f in new_findings(findings, read_baseline(baseline))]


@pytest.fixture
def baseline(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("baseline") / "baseline.json"
    file.write_text(json.render(tree.audit({"module.py": OLD})))
    return file


def test_what_was_there_is_left_out_though_its_lines_have_moved(tree: Tree, baseline: Path) -> None:
    assert fresh(tree, baseline, OLD) == []
    moved = "# one\n# two\n" + OLD.replace('redis.Redis(host="cache")', 'redis.Redis(\n        host="cache"\n    )')
    assert fresh(tree, baseline, moved.replace("import redis", "import redis\n\nx = 1")) == []


def test_what_is_new_is_told(tree: Tree, baseline: Path) -> None:
    assert fresh(tree, baseline, OLD + "\nother = redis.Redis(host='new')\n") == [(7, "MR101"), (7, "MR201")]


def test_the_same_fault_once_more_is_new(tree: Tree, baseline: Path) -> None:
    twice = OLD.replace("    return", '    client = redis.Redis(host="cache")\n    return')
    assert {line for line, _ in fresh(tree, baseline, twice)} == {5}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"findings": [1]}', '{"findings": [{}]}', "\0"])
def test_what_is_no_report_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    file = tmp_path / "b.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="is no report of an audit; make one with"):
        read_baseline(file)


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_baseline(tmp_path / "b.json")
