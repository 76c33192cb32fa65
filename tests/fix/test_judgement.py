"""The judge of fixes is not blind: whatever a fix must not do, it reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mooring.audit.edits import Edit
from mooring.audit.files import SourceFile

from .complaints import new_complaints
from .judgement import faults

BEFORE = "import os\n\nx = f(1)  # note\ny = 'é'\nif x:\n    z = 3\n"


def judged(text: str, edits: Sequence[Edit] = ()) -> list[str]:
    return list(faults(SourceFile("m.py", Path("m.py"), BEFORE), edits, text))


def replaced(old: str, new: str) -> Edit:
    start = BEFORE.index(old)
    return Edit("m.py", start, start + len(old), new)


def test_a_clean_fix_has_no_fault() -> None:
    assert judged(BEFORE) == []
    assert judged(BEFORE.replace("f(1)", "g(1)"), [replaced("f(1)", "g(1)")]) == []
    assert judged(BEFORE.replace("import os\n", "")) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("z = 3", "z = (", "it does not parse"),
        ("z = 3", "return", "it does not compile any more"),
        ("    z = 3", "    z = 4", "more than imports went with what nothing uses"),
        ("  # note", "", "comments lost: ['# note']"),
        ("z = 3", "z = 3  # new", "comments out of nowhere: ['# new']"),
        ("y = 'é'\n", "y = 'é'\r\n", "it has newlines that it did not have: {'\\r\\n'}"),
    ],
)
def test_what_a_fix_must_not_do_is_reported(old: str, new: str, fault: str) -> None:
    assert fault in judged(BEFORE.replace(old, new))


def test_an_edit_that_moves_other_code_is_reported() -> None:
    edit = replaced("if x:\n    ", "")
    assert any(
        fault.startswith("lost outside the edits") for fault in judged(BEFORE.replace("if x:\n    ", ""), [edit])
    )


def test_a_complaint_that_was_there_before_is_not_held_against_the_fix() -> None:
    assert list(new_complaints({"a.py": "import os\n"}, {"a.py": "import os\n\n"})) == []
    assert list(new_complaints({"a.py": ""}, {"a.py": "import os\nx = y\n"})) == [
        ("a.py", "F401 os"),
        ("a.py", "F821 y"),
    ]
