"""Compose files → the containers they run, the names that those answer to, and what they give away."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from mooring.audit.facts import Address, Build, EnvVar, HostName, Password, Place, Text, Workload
from mooring.audit.manifests import tree
from mooring.audit.manifests.said import addresses_in, passwords_in, said
from mooring.audit.manifests.tree import Node

__all__ = ["Project", "Service", "is_project", "link", "project", "words_of"]

# What a Compose service must have at least one of; a Helm values file may have `services` too.
_RUNS = ("image", "build", "command", "entrypoint", "environment", "extends")
_NAMED = re.compile(r"(?:docker-)?compose\b[\w.-]*\.ya?ml", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Service:
    """A service as its own file tells it; what it extends and its files of variables are filled in when all are read.

    `entry` and `arguments` are the words of its `entrypoint` and its `command`, which are inherited one by one.
    `extends` is a file (empty for its own) and a service there; paths are relative to the root.
    """

    workload: Workload
    entry: tuple[Text, ...] = ()
    arguments: tuple[Text, ...] = ()
    extends: tuple[str, str] | None = None
    env_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """What a Compose file says."""

    path: str
    services: tuple[Service, ...]
    names: tuple[HostName, ...]
    addresses: tuple[Address, ...]
    passwords: tuple[Password, ...]


def is_project(path: str, document: Node) -> bool:
    """Whether a document is a Compose file: a mapping of services, each of which runs something."""
    services = [value for _, _, value in tree.entries(tree.get(document, "services"))]
    runs = [any(tree.get(service, field) is not None for field in _RUNS) for service in services]
    return any(runs) if _NAMED.fullmatch(posixpath.basename(path)) else bool(runs) and all(runs)


def project(path: str, document: Node) -> Project:
    """What a Compose file says; interpolations such as `${NAME:-x}` stay as they are written."""
    services = list(tree.entries(tree.get(document, "services")))
    spoken = [one for name, _, service in services for one in said(service, name)]
    return Project(
        path,
        tuple(_service(path, name, key, service) for name, key, service in services),
        tuple(
            HostName(given, None, Place(path, tree.span(key)), composed=True)
            for name, key, service in services
            for given in _names(name, service)
        ),
        tuple(found for one in spoken for found in addresses_in(path, one)),
        tuple(found for one in spoken for found in passwords_in(path, one, style="compose")),
    )


def link(service: Service, known: Mapping[tuple[str, str], Service], files: Mapping[str, Iterable[EnvVar]]) -> Workload:
    """The workload with what it extends, and with the variables of its files; `known` is by file and service."""
    whole = above = service
    for _ in range(len(known)):  # a chain is no longer than there are services
        found = known.get((above.extends[0] or above.workload.path, above.extends[1])) if above.extends else None
        if found is None:
            break
        above = found
        whole = _extended(whole, above)
    own, env_files = whole.workload, whole.env_files
    named = {variable.name for variable in own.environment}
    read = {v.name: replace(v, path=own.path, span=own.span) for file in env_files for v in files.get(file, ())}
    partial = any(file not in files for file in env_files)
    added = tuple(variable for name, variable in read.items() if name not in named)
    return replace(own, environment=own.environment + added, partial=partial)


def words_of(path: str, command: Node | None) -> tuple[Text, ...]:
    """The words of a command, which is a list or a text as for a shell, each with the place that it stands at."""
    listed = tuple(
        Text(word, Place(path, tree.span(part)))
        for part in tree.items(command)
        if (word := tree.scalar(part)) is not None
    )
    text = tree.scalar(command)
    if listed or text is None or command is None:
        return listed
    place = Place(path, tree.span(command))
    try:
        return tuple(Text(word, place) for word in shlex.split(text))
    except ValueError:  # an unbalanced quote: Compose itself would refuse it
        return (Text(text, place),)


def _service(path: str, name: str, key: Node, service: Node) -> Service:
    image, entry = tree.get(service, "image"), tree.get(service, "entrypoint")
    entry_words, arguments = words_of(path, entry), words_of(path, tree.get(service, "command"))
    folder = posixpath.dirname(path)
    workload = Workload(
        name=name,
        path=path,
        span=tree.key_span(key, service),
        image=tree.scalar(image),
        command=(),
        environment=tuple(_variables(path, tree.get(service, "environment"))),
        kind="compose",
        container=name,
        image_at=Place(path, tree.span(image)) if image is not None else None,
        replaces=entry is not None,
        build=_build(folder, tree.get(service, "build")),
        configurations=tuple(_mounted(folder, service)),
    )
    return Service(
        _told(workload, entry_words, arguments),
        entry_words,
        arguments,
        _extends(folder, tree.get(service, "extends")),
        tuple(_env_files(folder, service)),
    )


def _told(workload: Workload, entry: tuple[Text, ...], arguments: tuple[Text, ...]) -> Workload:
    """A workload with the words that start it."""
    words = (*entry, *arguments)
    return replace(workload, words=words, command=tuple(word.value for word in words))


def _variables(path: str, environment: Node | None) -> Iterator[EnvVar]:
    for name, key, value in tree.entries(environment):
        yield EnvVar(name, tree.scalar(value), None, path, tree.key_span(key, value), Place(path, tree.span(value)))
    for item in tree.items(environment):
        name, given, text = (tree.scalar(item) or "").partition("=")
        if name:
            span = tree.span(item)
            yield EnvVar(name, text if given else None, None, path, span, Place(path, span))


def _names(name: str, service: Node) -> Iterator[str]:
    """What others may call a service: its name, its container's, its aliases, and the links that it has itself."""
    yield name
    for field in ("container_name", "hostname"):
        given = tree.scalar(tree.get(service, field))
        if given:
            yield given
    for _, _, network in tree.entries(tree.get(service, "networks")):
        yield from (alias for item in tree.items(tree.get(network, "aliases")) if (alias := tree.scalar(item)))
    for field in ("links", "external_links"):
        for item in tree.items(tree.get(service, field)):
            yield (tree.scalar(item) or "").rpartition(":")[2]
    extra = tree.get(service, "extra_hosts")
    yield from (host for host, _, _ in tree.entries(extra))
    yield from (re.split("[:=]", tree.scalar(item) or "")[0] for item in tree.items(extra))


