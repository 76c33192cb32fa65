"""Procfiles → the processes they run."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from mooring.audit.facts import Build, Place, Span, Text, Workload

__all__ = ["is_procfile", "workloads"]

LINE = re.compile(r"^(?P<name>[\w-]+):[ \t]*(?P<command>\S.*)$")


def is_procfile(path: str) -> bool:
    """Whether a file is a Procfile by its name."""
    name = posixpath.basename(path)
    return name == "Procfile" or name.startswith("Procfile.")


def workloads(path: str, text: str) -> Iterator[Workload]:
    """One workload a line, run in the folder of the Procfile."""
    folder = posixpath.dirname(path) or "."
    for number, line in enumerate(text.splitlines(), start=1):
        match = LINE.match(line)
        if match is None:
            continue
        span = Span(number, 1, number, len(line) + 1)
        try:
            command = tuple(shlex.split(match["command"]))
        except ValueError:  # an unbalanced quote: the shell would refuse it
            command = (match["command"],)
        words = tuple(Text(word, Place(path, span)) for word in command)
        build = Build(folder, posixpath.normpath(posixpath.join(folder, "Dockerfile")))
        yield Workload(
            match["name"], path, span, None, command, (), "procfile", words=words, replaces=True, build=build
        )
