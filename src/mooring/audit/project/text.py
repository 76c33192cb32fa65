"""Methods of text: what an address is still known to be after it is stripped, split, formatted or taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from mooring.audit.facts import Call, Constant, Sequence, Value
from mooring.audit.project.meanings import Context, Evaluates, Formed, Known, Meaning, Meanings, Outside, Structure
from mooring.audit.project.provenance import host_of
from mooring.audit.python.formats import braces

__all__ = ["joined", "part_of_url", "transformed"]

# Methods that leave text as telling as it was.
SAME = frozenset(
    {"strip", "lstrip", "rstrip", "replace", "lower", "upper", "removeprefix", "removesuffix", "encode", "decode",
     "get_secret_value", "unicode_string", "render_as_string"}
)  # fmt: skip
SPLITS = frozenset({"split", "rsplit", "partition", "rpartition", "splitlines"})
# Attributes of a parsed URL, under the names of urllib, yarl and pydantic, as urllib calls them.
URL_PARTS = {
    **{name: name for name in ("scheme", "netloc", "hostname", "port", "username", "password", "path", "query")},
    "host": "hostname",
    "user": "username",
}


def transformed(evaluator: Evaluates, texts: Meanings, method: str, call: Call, context: Context) -> list[Meaning]:
    """What `texts.method(…)` gives; nothing if `texts` holds no text or the method is not one that is followed."""
    known = [text for text in texts if isinstance(text, Known | Formed | Outside)]
    if method in SAME:
        return list(known)
    if method in SPLITS:
        return [_split(evaluator, text, method, call, context) for text in known]
    if method == "format":
        return [m for text in known if _is_text(text) for m in _formatted(evaluator, text, call, context)]
    return []


def joined(evaluator: Evaluates, parts: tuple[Value, ...], context: Context) -> Meaning:
    """Text that is put together of `parts`: known where each of them is, and only so."""
    evaluated = [evaluator.meanings(part, context) for part in parts]
    if all(len(part) == 1 and isinstance(part[0], Known) for part in evaluated):
        return Known("".join(str(part[0].value) for part in evaluated if isinstance(part[0], Known)))
    flat: list[Meanings] = []
    for part in evaluated:
        if len(part) == 1 and isinstance(part[0], Formed):
            flat += part[0].parts
        else:
            flat.append(part)
    return Formed(tuple(flat))


def _is_text(meaning: Meaning) -> bool:
    return isinstance(meaning, Known) and isinstance(meaning.value, str)


def _formatted(evaluator: Evaluates, text: Meaning, call: Call, context: Context) -> Meanings:
    template = text.value if isinstance(text, Known) else ""
    return evaluator.meanings(braces(str(template), call.arguments), context)


def _split(evaluator: Evaluates, text: Meaning, method: str, call: Call, context: Context) -> Meaning:
    """The parts of a literal, if it is known how it is split; else the text itself speaks for each part."""
    if not isinstance(text, Known) or not isinstance(text.value, str):
        return text
    given = [evaluator.meanings(argument.value, context) for argument in call.arguments]
    values = [meanings[0].value for meanings in given if len(meanings) == 1 and isinstance(meanings[0], Known)]
    if len(values) != len(given):
        return text
    try:
        parts = getattr(text.value, method)(*values)
    except (TypeError, ValueError):  # not what the method takes
        return text
    return Structure(Sequence(tuple(Constant(part) for part in parts)), context)


def part_of_url(url: Meaning, attribute: str) -> Iterator[Meaning]:
    """`url.hostname` and its like; nothing if `attribute` is no part of a URL, or `url` is not known enough."""
    if attribute not in URL_PARTS:
        return
    if isinstance(url, Formed) and URL_PARTS[attribute] == "hostname":
        yield from host_of(url)
    elif isinstance(url, Known) and isinstance(url.value, str) and "://" in url.value:
        try:
            part = getattr(urlsplit(url.value), URL_PARTS[attribute])
        except ValueError:  # a port that is no number
            return
        yield Known(unquote(part) if isinstance(part, str) else part)
