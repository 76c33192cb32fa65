"""The audit as a whole: what it counts, what it refuses, and findings that can be told again tomorrow."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.engine import Audit, audit
from mooring.audit.options import Options
from mooring.errors import UsageError

from .tree import Files, Tree

SITE = 'import redis\nclient = redis.Redis(host="cache")\n'


def places(found: Audit) -> list[tuple[str, int, str]]:
    return [(f.problem.path, f.problem.span.line, f.rule) for f in found.findings]


def fingerprints(tree: Tree, files: Files) -> set[str]:
    return {finding.fingerprint for finding in tree.audit(files).findings}


def test_findings_come_in_the_order_of_their_places(tree: Tree) -> None:
    found = tree.audit({"b.py": SITE, "a.py": f"{SITE}other = redis.Redis()\n"})
    assert places(found) == sorted(places(found))
    assert len(places(found)) == 6


def test_files_are_counted_by_kind(tree: Tree) -> None:
    found = tree.audit({"a.py": SITE, "b.py": "", "c.yaml": "", "tests/test_d.py": "", "e.txt": ""})
    assert (found.python_files, found.manifest_files) == (3, 1)


def test_paths_are_relative_to_the_root(tree: Tree) -> None:
    tree.write({"a/b.py": SITE, "a/c/d.py": SITE})
    assert {site.path for site in audit([tree.folder / "a"], root=tree.folder).sites} == {"a/b.py", "a/c/d.py"}
    assert {site.path for site in audit([tree.folder / "a" / "c"]).sites} == {"d.py"}
    both = audit([tree.folder / "a" / "b.py", tree.folder / "a" / "c"])
    assert {site.path for site in both.sites} == {"b.py", "c/d.py"}


def test_a_single_file_is_audited(tree: Tree) -> None:
    tree.write({"a.py": SITE, "b.py": SITE})
    assert {site.path for site in audit([tree.folder / "a.py"]).sites} == {"a.py"}


def test_only_what_is_chosen_is_reported(tree: Tree) -> None:
    tree.write(SITE)
    assert {
        f.rule for f in audit([tree.folder], options=Options(select=("MR101", "MR2"), ignore=("MR201",))).findings
    } == {"MR101"}


@pytest.mark.parametrize("code", ["MR999", "X", "", "mr101"])
def test_a_code_that_no_rule_has_is_a_usage_error(code: str, tree: Tree) -> None:
    tree.write(SITE)
    with pytest.raises(UsageError, match=f"no rule is called {code!r}"):
        audit([tree.folder], options=Options(select=(code,)))


def test_a_path_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or directory"):
        audit([tmp_path / "nowhere"])


def test_nothing_to_audit_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Python file or manifest to audit"):
        audit([tmp_path])


def test_nothing_that_can_be_read_is_a_usage_error(tree: Tree) -> None:
    with pytest.raises(UsageError, match=r"a\.py: not utf-8: byte 0 is 0xff"):
        tree.audit({"a.py": b"\xff"})


def test_a_file_that_cannot_be_read_leaves_the_others_audited(tree: Tree) -> None:
    found = tree.audit({"a.py": b"\xff redis", "b.py": SITE})
    assert {site.path for site in found.sites} == {"b.py"}
    assert [unreadable.path for unreadable in found.unreadable] == ["a.py"]


def test_an_overlay_takes_the_place_of_what_is_on_disk(tree: Tree) -> None:
    tree.write({"a.py": SITE, "b.py": SITE})
    found = audit([tree.folder], root=tree.folder, overlay={"a.py": b"import redis\n\nc = redis.Redis()\n"})
    assert [(s.path, s.call.span.line, s.provenance.value) for s in found.sites] == [
        ("a.py", 3, "default"),
        ("b.py", 2, "literal"),
    ]
    assert found.source("a.py").text == "import redis\n\nc = redis.Redis()\n"
    assert (tree.folder / "a.py").read_text() == SITE


def test_an_overlay_is_seen_by_the_modules_that_import_it(tree: Tree) -> None:
    tree.write(
        {"conf.py": "HOST = 'cache'\n", "app.py": "import redis\nfrom conf import HOST\nredis.Redis(host=HOST)\n"}
    )
    found = audit([tree.folder], root=tree.folder, overlay={"conf.py": b"import os\nHOST = os.environ['HOST']\n"})
    assert [site.provenance.value for site in found.sites] == ["external"]


MOVED = {
    "lines above": f"# one\n\n# two\n{SITE}",
    "lines below": f"{SITE}x = 1\n",
    "other spacing": 'import redis\nclient = redis.Redis(host="cache")  # why\n',
    "windows' newlines": SITE.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("text", MOVED.values(), ids=MOVED.keys())
def test_a_fingerprint_survives(text: str, tree: Tree) -> None:
    assert fingerprints(tree, SITE) == fingerprints(tree, text)


def test_a_fingerprint_survives_a_call_that_is_laid_out_anew(tree: Tree) -> None:
    one = 'import redis\nclient = redis.Redis(host="a", port=1)\n'
    assert fingerprints(tree, one) == fingerprints(tree, one.replace(", ", ",\n    "))


def test_a_fingerprint_tells_files_definitions_and_calls_apart(tree: Tree) -> None:
    found = tree.audit(
        {
            "a.py": 'import redis\nx = redis.Redis(host="a")\ny = redis.Redis(host="b")\n',
            "b.py": 'import redis\nx = redis.Redis(host="a")\n',
            "c.py": 'import redis\nclass A:\n    x = redis.Redis(host="a")\nclass B:\n    x = redis.Redis(host="a")\n',
        }
    )
    of_sites = [finding.fingerprint for finding in found.findings if finding.rule in ("MR101", "MR201")]
    assert len(set(of_sites)) == len(of_sites) == 10


def test_two_audits_of_one_tree_agree(tree: Tree) -> None:
    tree.write({"a.py": SITE, "b.py": f"{SITE}def f():\n    return redis.Redis()\n"})
    one, two = audit([tree.folder]), audit([tree.folder])
    assert [(f.fingerprint, f.problem.message) for f in one.findings] == [
        (f.fingerprint, f.problem.message) for f in two.findings
    ]
