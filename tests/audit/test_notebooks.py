"""The code of a notebook is audited, and found where its file holds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mooring.audit.files import Undecodable
from mooring.audit.notebooks import read_notebook
from mooring.audit.rule import Finding

from .mending import mend
from .tree import Tree

CELLS = [
    ("markdown", "import redis\nclient = redis.Redis()"),
    ("code", "import redis\n%matplotlib inline\n!pip install redis"),
    ("code", "%%bash\nredis-cli ping"),
    ("code", 'é = 1; client = redis.Redis(host="cache")\nclient.get("key")'),
]


def notebook(cells: list[tuple[str, str]], language: str = "python", *, lines: bool = True, **layout: object) -> bytes:
    document = {
        "cells": [
            {
                "cell_type": kind,
                "metadata": {},
                "outputs": [{"text": ["client = redis.Redis()\n"]}],
                "source": source.splitlines(keepends=True) if lines else source,
            }
            for kind, source in cells
        ],
        "metadata": {"kernelspec": {"language": language, "name": "k"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, **({"indent": 1, "ensure_ascii": False} | layout)).encode()  # type: ignore[arg-type]


def findings(tree: Tree, data: bytes) -> list[Finding]:
    return [f for f in tree.audit({"work/a.ipynb": data}).findings if f.rule == "MR101"]


def test_a_finding_stands_where_the_file_holds_the_code(tree: Tree) -> None:
    data = notebook(CELLS)
    (found,) = findings(tree, data)
    line = data.decode().splitlines()[found.problem.span.line - 1]
    assert line[found.problem.span.column - 1 :].startswith("redis.Redis(host=")


def test_what_is_no_python_is_left_out(tree: Tree) -> None:
    audited = tree.audit({"a.ipynb": notebook(CELLS)})
    assert len(audited.sites) == 1
    assert audited.unreadable == ()
    assert audited.python_files == 1


def test_a_notebook_in_another_language_has_no_code(tree: Tree) -> None:
    assert findings(tree, notebook([("code", "import redis\nredis.Redis()")], "julia")) == []


@pytest.mark.parametrize(
    "data",
    [
        notebook(CELLS, indent=None),
        notebook(CELLS, lines=False),
        notebook(CELLS, ensure_ascii=True),
        notebook(CELLS, indent="\t"),
        b"\xef\xbb\xbf" + notebook(CELLS),
        notebook(CELLS).replace(b"\n", b"\r\n"),
        notebook([*CELLS, ("code", "print('\U0001f600')")], ensure_ascii=True),
        notebook([*CELLS, ("code", "def f(:\n    pass")]),
    ],
    ids=["one line", "whole cells", "escaped", "tabs", "BOM", "CRLF", "surrogates", "a broken cell"],
)
def test_however_it_is_written_its_site_is_found(tree: Tree, data: bytes) -> None:
    assert len(findings(tree, data)) == 1


def test_without_lines_of_their_own_the_lines_of_code_are_counted(tree: Tree) -> None:
    (found,) = findings(tree, notebook(CELLS, indent=None))
    assert found.problem.span.line == 4


def test_an_old_notebook_keeps_its_cells_in_worksheets(tree: Tree) -> None:
    sheets = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["import redis\n", "redis.Redis()"]}]}]}
    document = json.dumps({"nbformat": 3, "metadata": {}, **sheets}, indent=1)
    assert len(findings(tree, document.encode())) == 1


@pytest.mark.parametrize("data", [b"", b"{", b"[1, 2]", b"null", b'{"a": 1}', b"\xff", b"{]", b"[" * 5000])
def test_what_is_no_notebook_is_one_line_of_unreadable(tree: Tree, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Undecodable):
        read_notebook(tmp_path, "a.ipynb", data)
    audited = tree.audit({"a.ipynb": data, "b.py": "import redis\nc = redis.Redis()\n"})
    assert [unreadable.path for unreadable in audited.unreadable] == ["a.ipynb"]
    assert len(audited.sites) == 1


def test_a_notebook_is_never_edited(tmp_path: Path) -> None:
    outcome = mend(tmp_path, {"a.ipynb": notebook(CELLS).decode()})
    assert outcome.changes == ()
    assert {left.finding.rule for left in outcome.left} >= {"MR101", "MR201"}


def test_a_comment_in_a_cell_suppresses(tree: Tree) -> None:
    source = "import redis\nclient = redis.Redis()  # mooring: ignore[MR101]"
    assert findings(tree, notebook([("code", source)])) == []
