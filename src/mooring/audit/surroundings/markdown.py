"""Text and code of Markdown, in which nothing that comes from the audited tree is markup."""

from __future__ import annotations

import re

__all__ = ["code", "text", "uncode"]

# An underscore within a word is one in Markdown too.
MARKUP = re.compile(r"[\\`*\[\]<>&|~#@$]|(?<![^\W_])_|_(?![^\W_])")
TICKS = re.compile("`+")
CODE = re.compile(r"(?P<ticks>`+)(?P<pad> ?)(?P<inner>.*)(?P=pad)(?P=ticks)")


def text(words: str) -> str:
    """`words` as text, on one line."""
    return MARKUP.sub(r"\\\g<0>", _line(words))


def code(words: str) -> str:
    """`words` as code, on one line, also in a cell of a table."""
    line = _line(words).replace("|", r"\|")
    ticks = "`" * (max((len(run) for run in TICKS.findall(line)), default=0) + 1)
    pad = " " if len(ticks) > 1 else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def uncode(cell: str) -> str | None:
    """What `code` was given, as far as it is on one line; None for anything else."""
    match = CODE.fullmatch(cell)
    return match["inner"].replace(r"\|", "|") if match else None


def _line(words: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in " ".join(words.split()))
