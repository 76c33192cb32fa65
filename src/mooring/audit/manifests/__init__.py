"""Deployment manifests → workloads: what runs each service, and with which environment.

`read` tells what one file says by itself, so that it can be cached by content; `link` puts the files together, since a
container may draw its variables from a ConfigMap or Secret of another file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from mooring.audit.facts import Service, Unreadable, Workload
from mooring.audit.manifests import compose, kubernetes, tree

__all__ = ["Manifest", "link", "read", "workload_of"]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one file says: containers of Kubernetes and of Compose, ConfigMaps and Secrets, or why it is unreadable."""

    path: str
    containers: tuple[kubernetes.Container, ...] = ()
    composed: tuple[Workload, ...] = ()
    stores: tuple[kubernetes.Store, ...] = ()
    unreadable: Unreadable | None = None


def read(path: str, text: str) -> Manifest:
    """Read one YAML file; what is neither Kubernetes nor Compose says nothing."""
    try:
        documents = tree.documents(text)
    except tree.Broken as error:
        return Manifest(path, unreadable=Unreadable(path, error.line, error.reason))
    containers: list[kubernetes.Container] = []
    composed: list[Workload] = []
    stores: list[kubernetes.Store] = []
    for document in documents:
        if kubernetes.is_object(document):
            containers.extend(kubernetes.containers(path, document))
            stores.extend(kubernetes.stores(document))
        elif compose.is_project(document):
            composed.extend(compose.workloads(path, document))
    return Manifest(path, tuple(containers), tuple(composed), tuple(stores))


def link(manifests: Iterable[Manifest]) -> tuple[Workload, ...]:
    """The workloads of all files, with what their ConfigMaps and Secrets bring; those of Kubernetes come first."""
    every = list(manifests)
    known = {(store.kind, store.name): store for manifest in every for store in manifest.stores}
    deployed = [kubernetes.link(container, known) for manifest in every for container in manifest.containers]
    return (*deployed, *(workload for manifest in every for workload in manifest.composed))


def workload_of(service: Service, workloads: Iterable[Workload]) -> Workload | None:
    """The workload that runs a service: named as its directory is, else one whose command names its entry point.

    Of several, the one that sets the most variables speaks: a sidecar or a bare override sets fewer.
    """
    every = list(workloads)
    directory = PurePosixPath(service.path).name
    found = [workload for workload in every if workload.name in (service.name, directory)]
    found = found or [workload for workload in every if _starts(workload.command, service)]
    return max(found, key=lambda workload: len(workload.environment), default=None)


def _starts(command: Iterable[str], service: Service) -> bool:
    entry = PurePosixPath(service.entry)
    tail = "/".join(entry.parts[-2:]) if len(entry.parts) > 1 else entry.as_posix()
    module = ".".join(entry.with_suffix("").parts[-2:])
    return any(word in (module, tail) or word.endswith("/" + tail) for word in command)
