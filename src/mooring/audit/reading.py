"""Reads files: what each says by itself, or only whether it parses; many of them at once, on all cores."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mooring.audit.facts import Unreadable
from mooring.audit.facts.packed import Read, pack
from mooring.audit.files import SourceFile, Undecodable, read
from mooring.audit.notebooks import SUFFIX, read_notebook
from mooring.audit.python import fault, read_module

__all__ = ["Reading", "Wanted", "cores", "read_file", "read_source", "unhindered"]

# Bytes of source: fewer than this are read sooner than other processes are started.
WORTHWHILE = 2_000_000
# Bytes of source that one task holds: small enough that all cores end at about the same time.
TASK = 250_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to read, with its size in bytes."""

    path: str
    size: int


def read_source(root: Path, path: str, data: bytes) -> SourceFile:
    """The text of a Python file, or the code of a notebook. Raises `Undecodable` where it has none."""
    return (read_notebook if path.endswith(SUFFIX) else read)(root, path, data)


def read_file(root: Path, path: str, data: bytes, *, facts: bool) -> Read:
    """What a file whose bytes are `data` says, as far as it can be read; without `facts` only what is wrong with it."""
    try:
        source = read_source(root, path, data)
    except Undecodable as error:
        return None, Unreadable(path, None, str(error))
    return read_module(source) if facts else (None, fault(source))


@contextmanager
def unhindered() -> Iterator[None]:
    """Work without the cyclic garbage collector, which takes half of the time where millions of nodes are made.

    Syntax trees hold no cycles; those in the facts live as long as the audit anyway.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def cores() -> int:
    """How many processes may run at once for this one."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class Reading:
    """Files that other processes read: `first` for their facts, `rest` for what is wrong with them.

    Where that is not worthwhile or not possible (little to read, one core, threads that a fork would break), it reads
    nothing, and says so by giving nothing.
    """

    def __init__(self, root: Path, first: Sequence[Wanted], rest: Sequence[Wanted], jobs: int) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._facts: dict[Future[list[bytes]], list[str]] = {}
        self._faults: dict[Future[list[bytes]], list[str]] = {}
        forks = sys.platform == "linux" and threading.active_count() == 1
        if jobs > 1 and forks and sum(one.size for one in (*first, *rest)) >= WORTHWHILE:
            self._pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), initializer=_settle)
            self._submit(root, first, self._facts, facts=True)
            self._submit(root, rest, self._faults, facts=False)

    def facts(self) -> Iterator[tuple[str, bytes]]:
        """The packed facts of each of the first files."""
        yield from _results(self._facts)

    def faults(self) -> Iterator[tuple[str, bytes]]:
        """What is wrong with each of the rest, packed."""
        yield from _results(self._faults)

    def close(self) -> None:
        """Let the other processes go, finished or not."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(
        self, root: Path, wanted: Sequence[Wanted], into: dict[Future[list[bytes]], list[str]], *, facts: bool
    ) -> None:
        if self._pool is None:
            return
        for task in _tasks(wanted):
            into[self._pool.submit(_read_all, root, task, facts)] = task


def _settle() -> None:
    """In a new process: leave the cores to the one that is waited for, and what an interrupt means to it as well."""
    os.nice(5)
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _results(tasks: dict[Future[list[bytes]], list[str]]) -> Iterator[tuple[str, bytes]]:
    for done in as_completed(list(tasks)):
        try:
            read = done.result()
        except BrokenProcessPool:
            return  # one was killed, as a rule for its memory: what is missing is read by this process
        yield from zip(tasks.pop(done), read, strict=True)


def _tasks(wanted: Sequence[Wanted]) -> Iterator[list[str]]:
    task: list[str] = []
    size = 0
    for one in wanted:
        task.append(one.path)
        size += one.size
        if size >= TASK:
            yield task
            task, size = [], 0
    if task:
        yield task


def _read_all(root: Path, paths: Sequence[str], facts: bool) -> list[bytes]:  # pool.submit
    return [pack(_read(root, path, facts=facts)) for path in paths]


def _read(root: Path, path: str, *, facts: bool) -> Read:
    try:
        data = (root / path).read_bytes()
    except OSError as error:
        return None, unreachable(path, error)
    return read_file(root, path, data, facts=facts)


def unreachable(path: str, error: OSError) -> Unreadable:
    """The line about a file that the system does not let us read."""
    return Unreadable(path, None, f"cannot be read: {error.strerror}")
