"""Where lines begin and end in a text: at a line feed, and the carriage return before it if there is one."""

from __future__ import annotations

import re

__all__ = ["indent", "is_alone", "line_end", "line_start", "lines_removed", "next_line"]

# What may follow the last entry of a line.
REST = re.compile(r"[ \t]*(?:#[^\n]*)?\r?(?=\n|\Z)")
BLANKS = re.compile(r"[ \t]*")


def line_start(text: str, offset: int) -> int:
    """Where the line of `offset` begins."""
    return text.rfind("\n", 0, offset) + 1


def line_end(text: str, offset: int) -> int:
    """Where the line of `offset` ends, before its newline."""
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    return end - 1 if text[offset:end].endswith("\r") else end


def next_line(text: str, offset: int) -> int:
    """Where the line after that of `offset` begins."""
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1


def indent(text: str, offset: int) -> str:
    """The blanks that the line of `offset` begins with."""
    match = BLANKS.match(text, line_start(text, offset))
    return match.group() if match else ""


def is_alone(text: str, start: int, end: int) -> bool:
    """Whether nothing but a comment shares the lines of what stands from `start` to `end`."""
    return not text[line_start(text, start) : start].strip() and REST.match(text, end) is not None


def lines_removed(text: str, start: int, end: int) -> str:
    """The text without the lines that hold `start` to `end`; a file that ended without a newline still does."""
    first, after = line_start(text, start), next_line(text, end)
    if after == len(text) and not text.endswith("\n"):
        return text[:first].rstrip("\r\n")
    return text[:first] + text[after:]
