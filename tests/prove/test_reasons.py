"""A reason is one line that tells what went wrong, and nothing that must stay secret."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mooring.prove.reasons import Redactor, cause, last_line

PLAIN = """\
INFO started
Traceback (most recent call last):
  File "server.py", line 1, in <module>
    import nope
ModuleNotFoundError: No module named 'nope'
"""
CHAINED = """\
redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379.

The above exception was the direct cause of the following exception:

mcp.server.mcpserver.exceptions.UnexpectedToolError: Error executing tool lookup
"""
DRAWN = """\
[07:00:00] ERROR    Tool failed                                                 tools.py:88
                    ╭──────────────── Traceback (most recent call last) ────────────────╮
                    │ server.py:20 in lookup                                            │
                    ╰───────────────────────────────────────────────────────────────────╯
                    ConnectionError: Error 111 connecting to localhost:6379.
                    UnexpectedToolError: Error executing tool lookup
"""


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (PLAIN, "ModuleNotFoundError: No module named 'nope'"),
        (CHAINED, "ConnectionError: Error 111 connecting to localhost:6379."),
        (DRAWN, "ConnectionError: Error 111 connecting to localhost:6379."),
        ("KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("", None),
        ("all is well\nDeprecationWarning: old\n", None),
    ],
    ids=["plain", "chained", "drawn by rich", "no message", "nothing", "no error"],
)
def test_the_cause_is_the_last_error_that_is_no_wrapper(output: str, expected: str | None) -> None:
    assert cause(output) == expected


def test_the_last_line_is_the_last_that_says_anything() -> None:
    assert last_line("one\n  two  \n\n   \n") == "two"
    assert last_line(" \n") is None


@given(st.text(min_size=8))
def test_a_password_is_masked_raw_and_quoted(password: str) -> None:
    assume(password not in "AUTH  at redis://:@h:1/0")
    told = Redactor([password])(f"AUTH {password} at redis://:{quote(password, safe='')}@h:1/0")
    assert told == "AUTH *** at redis://:***@h:1/0"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no redis://app:hunter2@db:6379/0, no http://x/y", "no redis://app:***@db:6379/0, no http://x/y"),
        ("bad URL 'redis://:p@ss/w0rd@db'", "bad URL 'redis://:***@db'"),
    ],
)
def test_the_password_of_any_url_is_masked(text: str, shown: str) -> None:
    assert Redactor()(text) == shown


def test_paths_of_this_machine_are_shown_by_their_name() -> None:
    redact = Redactor(folders={Path("/tmp/m-1"): "tmp", Path("/tmp/m-1/after"): "after"})
    assert redact("no /tmp/m-1/after/server.py") == "no after/server.py"


def test_a_reason_is_one_line_of_bounded_length() -> None:
    told = Redactor()("a\n\tb " + "x" * 1000)
    assert told.startswith("a b xxx")
    assert len(told) == 240
