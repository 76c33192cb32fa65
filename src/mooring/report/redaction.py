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
SHORTEST = 4


class Redactor:
    """Masks the secrets that an audit's sites are given, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: a secret may be part of another.
        self._secrets = sorted({secret for secret in secrets if secret}, key=lambda secret: (-len(secret), secret))

    @classmethod
    def of(cls, sites: Iterable[Site]) -> Redactor:
        """Make a redactor that knows the literal passwords of `sites`."""
        return cls(secret for site in sites for secret in _secrets(site))

    def __call__(self, text: str) -> str:
        """`text` with `***` in place of each secret."""
        for secret in self._secrets:
            # A plain word ("redis", "password") is a secret only where it stands as a literal.
            if len(secret) >= SHORTEST and not secret.isalpha():
                text = text.replace(secret, MASK)
            else:
                text = re.sub(rf"([\"']){re.escape(secret)}\1", rf"\1{MASK}\1", text)
        text = URL_PASSWORD.sub(rf"\1{MASK}", text)
        return NAMED_SECRET.sub(rf"\g<name>\g<quote>{MASK}\g<quote>", text)


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
