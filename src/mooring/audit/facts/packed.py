"""Facts as bytes, for other processes and for the cache.

Pickle, because a module's facts are a graph: calls stand in bindings and in the list of calls, and are told apart by
identity. Only what this program wrote itself is ever read back.
"""

from __future__ import annotations

import copyreg
import pickle
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter

from mooring.audit.facts.module import Assignment, Import, Module, Parameter, Unreadable
from mooring.audit.facts.values import (
    Argument,
    Attribute,
    Awaited,
    Choice,
    Constant,
    Imported,
    Item,
    Joined,
    Local,
    Mapping,
    Name,
    Opaque,
    Sequence,
)

__all__ = ["Read", "pack", "unpack"]

# What reading one file gives: its facts as far as it can be read, and why that is not all, if it is not.
Read = tuple[Module | None, Unreadable | None]

FROZEN = (
    Argument, Assignment, Attribute, Awaited, Choice, Constant, Import, Imported, Item, Joined, Local, Mapping, Name,
    Opaque, Parameter, Sequence, Unreadable,
)  # fmt: skip


def _by_constructor(kind: type) -> Callable[[object], tuple[type, tuple[object, ...]]]:
    names = [field.name for field in fields(kind)]
    if not names:
        return lambda _: (kind, ())
    get = attrgetter(*names)
    if len(names) == 1:
        return lambda value: (kind, (get(value),))
    return lambda value: (kind, get(value))


# A frozen dataclass with slots is unpickled field by field in Python; by its constructor it is twice as fast.
for _kind in FROZEN:
    copyreg.pickle(_kind, _by_constructor(_kind))


def pack(read: Read) -> bytes:
    """What was read, as bytes; none for a file of which nothing is to be said."""
    if read == (None, None):
        return b""
    return pickle.dumps(read, pickle.HIGHEST_PROTOCOL)


def unpack(data: bytes) -> Read:
    """What `pack` was given. Raises whatever pickle does on bytes that are damaged."""
    if not data:
        return None, None
    read: Read = pickle.loads(data)  # noqa: S301  # see above
    return read
