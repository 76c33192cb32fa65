"""The arguments that reach a constructor, with what `**` unpacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mooring.audit.facts import Argument, Mapping, Sequence, Span, Value
from mooring.audit.project.meanings import Context, Evaluates, Known, Meanings, Structure

__all__ = ["Arguments", "Handed", "gather"]

MAX_UNPACKED = 8

# Arguments, and the context in which they are looked up.
Handed = tuple[tuple[Argument, ...], Context]


@dataclass(frozen=True, slots=True)
class Entry:
    """One argument: its value, where that is looked up, and the span that gives it."""

    value: Value
    context: Context
    span: Span


@dataclass(slots=True)
class Arguments:
    """What a constructor is given; `open` if something unpacked cannot be told."""

    evaluator: Evaluates
    named: dict[str, Entry] = field(default_factory=dict)
    positional: list[Entry] = field(default_factory=list)
    open: bool = False

    def get(self, keyword: str, position: int | None = None) -> Entry | None:
        """The argument called `keyword`, else the one at `position`."""
        if keyword in self.named:
            return self.named[keyword]
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return None

    def meanings(self, keyword: str, position: int | None = None, *, none: bool = False) -> Meanings:
        """Every meaning of that argument; nothing if it is not given or, unless `none`, given as None."""
        entry = self.get(keyword, position)
        found = self.evaluator.meanings(entry.value, entry.context) if entry else ()
        return () if found == (Known(None),) and not none else found


def gather(evaluator: Evaluates, handed: Iterable[Handed]) -> Arguments:
    """The arguments that reach a constructor, part by part; of those given twice the last counts."""
    gathered = Arguments(evaluator)
    for arguments, context in handed:
        part = Arguments(evaluator)
        for argument in arguments:
            _take(part, argument, context)
        gathered.named |= part.named
        gathered.positional += part.positional
        gathered.open |= part.open
    return gathered


def _take(gathered: Arguments, argument: Argument, context: Context) -> None:
    entry = Entry(argument.value, context, argument.value_span)
    if argument.keyword is None:
        gathered.positional.append(entry)
    elif argument.keyword == "*":
        _unpack_positional(gathered, entry)
    elif argument.keyword == "**":
        _unpack(gathered, entry)
    else:
        gathered.named[argument.keyword] = entry


def _unpack_positional(gathered: Arguments, unpacked: Entry) -> None:
    meanings = gathered.evaluator.meanings(unpacked.value, unpacked.context)
    if len(meanings) == 1 and isinstance(meanings[0], Structure) and isinstance(meanings[0].value, Sequence):
        items, context = meanings[0].value.items, meanings[0].context
        gathered.positional += [Entry(item, context, unpacked.span) for item in items]
    else:
        gathered.open = True


def _unpack(gathered: Arguments, unpacked: Entry, depth: int = 0) -> None:
    evaluator = gathered.evaluator
    meanings = evaluator.meanings(unpacked.value, unpacked.context)
    gathered.open = gathered.open or not meanings or depth > MAX_UNPACKED
    if depth > MAX_UNPACKED:  # a mapping that is unpacked into itself has no end
        return
    for meaning in meanings:
        if not (isinstance(meaning, Structure) and isinstance(meaning.value, Mapping)):
            gathered.open = True
            continue
        for key, value in reversed(meaning.value.items):  # of equal keys the last counts
            entry = Entry(value, meaning.context, unpacked.span)
            names = () if key is None else evaluator.meanings(key, meaning.context)
            if key is None:
                _unpack(gathered, entry, depth + 1)
            elif len(names) == 1 and isinstance(names[0], Known):
                gathered.named.setdefault(str(names[0].value), entry)
            else:
                gathered.open = True
