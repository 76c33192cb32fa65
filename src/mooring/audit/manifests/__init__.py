"""Deployment manifests → workloads: what runs each service, with which environment, and which Redis is where.

`read` tells what one file says by itself; `deployed` puts the files together, since a container may draw its variables
from a ConfigMap of another file, a kustomization renames what others define, and a chart's templates take its values.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from mooring.audit.facts import Service, Workload
from mooring.audit.manifests.assembly import deployed
from mooring.audit.manifests.reading import Manifest, concerns, is_manifest, read, read_all
from mooring.audit.manifests.rendering import renderer

__all__ = ["Manifest", "concerns", "deployed", "is_manifest", "link", "read", "read_all", "renderer", "workload_of"]


def link(manifests: Iterable[Manifest]) -> tuple[Workload, ...]:
    """The workloads of all files, with what their ConfigMaps and Secrets bring; those of Kubernetes come first."""
    return deployed(manifests).workloads


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
