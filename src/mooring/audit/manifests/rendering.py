"""Charts as `helm` renders them, where it is on the PATH: what templates leave open when they are only read.

The places stay those of the templates: what is rendered has none that a person could go to.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mooring.audit.facts import Address, EnvVar, Text, Workload
from mooring.audit.manifests import tree
from mooring.audit.manifests.addresses import OPEN, hosts
from mooring.audit.manifests.kubernetes import Object, objects
from mooring.audit.manifests.pods import Container

__all__ = ["Render", "joined", "renderer"]

# The templates of a chart with their text as rendered, by path; None where Helm cannot tell.
Render = Callable[[str], Mapping[str, str] | None]
# The name that a chart is rendered under: where it ends up in a name, any other may.
RELEASE = "some-release"
# Seconds; a chart that waits for the network is not waited for.
PATIENCE = 20.0
SOURCE = re.compile(r"^# Source: [^/\n]+/(\S+)$", re.MULTILINE)


def renderer(root: Path) -> Render:
    """What renders the chart in a folder below `root`, if `helm` is there; it is asked for nothing from the network."""
    program = shutil.which("helm")

    def rendered(folder: str) -> Mapping[str, str] | None:
        if program is None:
            return None
        words = [program, "template", RELEASE, str(root / folder)]
        try:
            done = subprocess.run(words, capture_output=True, check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError):
            return None  # a value that is required, a chart that is not fetched: the templates are read as they are
        rest = SOURCE.split(done.stdout.decode(errors="replace"))[1:]
        texts: dict[str, str] = {}
        for name, text in zip(rest[::2], rest[1::2], strict=True):
            path = posixpath.join(folder, name)
            texts[path] = f"{texts.get(path, '')}---\n{text}"
        return texts

    return rendered


def joined(masked: Sequence[Object], text: str, path: str) -> list[Object]:
    """The objects of a template with the values that they have as rendered, each at its place in the template.

    Where the two do not hold the same objects, loops for instance, the template counts as it is.
    """
    try:
        rendered = [one for document in tree.documents(text) for one in objects(path, document)]
    except tree.Broken:
        return list(masked)
    if [one.kind for one in rendered] != [one.kind for one in masked]:
        return list(masked)
    return [_joined(one, other) for one, other in zip(masked, rendered, strict=True)]


def _joined(one: Object, other: Object) -> Object:
    name = other.name.replace(RELEASE, OPEN)
    containers = one.containers
    if len(containers) == len(other.containers):
        containers = tuple(
            Container(_told(a.workload, b.workload), b.imports)
            for a, b in zip(containers, other.containers, strict=True)
        )
    named = [address for container in containers for address in _addresses(container.workload.environment)]
    return replace(
        one,
        name=name,
        containers=containers,
        store=one.store and other.store and replace(one.store, name=other.store.name),
        host=one.host and replace(one.host, pattern=name),
        addresses=tuple(dict.fromkeys([*one.addresses, *named])),
    )


def _told(own: Workload, other: Workload) -> Workload:
    """A container of a template with what it is rendered with."""
    values = {variable.name: variable for variable in other.environment}
    place = own.image_at or (own.words[0].place if own.words else None)
    return replace(
        own,
        name=other.name.replace(RELEASE, OPEN),
        image=other.image,
        command=other.command,
        words=tuple(Text(word, place) for word in other.command) if place else (),
        replaces=other.replaces,
        environment=tuple(
            replace(v, value=values[v.name].value, source=values[v.name].source) if v.name in values else v
            for v in own.environment
        ),
        configurations=other.configurations,
    )


def _addresses(environment: Iterable[EnvVar]) -> Iterable[Address]:
    for variable in environment:
        for host in hosts(variable.name, variable.value or ""):
            if variable.at and RELEASE not in host:
                yield Address(host, variable.at, variable.name)