def _build(folder: str, build: Node | None) -> Build | None:
    if build is None:
        return None
    context = _below(folder, tree.scalar(build) or tree.scalar(tree.get(build, "context")) or ".")
    dockerfile = _below(context, tree.scalar(tree.get(build, "dockerfile")) or "Dockerfile")
    given = tree.get(build, "args")
    arguments = [(name, tree.scalar(value) or "") for name, _, value in tree.entries(given)]
    pairs = [(tree.scalar(item) or "").partition("=") for item in tree.items(given)]
    arguments += [(name, value) for name, _, value in pairs]
    return Build(context, dockerfile, tuple(arguments), tree.scalar(tree.get(build, "target")))


def _mounted(folder: str, service: Node) -> Iterator[str]:
    """The files of the tree that a service is given: bind mounts, configs are left alone."""
    for item in tree.items(tree.get(service, "volumes")):
        source = tree.scalar(tree.get(item, "source")) or (tree.scalar(item) or "").partition(":")[0]
        if source.startswith("."):
            yield f"file/{_below(folder, source)}"


def _extends(folder: str, extends: Node | None) -> tuple[str, str] | None:
    service = tree.scalar(extends) or tree.scalar(tree.get(extends, "service"))
    file = tree.scalar(tree.get(extends, "file"))
    return (_below(folder, file) if file else "", service) if service else None


def _env_files(folder: str, service: Node) -> Iterator[str]:
    given = tree.get(service, "env_file")
    for node in [given, *tree.items(given)]:
        path = tree.scalar(node) or tree.scalar(tree.get(node, "path"))
        if path:
            yield _below(folder, path)


def _below(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _extended(own: Service, base: Service) -> Service:
    """A service with what it inherits: variables by their names, mounts as well as its own, anything else instead."""
    mine, other = own.workload, base.workload
    named = {variable.name for variable in mine.environment}
    inherited = tuple(variable for variable in other.environment if variable.name not in named)
    entry, arguments = own.entry or base.entry, own.arguments or base.arguments
    workload = replace(
        mine,
        image=mine.image if mine.image is not None else other.image,
        image_at=mine.image_at or other.image_at,
        replaces=mine.replaces or other.replaces,
        environment=mine.environment + inherited,
        build=mine.build or other.build,
        configurations=tuple(dict.fromkeys((*mine.configurations, *other.configurations))),
    )
    return replace(
        own,
        workload=_told(workload, entry, arguments),
        entry=entry,
        arguments=arguments,
        env_files=(*base.env_files, *own.env_files),
    )
