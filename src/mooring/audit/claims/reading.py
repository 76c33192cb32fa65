"""Reads a file of claims and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec

from mooring.audit.catalogue import catalogue
from mooring.audit.claims.address import Address
from mooring.audit.claims.model import LIBRARIES, Claim, Claims, Unit
from mooring.audit.facts.families import FAMILIES
from mooring.audit.toml import load
from mooring.errors import UsageError

__all__ = ["read_claims"]

KINDS = ("mcp", "python")


def read_claims(file: Path) -> Claims:
    """The claims in a file. Raises `UsageError` naming the file, the claim, the key and what may stand there."""
    document = load(file)
    _known(document, ("tree", "claim"), f"{file}: a file of claims")
    tree = _text(document["tree"], f"{file}: tree") if "tree" in document else None
    tables = document.get("claim")
    if not isinstance(tables, list) or not tables:
        raise UsageError(f"{file}: holds no claim; each begins with [[claim]]")
    claims = tuple(_claim(table, f"{file}: claim {number}", number) for number, table in enumerate(tables, start=1))
    return Claims(None if tree is None else file.parent / tree, claims)


def _claim(table: object, where: str, number: int) -> Claim:
    if not isinstance(table, dict):
        raise UsageError(f"{where}: must be a table; each begins with [[claim]]")
    _known(table, tuple(READERS), f"{where}: a claim")
    if "text" not in table:
        raise UsageError(f"{where}: text is missing; it says the claim in words")
    read: dict[str, Any] = {key: READERS[key](value, f"{where}: {key}") for key, value in table.items()}
    family = read.pop("family", ())
    read["rules"] = tuple(sorted({*read.get("rules", ()), *family}))
    read["every"] = read.pop("all", False)
    _check_whole(read, where)
    if read["every"]:
        read.setdefault("unit", Unit.SERVICES)
    elif not read["rules"] and "endpoint" in read:
        read.setdefault("unit", Unit.SITES)
    return Claim(number, **read)


def _check_whole(read: Mapping[str, Any], where: str) -> None:
    """Whether the keys make sense together."""
    about = read["rules"] or "endpoint" in read
    if not about and not read.keys() & {"count", "quotes", "libraries", "credentials"}:
        checks = "rules, family, endpoint, count, quotes, libraries or credentials"
        raise UsageError(f"{where}: nothing to check; give {checks}")
    if "count" in read and not about and "unit" not in read:
        raise UsageError(f"{where}: count: of what? give unit, or rules, family or endpoint")
    if "unit" in read and not about and "count" not in read:
        raise UsageError(f"{where}: unit: nothing is counted; give count, rules, family or endpoint")
    if read["every"]:
        if not about:
            raise UsageError(f"{where}: all: what have they all? give rules, family or endpoint")
        if read.get("unit") is Unit.FINDINGS:
            raise UsageError(f"{where}: all: goes with unit services, files or sites, not findings")
        if read.get("count") == 0:
            raise UsageError(f"{where}: all: contradicts count = 0; leave it out")


def _known(table: Mapping[str, object], keys: tuple[str, ...], what: str) -> None:
    unknown = sorted(table.keys() - set(keys))
    if unknown:
        raise UsageError(f"{what} has no {unknown[0]!r}; there are {', '.join(keys)}")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where} must be a text that is not empty")
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) and item.strip() for item in value):
        raise UsageError(f"{where} must be a list of texts, neither it nor any of them empty")
    return tuple(dict.fromkeys(value))


def _one_of(words: tuple[str, ...]) -> Callable[[object, str], str]:
    def read(value: object, where: str) -> str:
        if value not in words:
            raise UsageError(f"{where} must be one of {', '.join(words)}")
        return str(value)

    return read


def _some_of(words: tuple[str, ...]) -> Callable[[object, str], tuple[str, ...]]:
    def read(value: object, where: str) -> tuple[str, ...]:
        texts = _texts(value, where)
        for text in texts:
            _one_of(words)(text, f"{where}: {text!r}")
        return texts

    return read


def _rules(value: object, where: str) -> tuple[str, ...]:
    return _some_of(tuple(rule.code for rule in catalogue()))(value, where)


def _family(value: object, where: str) -> tuple[str, ...]:
    # A family without any rule would refute every claim about it.
    members: dict[str, list[str]] = {}
    for rule in catalogue():
        members.setdefault(FAMILIES[rule.code[2]], []).append(rule.code)
    return tuple(members[_one_of(tuple(members))(value, where)])


def _endpoint(value: object, where: str) -> Address:
    address = Address.parse(_text(value, where))
    if address is None:
        raise UsageError(f"{where} must be a host, host:port, a URL or the path of a socket")
    return address


def _number(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"{where} must be a whole number, 0 for none")
    return value


def _unit(value: object, where: str) -> Unit:
    return Unit(_one_of(tuple(Unit))(value, where))


def _switch(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{where} must be true or false")
    return value


def _patterns(value: object, where: str) -> tuple[str, ...]:
    texts = _texts(value, where)
    for text in texts:
        try:
            GitIgnoreSpec.from_lines([text])
        except ValueError as error:
            raise UsageError(f"{where}: {text!r} is no pattern of git: {error}") from error
    return texts


READERS: dict[str, Callable[[object, str], object]] = {
    "text": _text,
    "rules": _rules,
    "family": _family,
    "endpoint": _endpoint,
    "count": _number,
    "unit": _unit,
    "all": _switch,
    "quotes": _texts,
    "libraries": _some_of(LIBRARIES),
    "credentials": _switch,
    "paths": _patterns,
    "services": _texts,
    "kind": _one_of(KINDS),
}
