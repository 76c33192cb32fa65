"""Files of variables (`.env`) → what each sets, and where."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from mooring.audit.facts import EnvVar, Place, Span
from mooring.audit.manifests.said import Said

__all__ = ["is_dotenv", "spoken", "variables"]

# Samples are for reading, not for running (the audit's contract).
SAMPLE = re.compile(r"example|sample|template|dist\b|default", re.IGNORECASE)
NAME = re.compile(r"(?:\.env(?:\.[\w.-]+)?|[\w.-]*\.env)")
LINE = re.compile(r"^(?P<before>[ \t]*(?:export[ \t]+)?)(?P<name>[A-Za-z_]\w*)(?P<given>[ \t]*=[ \t]*)(?P<text>.*)$")
QUOTED = re.compile(r"(?P<quote>[\"'])(?P<text>.*?)(?P=quote)[ \t]*(?:#.*)?")


def is_dotenv(path: str) -> bool:
    """Whether a file holds variables by its name, and is no sample."""
    name = posixpath.basename(path)
    return NAME.fullmatch(name) is not None and not SAMPLE.search(name)


def variables(path: str, text: str) -> Iterator[EnvVar]:
    """The variables that a file sets, one a line."""
    for number, line in enumerate(text.splitlines(), start=1):
        match = LINE.match(line)
        if match is None:
            continue
        quoted = QUOTED.fullmatch(match["text"].rstrip())
        value = quoted["text"] if quoted else re.split(r"(?:^|[ \t])#", match["text"])[0].rstrip()
        start = match.start("text") + (1 if quoted else 0)
        at = Place(path, Span(number, start + 1, number, start + 1 + len(value)))
        yield EnvVar(match["name"], value, None, path, Span(number, match.start("name") + 1, number, len(line) + 1), at)


def spoken(variable: EnvVar) -> Said:
    """What a variable says, for those who look for addresses and passwords."""
    place = variable.at
    return Said(variable.name, variable.value or "", place.span if place else variable.span, about=False)
