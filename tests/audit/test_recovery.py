"""Broken files: what can be read of them is read past their errors, with low confidence and at its true place."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.facts import Confidence
from mooring.audit.files import read
from mooring.audit.python import read_module
from mooring.audit.python.recovery import recover

from .tree import Tree

BROKEN = {
    "an open parenthesis": "def broken(:\n    pass\n",
    "a print statement": 'print "hello"\n',
    "an exec statement": 'exec "x = 1"\n',
    "an old except clause": "try:\n    pass\nexcept ValueError, error:\n    pass\n",
    "merge markers": "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n",
    "a block without a body": "def empty():\n",
    "a block of nothing but a comment": "if x:\n    # nothing\n",
    "an unexpected indentation": "x = 1\n    y = 2\n",
    "a dedent to nowhere": "if x:\n        y = 1\n    z = 2\n",
    "an assignment to a call": "f() = 1\n",
    "prose": "This module is broken, isn't it?\n",
    "a backslash in the middle": "x = \\ 1\n",
    "two statements in one": "x = 1 y = 2\n",
    "a null byte": "x = '\0'\n",
    "a leading zero": "mode = 0777\n",
    "a return at the top with an error": "return = 1\n",
}
SITE = 'import redis\nclient = redis.Redis(host="cache")\n'


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_site_is_found_beside(broken: str, order: str, tree: Tree) -> None:
    text = SITE + broken if order == "before" else broken + SITE
    found = tree.audit({"module.py": text})
    (site,) = found.sites
    line = 1 + text[: text.index("client")].count("\n")
    assert (site.call.span.line, site.call.span.column, site.call.span.end_column) == (line, 10, 35)
    assert (site.provenance.value, site.confidence) == ("literal", Confidence.LOW)
    assert [unreadable.path for unreadable in found.unreadable] == ["module.py"]


def test_every_finding_in_a_broken_file_is_of_low_confidence(tree: Tree) -> None:
    found = tree.audit({"module.py": f"{SITE}def broken(:\n    pass\n"})
    assert {finding.problem.confidence for finding in found.findings} == {Confidence.LOW}


def test_why_a_file_is_not_read_in_full_names_its_line(tree: Tree) -> None:
    (unreadable,) = tree.audit({"module.py": f"{SITE}def broken(:\n    pass\n"}).unreadable
    assert (unreadable.line, unreadable.reason) == (3, "does not parse: invalid syntax")


def test_a_file_that_mentions_no_redis_is_told_to_be_broken_too(tree: Tree) -> None:
    found = tree.audit({"a.py": "x = 1\n", "b.py": "def broken(:\n"})
    assert [(unreadable.path, unreadable.line) for unreadable in found.unreadable] == [("b.py", 1)]


def test_a_column_counts_the_indentation_that_was_taken_away(tree: Tree) -> None:
    found = tree.audit({"module.py": 'import redis\nx = 1\n    é = redis.Redis(host="é"), redis.Redis()\n'})
    assert [(s.call.span.column, s.call.span.end_column) for s in found.sites] == [(9, 30), (32, 45)]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_lines_are_counted_as_the_file_ends_them(newline: str, tree: Tree) -> None:
    text = f"print 'x'\n{SITE}".replace("\n", newline)
    assert [site.call.span.line for site in tree.audit({"module.py": text}).sites] == [3]


def test_what_is_broken_holds_no_site(tree: Tree) -> None:
    text = 'import redis\nclient = redis.Redis(host="cache" port=1)\nother = redis.Redis()\n'
    assert [site.call.span.line for site in tree.audit({"module.py": text}).sites] == [3]


def test_a_file_that_is_broken_everywhere_is_given_up() -> None:
    source = read(Path(), "module.py", b"x = = 1\nif\n" * 500)
    assert recover(source) is None
    module, unreadable = read_module(source)
    assert module is None
    assert unreadable is not None


@pytest.mark.parametrize(
    "text",
    ["(" * 3000, "[" * 150 + "]" * 150, "-" * 9000 + "1", "x" + ".y" * 9000, "f(" * 80 + ")" * 80, "é" * 10, "\0", ""],
    ids=["parentheses", "brackets", "signs", "attributes", "calls", "letters", "a null byte", "nothing"],
)
def test_no_text_is_too_odd_to_be_refused_in_peace(text: str, tree: Tree) -> None:
    found = tree.audit({"module.py": f"{text}\n# redis", "other.py": SITE})
    assert [site.path for site in found.sites] == ["other.py"]


def test_a_file_that_is_no_text_is_told_and_passed_over(tree: Tree) -> None:
    found = tree.audit({"module.py": SITE, "binary.py": b"\xff\xfe redis"})
    assert [(u.path, u.reason) for u in found.unreadable] == [("binary.py", "not utf-8: byte 0 is 0xff")]
    assert len(found.sites) == 1
