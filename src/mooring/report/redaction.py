"""Keeps passwords out of everything that is shown: frames, messages, diffs, JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from mooring.audit.facts import Constant, Mapping, Site, Value
from mooring.audit.rewrite.given import resolved

__all__ = ["MASK", "Redactor"]

MASK = "***"
# A password in a URL, unless it is only a place for one (`{password}`, `$PASSWORD`).
URL_PASSWORD = re.compile(r"(://[^\s'\"/?#@:]*:)(?!\{[^{}\s]*\}@|\$)([^\s'\"]+)(?=@)")
# A literal given to a name that says it is a secret: `password="…"`, `"password": "…"`, `PASSWORD: str = '…'`.
NAMED_SECRET = re.compile(
    r"(?P<name>(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|auth)[\"']?\s*"
    r"(?::\s*[\w.\[\]| ]+=|[:=])\s*[rbu]{0,2})(?P<quote>[\"'])(?P<secret>[^\"'\r\n]+)(?P=quote)",
    re.IGNORECASE,
)
# Where a manifest or a command line gives a secret without quotes; it ends in it.
GIVEN = (
    r"(?:pass(?:word|wd|phrase)?|pwd|auth|requirepass|masterauth|value|-a)[\"']?[\s:=,]+[\"']?"
    r"|:-|://[^\s'\"/?#@:]*:|^[ \t]*-[ \t]+[\"']?"
)
# What every match of the above holds.
SECRET_WORDS = ("pass", "pwd", "secret", "token", "key", "auth")
SHORTEST = 4


class Redactor:
    """Masks the secrets that an audit's sites are given, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: a secret may be part of another.
        known = sorted({secret for secret in secrets if secret}, key=lambda secret: (-len(secret), secret))
        # A plain word ("redis", "password") is a secret only where it stands as a literal.
        words = [secret for secret in known if len(secret) < SHORTEST or secret.isalpha()]
        others = [secret for secret in known if secret not in words]
        self._others = re.compile("|".join(map(re.escape, others))) if others else None
        plain = "|".join(map(re.escape, words))
        self._words = re.compile(rf"([\"'])(?:{plain})\1") if words else None
        self._given = re.compile(rf"({GIVEN})(?:{plain})(?![\w-])", re.IGNORECASE | re.MULTILINE) if words else None

    @classmethod
    def of(cls, sites: Iterable[Site], secrets: Iterable[str] = ()) -> Redactor:
        """Make a redactor that knows the literal passwords of `sites`, and other `secrets`, those of manifests."""
        return cls([*(secret for site in sites for secret in _secrets(site)), *secrets])

    def __call__(self, text: str) -> str:
        """`text` with `***` in place of each secret."""
        if self._others:
            text = self._others.sub(MASK, text)
        if self._words and self._given:
            text = self._given.sub(rf"\g<1>{MASK}", self._words.sub(rf"\1{MASK}\1", text))
        # A glance first: most texts hold neither.
        if "://" in text and "@" in text:
            text = URL_PASSWORD.sub(rf"\1{MASK}", text)
        if ('"' in text or "'" in text) and any(word in text.lower() for word in SECRET_WORDS):
            text = NAMED_SECRET.sub(rf"\g<name>\g<quote>{MASK}\g<quote>", text)
        return text


def _secrets(site: Site) -> Iterator[str]:
    if site.literal_password is None:
        return
    for argument in site.call.arguments:
        if argument.value_span == site.literal_password:
            yield from _literals(resolved(site.module, site.call.scope, argument.value))


def _literals(value: Value) -> Iterator[str]:
    match value:
        case Constant(value=str(text)) if "://" in text:
            for found in URL_PASSWORD.finditer(text):
                yield from (found[2], unquote(found[2]))
        case Constant(value=str(text)):
            yield text
        case Mapping(items=items):
            for key, item in items:
                if key in (Constant("password"), Constant("url")):
                    yield from _literals(item)
