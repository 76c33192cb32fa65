"""Kubernetes objects → the containers they run, and the ConfigMaps and Secrets those draw on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mooring.audit.facts import EnvVar, Span, Workload
from mooring.audit.manifests import tree
from mooring.audit.manifests.tree import Node

__all__ = ["Container", "Import", "Store", "containers", "is_object", "link", "stores"]

# Where each kind keeps the specification of its pods.
POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
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


@dataclass(frozen=True, slots=True)
class Store:
    """A ConfigMap or Secret and its keys; the values of a Secret are never kept."""

    kind: str
    name: str
    values: tuple[tuple[str, str | None], ...]


def is_object(document: Node) -> bool:
    """Whether a document is a Kubernetes object."""
    return (
        tree.scalar(tree.get(document, "apiVersion")) is not None
        and tree.scalar(tree.get(document, "kind")) is not None
    )


def containers(path: str, document: Node) -> Iterator[Container]:
    """The containers that an object runs; those of a `List` too.

    The first container carries its workload's name, as it is kubectl's default one; others are `workload/container`.
    """
    for item in _objects(document):
        kind = tree.scalar(tree.get(item, "kind")) or ""
        name = tree.scalar(tree.get(item, "metadata", "name"))
        if kind not in POD_SPECS or name is None:
            continue
        pod = tree.get(item, *POD_SPECS[kind])
        for index, node in enumerate(tree.items(tree.get(pod, "containers"))):
            yield _container(path, node, name if index == 0 else f"{name}/{_name(node)}")
        for node in tree.items(tree.get(pod, "initContainers")):
            yield _container(path, node, f"{name}/{_name(node)}")


def stores(document: Node) -> Iterator[Store]:
    """The ConfigMaps and Secrets in a document, and the Secrets that its ExternalSecrets make."""
    for item in _objects(document):
        kind = tree.scalar(tree.get(item, "kind"))
        name = tree.scalar(tree.get(item, "metadata", "name"))
        if name is None:
            continue
        if kind == "ConfigMap":
            yield Store(
                kind, name, tuple((key, tree.scalar(value)) for key, _, value in tree.entries(tree.get(item, "data")))
            )
        elif kind == "Secret":
            fields = (tree.get(item, "data"), tree.get(item, "stringData"))
            yield Store(kind, name, tuple((key, None) for field in fields for key, _, _ in tree.entries(field)))
        elif kind == "ExternalSecret":
            target = tree.scalar(tree.get(item, "spec", "target", "name")) or name
            keys = (tree.scalar(tree.get(entry, "secretKey")) for entry in tree.items(tree.get(item, "spec", "data")))
            yield Store("Secret", target, tuple((key, None) for key in keys if key is not None))


def link(container: Container, known: Mapping[tuple[str, str], Store]) -> Workload:
    """The workload with what its `envFrom` and the tree's own ConfigMaps bring; `known` is by (kind, name)."""
    own = container.workload
    named = {variable.name for variable in own.environment}
    brought: dict[str, EnvVar] = {}
    for source in container.imports:
        store = known.get((source.kind, source.name))
        for key, value in store.values if store else ():
            origin = f"{source.kind}/{source.name}/{key}"
            variable = EnvVar(source.prefix + key, value, origin, own.path, source.span)
            brought[variable.name] = variable  # of two imports, the later one counts
    environment = tuple(_resolved(variable, known) for variable in own.environment)
    imported = tuple(variable for name, variable in brought.items() if name not in named)
    return Workload(own.name, own.path, own.span, own.image, own.command, environment + imported)


def _objects(document: Node) -> Iterator[Node]:
    if tree.scalar(tree.get(document, "kind")) == "List":
        yield from tree.items(tree.get(document, "items"))
    else:
        yield document


def _name(container: Node) -> str:
    return tree.scalar(tree.get(container, "name")) or "container"


def _container(path: str, node: Node, name: str) -> Container:
    command = tree.items(tree.get(node, "command")) + tree.items(tree.get(node, "args"))
    workload = Workload(
        name=name,
        path=path,
        span=tree.span(node),
        image=tree.scalar(tree.get(node, "image")),
        command=tuple(word for part in command if (word := tree.scalar(part)) is not None),
        environment=tuple(_variables(path, tree.get(node, "env"))),
    )
    return Container(workload, tuple(_imports(tree.get(node, "envFrom"))))


def _variables(path: str, env: Node | None) -> Iterator[EnvVar]:
    for node in tree.items(env):
        name = tree.scalar(tree.get(node, "name"))
        if name is None:
            continue
        source = _source(tree.get(node, "valueFrom"))
        value = None if source else tree.scalar(tree.get(node, "value"))
        yield EnvVar(name, value, source, path, tree.span(node))


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


def _imports(env_from: Node | None) -> Iterator[Import]:
    for node in tree.items(env_from):
        for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            name = tree.scalar(tree.get(node, field, "name"))
            if name is not None:
                yield Import(kind, name, tree.scalar(tree.get(node, "prefix")) or "", tree.span(node))


def _resolved(variable: EnvVar, known: Mapping[tuple[str, str], Store]) -> EnvVar:
    if variable.source is None or variable.value is not None:
        return variable
    kind, name, key = variable.source.split("/", 2)
    store = known.get((kind, name))
    value = dict(store.values).get(key) if store else None
    return EnvVar(variable.name, value, variable.source, variable.path, variable.span)
