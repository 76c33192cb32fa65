"""Comments that ask for silence, and how far they reach."""

from __future__ import annotations

import pytest

from .tree import Tree

SITE = "import redis\nclient = redis.Redis(){comment}\n"


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("", {"MR101", "MR201"}),
        ("  # mooring: ignore", set()),
        ("  # mooring: ignore[MR101]", {"MR201"}),
        ("  # mooring: ignore[MR101, MR201]", set()),
        ("  #mooring:ignore[MR101,MR201]", set()),
        ("  # type: ignore  # mooring: ignore[MR201]", {"MR101"}),
        ("  # mooring: ignore[MR301]", {"MR101", "MR201"}),
        ("  # mooring: ignored", {"MR101", "MR201"}),
        ("  # noqa", {"MR101", "MR201"}),
        ("\n# mooring: ignore", {"MR101", "MR201"}),
    ],
)
def test_a_comment_silences_the_rules_that_it_names_on_its_line(comment: str, left: set[str], tree: Tree) -> None:
    assert {finding.rule for finding in tree.audit(SITE.format(comment=comment)).findings} == left


def test_a_comment_may_stand_on_any_line_of_the_call(tree: Tree) -> None:
    tree.shows("""
        import redis
        one = redis.Redis(
            host="cache",  # mooring: ignore[MR101]
        )
        two = redis.Redis(  # -> MR101
            host="cache",
        )
        # mooring: ignore[MR101]
    """, "MR101")  # fmt: skip


@pytest.mark.parametrize(
    ("comment", "left"),
    [("ignore-file", set()), ("ignore-file[MR101]", {"MR201"}), ("ignore-file[MR2]", {"MR101", "MR201"})],
)
def test_a_comment_silences_a_whole_file(comment: str, left: set[str], tree: Tree) -> None:
    text = f"import redis\nclient = redis.Redis()\n\n# mooring: {comment}\n"
    assert {finding.rule for finding in tree.audit(text).findings} == left


def test_a_comment_reaches_no_other_file(tree: Tree) -> None:
    code = "import redis\nclient = redis.Redis()\n"
    found = tree.audit({"a.py": f"# mooring: ignore-file\n{code}", "b.py": code})
    assert {finding.problem.path for finding in found.findings} == {"b.py"}


def test_a_silenced_site_is_still_a_site(tree: Tree) -> None:
    assert len(tree.audit(SITE.format(comment="  # mooring: ignore")).sites) == 1
