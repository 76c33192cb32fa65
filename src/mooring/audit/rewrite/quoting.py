"""New text inside an f-string: before Python 3.12 its braces must not hold the quotes that the string stands in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mooring.audit.edits import Edit
from mooring.audit.edits.syntax import Syntax

__all__ = ["fitted"]

DOUBLE, SINGLE = '"', "'"
OPENING = re.compile(r"[A-Za-z]*(\"\"\"|'''|\"|')")


def fitted(syntax: Syntax, edits: Iterable[Edit]) -> Iterator[Edit]:
    """The edits, with other quotes where they stand in an f-string that has theirs.

    What has both kinds, or a backslash, stays as it is: its file is found not to parse, and the fix refused.
    """
    for edit in edits:
        around = (start for start, end in syntax.f_strings if start < edit.start and edit.end < end)
        quotes = {match.group(1) for start in around if (match := OPENING.match(syntax.text, start))}
        if DOUBLE in quotes and DOUBLE in edit.text and not {SINGLE, "\\"} & set(edit.text):
            yield replace(edit, text=edit.text.replace(DOUBLE, SINGLE))
        else:
            yield edit
