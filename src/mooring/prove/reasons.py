"""Why a server failed, in one line that holds no secret and no path of this machine. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

__all__ = ["Redactor", "cause", "last_line"]

_LONGEST = 240
_ERROR = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Refused|Timeout|Closed|Exit|Interrupt|Denied))(?::\s*(.+))?$")
# The SDK wraps what a tool raises, and keeps the text of it from the client.
_WRAPPERS = frozenset({"UnexpectedToolError", "ToolError", "MCPError", "BaseExceptionGroup", "ExceptionGroup"})
# To the last "@" of the word: a password that nobody quoted may hold a slash or another "@".
_USERINFO = re.compile(r"(://[^:/@\s]*):[^\s'\"]*@")


def cause(output: str) -> str | None:
    """The last exception that a server's output shows, the SDK's own wrapping aside."""
    found: str | None = None
    for line in output.splitlines():
        match = _ERROR.match(line.strip(" │|\t"))
        if match and match.group(1) not in _WRAPPERS:
            name, text = match.groups()
            found = f"{name}: {text.strip()}" if text else name
    return found


def last_line(output: str) -> str | None:
    """The last line of a server's output that says anything."""
    return next((line.strip() for line in reversed(output.splitlines()) if line.strip()), None)


class Redactor:
    """Takes secrets and this machine's paths out of a text: passwords as they are and quoted, and those of any URL.

    A path of `folders` is shown as the name that is given for it.
    """

    def __init__(self, passwords: Iterable[str] = (), folders: Mapping[Path, str] | None = None) -> None:
        hidden: set[str] = set()
        for password in filter(None, passwords):
            hidden |= {password, quote(password, safe=""), quote(password)}
        names = sorted((folders or {}).items(), key=lambda item: -len(str(item[0])))
        self._hidden = sorted(hidden, key=len, reverse=True)
        self._folders = [(str(path), name) for path, name in names]

    def hiding(self, passwords: Iterable[str]) -> Redactor:
        """One that knows these passwords too."""
        known = Redactor(passwords)
        known._hidden = sorted({*self._hidden, *known._hidden}, key=len, reverse=True)
        known._folders = self._folders
        return known

    def __call__(self, text: str) -> str:
        """The text in one line of bounded length, redacted."""
        for secret in self._hidden:
            text = text.replace(secret, "***")
        text = _USERINFO.sub(r"\1:***@", " ".join(text.split()))
        for path, name in self._folders:
            text = text.replace(path, name)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
