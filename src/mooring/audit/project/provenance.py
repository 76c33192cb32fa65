"""Who decides where a site connects, and what of the address is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Flag, auto
from urllib.parse import parse_qsl, unquote, urlsplit

from mooring.audit.facts import Endpoint, Provenance
from mooring.audit.project.meanings import External, Formed, Known, Made, Meaning, Outside, Typed

__all__ = [
    "Origin",
    "classify",
    "described",
    "host_of",
    "known_text",
    "origin",
    "url_endpoint",
    "url_origin",
    "url_password",
]

# Everything before the host of a URL, then the host; markers of unknown parts are private-use characters.
HOST = re.compile(r"^(?:[^:/?#@\[\]]*://)?(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)")
MARKS = 0xE000
MARKED = re.compile("[\ue000-\uf8ff]")
# A password may hold an @, so the last one ends it.
USERINFO = re.compile(r"(?P<head>://[^/?#@:]*:)(?P<secret>.+)@", re.DOTALL)
QUERY = re.compile(r"(?P<head>[?&]password=)(?P<secret>[^&#]+)")


class Origin(Flag):
    """What the possible values of an expression come from."""

    NONE = 0
    LITERAL = auto()
    EXTERNAL = auto()
    UNKNOWN = auto()


def origin(meanings: Iterable[Meaning]) -> Origin:
    """The origins of a plain value, such as a host."""
    found = Origin.NONE
    for meaning in meanings:
        found |= _origin(meaning)
    return found


def url_origin(meanings: Iterable[Meaning]) -> Origin:
    """The origins of the host part of a URL."""
    found = Origin.NONE
    for meaning in meanings:
        found |= _host_origin(meaning.parts) if isinstance(meaning, Formed) else _origin(meaning)
    return found


def classify(found: Origin) -> Provenance:
    """The contract's word for what decides an endpoint."""
    if Origin.LITERAL in found:
        return Provenance.LITERAL if found == Origin.LITERAL else Provenance.FALLBACK
    if Origin.EXTERNAL in found:
        return Provenance.EXTERNAL
    return Provenance.UNKNOWN


def _origin(meaning: Meaning) -> Origin:
    match meaning:
        case Known(value=None) | Known(value=""):
            return Origin.NONE
        case Known():
            return Origin.LITERAL
        case External(guessed=True):  # nothing says what this is
            return Origin.UNKNOWN
        case Outside() | External() | Made() | Typed():
            return Origin.EXTERNAL
        case Formed(parts=parts):
            inner = [origin(part) for part in parts]
            open_parts = [part for part in inner if part != Origin.LITERAL]
            return open_parts[0] if open_parts else Origin.LITERAL
    return Origin.UNKNOWN


def _host_origin(parts: tuple[tuple[Meaning, ...], ...]) -> Origin:
    return url_origin(host_of(Formed(parts))) or Origin.UNKNOWN


def host_of(url: Formed) -> tuple[Meaning, ...]:
    """What the host of a URL means that is put together from parts."""
    text, open_parts = _template(url.parts)
    match = HOST.match(text)
    host = match.group(1) if match else text
    marked = [open_parts[ord(character) - MARKS] for character in host if _is_mark(character)]
    return marked[-1] if marked else (Known(host),)


def _template(parts: tuple[tuple[Meaning, ...], ...]) -> tuple[str, list[tuple[Meaning, ...]]]:
    """The text with a mark for each part that is not known, and those parts."""
    text = ""
    open_parts: list[tuple[Meaning, ...]] = []
    for part in parts:
        if len(part) == 1 and isinstance(part[0], Known):
            text += MARKED.sub("?", str(part[0].value))
        else:
            text += chr(MARKS + len(open_parts))
            open_parts.append(part)
    return text, open_parts


def _is_mark(character: str) -> bool:
    return MARKS <= ord(character) < MARKS + 0x1900


def url_endpoint(meanings: tuple[Meaning, ...]) -> Endpoint:
    """The endpoint that a URL names, as far as it is known, without its secrets."""
    known = [meaning for meaning in meanings if meaning not in (Known(None), Known(""))]
    if len(known) == 1 and isinstance(known[0], Known):
        return _parsed(str(known[0].value))
    handed = any(isinstance(meaning, Outside) and meaning.handed for meaning in known)
    return Endpoint(described(meanings), "url", handed=handed)


def _parsed(url: str) -> Endpoint:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Endpoint("malformed URL", "url")
    if parts.scheme == "unix":
        return Endpoint(f"unix://{parts.path}", "socket", known=True, scheme="unix", host=unquote(parts.path))
    path = parts.path.strip("/")
    return Endpoint(
        redacted(url),
        "url",
        known=True,
        scheme=parts.scheme or "redis",
        host=parts.hostname,
        port=port,
        db=int(path) if path.isdigit() else None,
        options=tuple((name, "***" if name == "password" else text) for name, text in parse_qsl(parts.query)),
        userinfo="@" in parts.netloc or QUERY.search(url) is not None,
    )


def known_text(meaning: Known | Formed) -> str:
    """The text of a literal, or of one with parts left open, which are one unlikely character each."""
    return _template(meaning.parts)[0] if isinstance(meaning, Formed) else str(meaning.value)


def url_password(meanings: Iterable[Meaning]) -> bool:
    """Whether a literal URL among `meanings`, or the literal part of one, carries a password."""
    for meaning in meanings:
        if isinstance(meaning, Known | Formed):
            text = known_text(meaning)
            for match in (USERINFO.search(text), QUERY.search(text)):
                if match and not all(_is_mark(character) for character in match["secret"]):
                    return True
    return False


def redacted(url: str) -> str:
    """The URL with its password, if any, as `***`."""
    return QUERY.sub(r"\g<head>***", USERINFO.sub(r"\g<head>***@", url))


def described(meanings: Iterable[Meaning]) -> str:
    """A short text for people: `$REDIS_URL or redis://localhost:6379`."""
    told = dict.fromkeys(_described(meanings))
    if len(told) > 1:
        told.pop("?", None)
    return " or ".join(told) or "?"


def _described(meanings: Iterable[Meaning]) -> Iterator[str]:
    for meaning in meanings:
        match meaning:
            case Known(value=None) | Known(value=""):
                continue
            case Known(value=value):
                yield redacted(str(value))
            case Outside(name=str(name)):
                yield f"${name}"
            case Formed(parts=parts):
                yield redacted("".join(described(part) for part in parts))
            case External(name=name):
                yield name
            case _:
                yield "?"
