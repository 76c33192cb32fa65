"""What the bytes of a Python file tell without parsing it: whether it can matter, and which names in it cannot.

Most calls in a file with Redis in it go to functions of the tree that have nothing to do with Redis. To know that they
make no client, it is enough to see that the name is defined by `def`, or as a class of no special kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Mention", "imported_words", "is_ordinary", "may_matter", "mentioned", "patched_names"]

# A Python file without any of these words, in whatever case, makes no Redis client; its facts are read only if another
# one needs them.
WORDS = (b"redis", b"valkey", b"glide", b"celery", b"storage_uri")
IMPORT = re.compile(rb"^[ \t]*(?:from|import)\b[^\n(]*(?:\([^)]*\))?", re.MULTILINE)
STAR = re.compile(rb"\bimport[ \t]+\*")
PART = re.compile(rb"\w")
# What stands on the line before a name that is defined there.
DEFINITION = re.compile(rb"[ \t]*(?:async[ \t]+)?(def|class)[ \t]+")
BASES = re.compile(rb"[ \t]*\(([^)]*)\)")
# What follows a name that is only used, and what comes before one that is given something.
USE = re.compile(rb"[ \t]*(?:[(.\[]|[\])](?![ \t)\]]*=[^=]))")
BINDING = re.compile(rb"\b(?:as|global|nonlocal|for|lambda)[ \t(]*\Z|\A[ \t]*(?:from|import)\b")
DOTTED_TEXT = re.compile(rb"[\"']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)[\"']")
PATCHED_ATTRIBUTE = re.compile(rb"(?:setattr|patch\.object)\(\s*([\w.]+)\s*,\s*[\"'](\w+)")
WALRUS = re.compile(rb"(\w+)[ \t]*:=")
WORD = re.compile(rb"\w+")
# Bases whose subclasses are no clients.
ORDINARY_BASES = frozenset(
    b"object Exception RuntimeError ValueError TypeError Enum StrEnum IntEnum str int dict list Protocol ABC Generic "
    b"NamedTuple TypedDict BaseModel BaseSettings Base Model Thread".split()
)


def may_matter(data: bytes) -> bool:
    """Whether a file may make a Redis client by itself."""
    lowered = data.lower()
    return any(word in lowered for word in WORDS)


def imported_words(data: bytes) -> set[bytes]:
    """The words of the import statements in a file."""
    return {word for statement in IMPORT.findall(data) for word in WORD.findall(statement)}


class Mention(NamedTuple):
    """A name by which others use what a module makes; `module` is its last name, `function` tells a variable apart.

    A function may be a method, which is called on objects that come from anywhere.
    """

    module: str
    name: str
    function: bool


def mentioned(data: bytes, one: Mention) -> bool:
    """Whether a file that imports a module, but not a name of it, may use that: through the module, or by a star."""
    module, name = one.module.encode(), one.name.encode()
    reached = (b"%s.%s" % (module, name), b"%s as " % module)
    return name in data and (one.function or any(text in data for text in reached) or bool(STAR.search(data)))


def is_ordinary(data: bytes, name: str) -> bool:
    """Whether a name of a file is surely no client: a function, or a class of no special kind, and nothing else.

    Wherever it stands, it must be seen to be defined, called or used; given again as a variable, by `as`, by a star or
    by an import, it may be anything.
    """
    word = name.encode()
    if word not in data or may_matter(data) or STAR.search(data):
        return False
    defined = False
    for start in _occurrences(data, word):
        end = start + len(word)
        before = data[data.rfind(b"\n", 0, start) + 1 : start]
        definition = DEFINITION.fullmatch(before)
        if definition is None:
            if not USE.match(data, end) or BINDING.search(before):
                return False
        elif definition[1] == b"class" and not _plain(data, end):
            return False
        else:
            defined = True
    return defined


def _occurrences(data: bytes, word: bytes) -> Iterator[int]:
    """Where `word` stands as a word of its own."""
    start = data.find(word)
    while start >= 0:
        end = start + len(word)
        if not (PART.match(data, end) or (start and PART.match(data, start - 1))):
            yield start
        start = data.find(word, end)


def patched_names(data: bytes) -> frozenset[str]:
    """The dotted names that a test puts a stand-in for: `patch("app.redis")`, `setattr(app.redis, "Redis", fake)`."""
    if b"patch" not in data:
        return frozenset()
    texts = {name.decode() for name in DOTTED_TEXT.findall(data)}
    attributes = {b".".join(parts).decode() for parts in PATCHED_ATTRIBUTE.findall(data)}
    return frozenset(texts | attributes)


def _plain(data: bytes, end: int) -> bool:
    """Whether the bases of the class whose name ends at `end`, as they stand, are all ordinary."""
    bases = BASES.match(data, end)
    names = [base.split(b"[")[0].strip().rpartition(b".")[2] for base in (bases[1] if bases else b"").split(b",")]
    return all(name in ORDINARY_BASES or not name or b"=" in name for name in names)
