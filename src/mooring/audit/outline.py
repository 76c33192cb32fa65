"""What the bytes of a Python file tell without parsing it: whether it can matter, and which names in it cannot.

Most calls in a file with Redis in it go to functions of the tree that have nothing to do with Redis. To know that they
make no client, it is enough to see that the name is defined by `def`, or as a class of no special kind.
"""

from __future__ import annotations

import re

__all__ = ["imported_words", "may_matter", "ordinary_names", "patched_names"]

# A Python file without any of these words, in whatever case, makes no Redis client; its facts are read only if another
# one needs them.
WORDS = (b"redis", b"valkey", b"glide", b"celery", b"storage_uri")
IMPORT = re.compile(rb"^[ \t]*(?:from|import)\b[^\n(]*(?:\([^)]*\))?", re.MULTILINE)
STAR = re.compile(rb"\bimport[ \t]+\*")
DEFINITION = re.compile(
    rb"^[ \t]*(?:async[ \t]+)?(?P<kind>def|class)[ \t]+(?P<name>\w+)[ \t]*(?:\((?P<bases>[^)]*)\))?", re.MULTILINE
)
AGAIN = re.compile(rb"^[ \t]*(\w+)[ \t]*[:=,]|\b(?:as|global)[ \t]+(\w+)", re.MULTILINE)
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


def ordinary_names(data: bytes) -> frozenset[bytes]:
    """The names of a file that are surely no clients: functions, and classes of no special kind.

    A name of which that cannot be seen at a glance is not among them.
    """
    if may_matter(data) or STAR.search(data):
        return frozenset()
    defined: set[bytes] = set()
    special: set[bytes] = set()
    for match in DEFINITION.finditer(data):
        plain = match["kind"] != b"class" or _plain(match["bases"])
        (defined if plain else special).add(match["name"])
    # Given again as a variable, by `as` or by an import, a name may be anything.
    again = {name for names in AGAIN.findall(data) for name in names}
    if b":=" in data:
        again.update(WALRUS.findall(data))
    return frozenset(defined - special - again - imported_words(data))


def patched_names(data: bytes) -> frozenset[str]:
    """The dotted names that a test puts a stand-in for: `patch("app.redis")`, `setattr(app.redis, "Redis", fake)`."""
    if b"patch" not in data:
        return frozenset()
    texts = {name.decode() for name in DOTTED_TEXT.findall(data)}
    attributes = {b".".join(parts).decode() for parts in PATCHED_ATTRIBUTE.findall(data)}
    return frozenset(texts | attributes)


def _plain(bases: bytes | None) -> bool:
    """Whether the bases of a class, as they stand, are all ordinary."""
    names = [base.split(b"[")[0].strip().rpartition(b".")[2] for base in (bases or b"").split(b",")]
    return all(name in ORDINARY_BASES or not name or b"=" in name for name in names)
