"""Where the manifests of a tree set the variables that a fixed service reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from mooring.audit.facts import EnvVar, Service, Workload
from mooring.audit.files import Undecodable
from mooring.audit.manifests import Manifest, link, read, workload_of
from mooring.audit.surroundings.disk import Disk

__all__ = ["deployed", "settings"]

YAML = (".yaml", ".yml")


def deployed(paths: Iterable[str], disk: Disk) -> tuple[Workload, ...]:
    """What the manifests among `paths` run."""
    return link(_manifests(paths, disk))


def settings(service: Service | None, names: Collection[str], workloads: Iterable[Workload]) -> list[EnvVar] | None:
    """The variables among `names` that the workload of a service sets; None if no manifest runs the service."""
    workload = workload_of(service, workloads) if service else None
    return None if workload is None else [one for one in workload.environment if one.name in names]


def _manifests(paths: Iterable[str], disk: Disk) -> Iterator[Manifest]:
    for path in sorted(paths):
        if path.endswith(YAML):
            try:
                source = disk.source(path)
            except Undecodable:
                continue
            if source is not None:
                yield read(path, source.text)
