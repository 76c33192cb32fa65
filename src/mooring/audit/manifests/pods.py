"""Specifications of pods → their containers, as one file tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mooring.audit.facts import EnvVar, Place, Span, Text, Workload
from mooring.audit.manifests import tree
from mooring.audit.manifests.tree import Node

__all__ = ["POD_SPECS", "Container", "Import", "containers"]

# Where each kind keeps the specification of its pods. Rollout is Argo's Deployment, Service is Knative's.
TEMPLATE = ("spec", "template", "spec")
POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "Deployment": TEMPLATE,
    "StatefulSet": TEMPLATE,
    "DaemonSet": TEMPLATE,
    "ReplicaSet": TEMPLATE,
    "ReplicationController": TEMPLATE,
    "Job": TEMPLATE,
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Rollout": TEMPLATE,
    "DeploymentConfig": TEMPLATE,
    "Service": TEMPLATE,
}


@dataclass(frozen=True, slots=True)
class Import:
    """An `envFrom`: every key of a ConfigMap or Secret, each under `prefix`."""

    kind: str
    name: str
    prefix: str
    span: Span


@dataclass(frozen=True, slots=True)
class Container:
    """A workload as its own file tells it; `imports` are filled in once every file is read."""

    workload: Workload
    imports: tuple[Import, ...]


def containers(path: str, document: Node, kind: str, name: str, namespace: str | None) -> Iterator[Container]:
    """The containers that an object runs.

    The first one carries its workload's name, as it is kubectl's default one; others are `workload/container`.
    """
    if kind not in POD_SPECS:
        return
    pod = tree.get(document, *POD_SPECS[kind])
    mounted = tuple(_mounted(pod))
    for field, main in (("containers", True), ("initContainers", False)):
        for index, node in enumerate(tree.items(tree.get(pod, field))):
            own = tree.scalar(tree.get(node, "name")) or "container"
            whole = name if main and index == 0 else f"{name}/{own}"
            yield Container(_workload(path, node, whole, own, kind, namespace, mounted), tuple(_imports(node)))


def _workload(
    path: str, node: Node, name: str, own: str, kind: str, namespace: str | None, mounted: tuple[str, ...]
) -> Workload:
    image = tree.get(node, "image")
    parts = tree.items(tree.get(node, "command")) + tree.items(tree.get(node, "args"))
    words = tuple(Text(word, Place(path, tree.span(part))) for part in parts if (word := tree.scalar(part)) is not None)
    return Workload(
        name=name,
        path=path,
        span=tree.span(node),
        image=tree.scalar(image),
        command=tuple(word.value for word in words),
        environment=tuple(_variables(path, tree.get(node, "env"))),
        kind=kind,
        namespace=namespace,
        container=own,
        image_at=Place(path, tree.span(image)) if image is not None else None,
        words=words,
        replaces=tree.get(node, "command") is not None,
        configurations=mounted,
    )


def _mounted(pod: Node | None) -> Iterator[str]:
    """The ConfigMaps and Secrets that a pod mounts as files."""
    for volume in tree.items(tree.get(pod, "volumes")):
        for source in [volume, *tree.items(tree.get(volume, "projected", "sources"))]:
            for kind, path in (
                ("ConfigMap", ("configMap", "name")),
                ("Secret", ("secret", "secretName")),
                ("Secret", ("secret", "name")),
            ):
                name = tree.scalar(tree.get(source, *path))
                if name is not None:
                    yield f"{kind}/{name}"


def _variables(path: str, env: Node | None) -> Iterator[EnvVar]:
    for node in tree.items(env):
        name = tree.scalar(tree.get(node, "name"))
        if name is None:
            continue
        source = _source(tree.get(node, "valueFrom"))
        value = None if source else tree.scalar(tree.get(node, "value"))
        at = _told(node)
        yield EnvVar(name, value, source, path, tree.span(node), Place(path, at) if at else None)


def _told(node: Node) -> Span | None:
    """Where a variable gets its value: at the value, or at the key that says where it comes from."""
    for name, key, value in tree.entries(node):
        if name == "value":
            return tree.span(value)
        if name == "valueFrom":
            return tree.key_span(key, value)
    return None


def _source(value_from: Node | None) -> str | None:
    for kind, field in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
        reference = tree.get(value_from, field)
        if reference is not None:
            name, key = (tree.scalar(tree.get(reference, part)) or "" for part in ("name", "key"))
            return f"{kind}/{name}/{key}"
    field_path = tree.scalar(tree.get(value_from, "fieldRef", "fieldPath"))
    resource = tree.scalar(tree.get(value_from, "resourceFieldRef", "resource"))
    origin = field_path or resource
    return f"Pod//{origin}" if origin else None


def _imports(container: Node) -> Iterator[Import]:
    for node in tree.items(tree.get(container, "envFrom")):
        for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            name = tree.scalar(tree.get(node, field, "name"))
            if name is not None:
                yield Import(kind, name, tree.scalar(tree.get(node, "prefix")) or "", tree.span(node))
