"""What the files of a tree say together."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from mooring.audit.facts import Address, Deployment, EnvVar, HostName, Password, Place, Server, Workload
from mooring.audit.manifests import compose, dotenv, kubernetes, kustomize, render
from mooring.audit.manifests.addresses import OPEN
from mooring.audit.manifests.generators import Peek
from mooring.audit.manifests.helm import Values
from mooring.audit.manifests.kubernetes import Find, Object
from mooring.audit.manifests.reading import Manifest
from mooring.audit.manifests.said import addresses_in, passwords_in
from mooring.audit.manifests.servers import Configured, server

__all__ = ["deployed"]

# Kinds of objects from which operators make Services of that name, or of one that begins with it.
MAKERS = ("Redis", "Valkey", "Dragonfly", "KeyDB", "HelmRelease", "HelmChart", "Application")

One = TypeVar("One")


def deployed(manifests: Iterable[Manifest], peek: Peek = lambda _: None) -> Deployment:
    """The deployment that the manifests describe; `peek` gives the text of any other file, if it is there."""
    every = list(manifests)
    files = {one.path: one.variables for one in every if one.variables}
    objects = _applied(every, files, peek)
    stores = [one.store for one in objects if one.store]
    find = kubernetes.find(stores)
    known = {(p.path, s.workload.name): s for one in every for p in one.projects for s in p.services}
    workloads = (
        *(kubernetes.link(container, find) for one in objects for container in one.containers),
        *(compose.link(service, known, files) for service in known.values()),
        *(workload for one in every for blueprint in one.blueprints for workload in blueprint.workloads),
        *(_beside(workload, files) for one in every for workload in one.processes),
    )

    def configured(name: str, namespace: str | None) -> str | None:
        return _configuration(name, namespace, find, peek)

    values = [value for one in every for value in one.values]
    templated = {one.path for one in every if one.templated}
    return Deployment(
        workloads,
        tuple(_distinct(_names(every, objects))),
        tuple(_distinct(_addresses(every, objects))),
        tuple(_distinct(_passwords(every))),
        tuple(_distinct(_servers(workloads, configured, values, templated))),
        tuple((store.name, key) for store in stores if store.kind == "Secret" for key, _, _ in store.values),
    )


def _applied(manifests: Sequence[Manifest], files: Mapping[str, Sequence[EnvVar]], peek: Peek) -> list[Object]:
    kustomizations = {posixpath.dirname(k.path) or ".": k for one in manifests for k in one.kustomizations}
    objects = {one.path: [_named(item) for item in one.objects] for one in manifests if one.objects}
    return list(kustomize.applied(kustomize.Bundle(kustomizations, objects, files, peek)))


def _named(item: Object) -> Object:
    """An object whose namespace a template leaves open is in none that is known; in its name that is a star."""
    containers = tuple(
        replace(one, workload=replace(one.workload, name=_pattern(one.workload.name), namespace=_known(item.namespace)))
        for one in item.containers
    )
    return replace(item, namespace=_known(item.namespace), containers=containers)


def _known(namespace: str | None) -> str | None:
    return None if OPEN in (namespace or "") else namespace


def _names(manifests: Iterable[Manifest], objects: Iterable[Object]) -> Iterator[HostName]:
    for item in objects:
        if item.host is not None:
            # A template that leaves a name wholly open answers for its own chart only.
            folder = posixpath.dirname(posixpath.dirname(item.path)) if OPEN in item.name else ""
            namespace = _known(item.host.namespace)
            yield replace(item.host, pattern=_pattern(item.host.pattern), namespace=namespace, folder=folder)
        if item.kind.startswith(MAKERS):
            for pattern in (item.name, f"{item.name}-*", f"rf?-{item.name}"):
                yield HostName(_pattern(pattern), _known(item.namespace), Place(item.path, item.span))
    for one in manifests:
        for project in one.projects:
            yield from project.names
        for values in one.values:
            for key, text in values.scalars.items():
                if key.endswith("ullnameOverride") and text.value:
                    yield from (HostName(name, None, text.place) for name in (text.value, f"{text.value}-*"))
        for blueprint in one.blueprints:
            yield from blueprint.names
        yield from one.dependencies


def _pattern(name: str) -> str:
    return name.replace(OPEN, "*")


def _sources(one: Manifest) -> Iterator[compose.Project | render.Blueprint | Values]:
    """What of a file neither is an object of Kubernetes nor makes one."""
    yield from one.projects
    yield from one.blueprints
    yield from one.values


def _addresses(manifests: Iterable[Manifest], objects: Iterable[Object]) -> Iterator[Address]:
    for item in objects:
        for address in item.addresses:
            yield replace(address, namespace=_known(address.namespace))
    for one in manifests:
        for source in _sources(one):
            yield from source.addresses
        for variable in one.variables:
            yield from addresses_in(one.path, dotenv.spoken(variable))


def _passwords(manifests: Iterable[Manifest]) -> Iterator[Password]:
    # A patch and a generator are looked at as they stand in their file, once.
    for one in manifests:
        for item in one.objects:
            yield from item.passwords
        for source in (*_sources(one), *one.kustomizations):
            yield from source.passwords
        for variable in one.variables:
            yield from passwords_in(one.path, dotenv.spoken(variable))


def _servers(
    workloads: Iterable[Workload], configured: Configured, values: Sequence[Values], templated: set[str]
) -> Iterator[Server]:
    """The servers of all workloads; that of a template stands where the chart's values name its image."""
    told: dict[Place, bool | None] = {}
    for workload in workloads:
        found = server(workload, configured)
        if found is None:
            continue
        held = _valued(found, values) if workload.path in templated else []
        if not held:
            yield found
        for one in held:
            told[one.image.place] = found.closed
    for one in (one for value in values for one in value.servers):
        yield replace(one, closed=told.get(one.image.place, one.closed))


def _valued(found: Server, values: Sequence[Values]) -> list[Server]:
    """The entries in values that give the image of a template's server."""
    repository = found.image.value.partition(":")[0]
    folder = posixpath.dirname(posixpath.dirname(found.image.place.path))
    return [
        one
        for value in values
        if posixpath.dirname(value.path) == folder
        for one in value.servers
        if one.image.value.partition(":")[0] == repository
    ]


def _beside(workload: Workload, files: Mapping[str, Sequence[EnvVar]]) -> Workload:
    """A process with the variables of the `.env` beside its Procfile, which who runs it reads."""
    path = posixpath.join(posixpath.dirname(workload.path), ".env")
    return replace(workload, environment=tuple(files.get(path, ())))


def _configuration(name: str, namespace: str | None, find: Find, peek: Peek) -> str | None:
    """The text of what is mounted as `kind/name`; None where it, or a part of it, is not in the tree."""
    kind, _, rest = name.partition("/")
    if kind == "file":
        return peek(rest)
    store = find(kind, rest, namespace) if kind == "ConfigMap" else None
    texts = [value for _, value, _ in store.values if value is not None] if store else []
    return "\n".join(texts) if store and len(texts) == len(store.values) else None


def _distinct(found: Iterable[One]) -> Iterable[One]:
    """Each once: two overlays of one base say the same."""
    return dict.fromkeys(found)
