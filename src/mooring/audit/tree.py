"""The files of an audited tree: their bytes, text and facts, and what cannot be read of them."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from mooring.audit.facts import Module, Unreadable
from mooring.audit.facts.packed import Read, pack, unpack
from mooring.audit.files import SourceFile, Undecodable, decode, is_test
from mooring.audit.manifests import concerns, is_manifest
from mooring.audit.memory import Memory
from mooring.audit.notebooks import SUFFIX
from mooring.audit.outline import Mention, imported_words, may_matter, mentioned, patched_names
from mooring.audit.reading import Reading, Wanted, cores, read_file, read_source, unreachable
from mooring.audit.store import Store

__all__ = ["Tree"]

# Bytes; a syntax tree takes a hundred times as much.
LARGEST = 32 * 1024 * 1024


class Tree:
    """The files at `paths` below `root`; those that cannot be read are noted, not raised.

    `overlay` holds contents by path that take the place of what is on disk. `store` keeps what was read of a file, so
    that it is parsed anew only when it changes. At most `jobs` processes read.
    """

    def __init__(
        self, root: Path, paths: Sequence[str], *, overlay: Mapping[str, bytes], store: Store, jobs: int | None
    ) -> None:
        self.root = root
        self.paths = tuple(paths)
        self.python = tuple(path for path in self.paths if path.endswith((".py", SUFFIX)))
        self.unreadable: dict[str, Unreadable] = {}
        # What was looked at besides, whether it is there or not.
        self.peeked: set[str] = set()
        self._overlay = overlay
        self._sources: dict[str, SourceFile] = {}
        self._memory = Memory(store)
        self._jobs = cores() if jobs is None else jobs
        self._reading: Reading | None = None
        # Packed, because most of it is never looked at.
        self._facts: dict[str, bytes] = {}
        self._faults: dict[str, bytes] = {}
        self._loaded: set[str] = set()
        self._importing: dict[bytes, list[str]] | None = None

    def __enter__(self) -> Self:
        """Nothing is read yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what still reads, and keep what was read."""
        if self._reading is not None:
            self._reading.close()
        self._memory.save()

    def data(self, path: str) -> bytes:
        """The bytes of a file; none if it cannot be read."""
        try:
            return self._bytes(path)
        except OSError as error:
            self.unreadable[path] = unreachable(path, error)
            return b""

    def source(self, path: str) -> SourceFile:
        """The text of a file; raises `Undecodable` or `OSError` if it has none."""
        if path not in self._sources:
            self._sources[path] = read_source(self.root, path, self._bytes(path))
        return self._sources[path]

    def candidates(self, *, include_tests: bool) -> list[str]:
        """The Python files that may make a Redis client.

        These are read now, by all cores if they are many; that done, those look at all others while the audit goes on.
        """
        sizes: dict[str, int] = {}
        found: set[str] = set()
        for path in self.python:
            data = self.data(path)
            if (include_tests or not is_test(path)) and may_matter(data):
                found.add(path)
            self._memory.ask(path, data, facts=path in found)
            sizes[path] = len(data)
        self._facts = self._memory.recall(found, facts=True)
        self._faults = self._memory.recall(sizes.keys() - found, facts=False)
        done = self._facts.keys() | self._faults.keys() | self._overlay.keys() | self.unreadable.keys()
        wanted = [path for path in self.python if path not in done]
        self._reading = Reading(
            self.root,
            [Wanted(path, sizes[path]) for path in wanted if path in found],
            [Wanted(path, sizes[path]) for path in wanted if path not in found],
            self._jobs,
        )
        for path, packed in self._reading.facts():
            self._facts[path] = packed
            self._memory.keep(path, packed, facts=True)
        return [path for path in self.python if path in found]

    def manifests(self, *, include_tests: bool) -> dict[str, str]:
        """The texts of the manifests that may have to do with Redis, by path; what is no text is noted."""
        found = {}
        for path in self.paths:
            if path in self.unreadable or not is_manifest(path) or (is_test(path) and not include_tests):
                continue
            data = self.data(path)
            if concerns(path, data):
                try:
                    found[path] = decode(data)[0]
                except Undecodable as error:
                    self.unreadable[path] = Unreadable(path, None, str(error))
        return found

    def peek(self, path: str) -> str | None:
        """The text of any file below the root, audited or not; None where there is none."""
        if path.startswith(("../", "/")):
            return None
        self.peeked.add(path)
        try:
            return decode(self._bytes(path))[0]
        except (OSError, Undecodable):
            return None

    def module(self, path: str) -> Module | None:
        """The facts of a Python file, as far as it can be read; what cannot is noted."""
        self._loaded.add(path)
        data = self.data(path) if path not in self._facts else b""
        if path in self.unreadable:
            return None
        if path not in self._facts:
            self._memory.ask(path, data, facts=True)
            self._facts |= self._memory.recall([path], facts=True)
        facts = self._facts.pop(path, None)
        module, unreadable = unpack(facts) if facts is not None else self._read(path, data, facts=True)
        if unreadable is not None:
            self.unreadable[path] = unreadable
        return module

    def check(self) -> None:
        """Note what does not parse among the files whose facts nobody asked for."""
        if self._reading is not None:
            for path, packed in self._reading.faults():
                self._faults[path] = packed
                self._memory.keep(path, packed, facts=False)
        for path in self.python:
            if path in self._loaded or path in self.unreadable:
                continue
            fault = self._faults.get(path)
            _, unreadable = unpack(fault) if fault is not None else self._read(path, self.data(path), facts=False)
            if unreadable is not None:
                self.unreadable[path] = unreadable

    def mentioning(self, mentions: frozenset[Mention]) -> list[str]:
        """The Python files, tests aside, whose code may use one of the names that are `mentions`."""
        found: set[str] = set()
        for one in mentions:
            naming = frozenset(self.importing(one.name))
            near = (path for path in self.importing(one.module) if path not in found and not is_test(path))
            found.update(path for path in near if path in naming or mentioned(self._code(path), one))
        return [path for path in self.python if path in found]

    def importing(self, word: str) -> list[str]:
        """The Python files, tests too, in whose import statements `word` stands."""
        if self._importing is None:
            self._importing = {}
            for path in self.python:
                for found in imported_words(self._code(path)):
                    self._importing.setdefault(found, []).append(path)
        # The name of a file need not be text.
        return self._importing.get(word.encode(errors="surrogateescape"), [])

    def patched(self) -> frozenset[str]:
        """The dotted names that the tests of the tree put a stand-in for."""
        tests = (path for path in self.python if is_test(path))
        return frozenset().union(*(patched_names(self.data(path)) for path in tests))

    def has_text(self, path: str) -> bool:
        """Whether a file can be read and decoded."""
        try:
            self.source(path)
        except (OSError, Undecodable):
            return False
        return True

    def _code(self, path: str) -> bytes:
        """The bytes of a Python file, or of the code in a notebook; none where there is none."""
        if not path.endswith(SUFFIX):
            return self.data(path)
        return self.source(path).text.encode(errors="replace") if self.has_text(path) else b""

    def _bytes(self, path: str) -> bytes:
        if path in self._overlay:
            return self._overlay[path]
        with open(f"{self.root}/{path}", "rb") as file:  # noqa: PTH123  # tens of thousands of them
            if os.fstat(file.fileno()).st_size > LARGEST:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            return file.read()

    def _read(self, path: str, data: bytes, *, facts: bool) -> Read:
        read = read_file(self.root, path, data, facts=facts)
        if self._memory:
            self._memory.keep(path, pack(read), facts=facts)
        return read
