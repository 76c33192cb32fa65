"""Kubernetes objects → the containers they run, the names they answer to, and the ConfigMaps and Secrets they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from mooring.audit.facts import Address, EnvVar, HostName, Password, Place, Span, Workload
from mooring.audit.manifests import addresses, tree
from mooring.audit.manifests.pods import Container, Import, containers
from mooring.audit.manifests.said import addresses_in, passwords_in, said
from mooring.audit.manifests.tree import Node

__all__ = ["Find", "Object", "Store", "find", "is_object", "link", "objects"]


@dataclass(frozen=True, slots=True)
class Store:
    """A ConfigMap or Secret: its keys, with the values of a ConfigMap and where they stand.

    The values of a Secret are never kept.
    """

    kind: str
    name: str
    values: tuple[tuple[str, str | None, Place], ...]
    namespace: str | None = None


# Finds a store by its kind and name, as near as can be to a namespace.
Find = Callable[[str, str, str | None], Store | None]


@dataclass(frozen=True, slots=True)
class Object:
    """One object as its own file tells it; `namespace` is None where the file leaves it to who applies it."""

    kind: str
    name: str
    namespace: str | None
    path: str
    span: Span
    containers: tuple[Container, ...] = ()
    store: Store | None = None
    host: HostName | None = None
    addresses: tuple[Address, ...] = ()
    passwords: tuple[Password, ...] = ()


def is_object(document: Node) -> bool:
    """Whether a document is a Kubernetes object."""
    return (
        tree.scalar(tree.get(document, "apiVersion")) is not None
        and tree.scalar(tree.get(document, "kind")) is not None
    )


def objects(path: str, document: Node) -> Iterator[Object]:
    """The object that a document holds; those of a list too."""
    kind = tree.scalar(tree.get(document, "kind")) or ""
    listed = tree.items(tree.get(document, "items")) if kind.endswith("List") else []
    for item in listed or [document]:
        yield from _object(path, item)


def _object(path: str, document: Node) -> Iterator[Object]:
    kind = tree.scalar(tree.get(document, "kind")) or ""
    name = tree.scalar(tree.get(document, "metadata", "name"))
    if name is None:
        return
    namespace = tree.scalar(tree.get(document, "metadata", "namespace"))
    span = tree.span(document)
    secret = kind == "Secret"
    about = addresses.is_redis_name(name)
    spoken = list(said(tree.get(document, "stringData") if secret else document, about=about))
    yield Object(
        kind,
        name,
        namespace,
        path,
        span,
        tuple(containers(path, document, kind, name, namespace)),
        _store(path, document, kind, name, namespace),
        HostName(name, namespace, Place(path, span)) if kind == "Service" else None,
        tuple(found for one in spoken for found in addresses_in(path, one, namespace)),
        tuple(found for one in spoken for found in passwords_in(path, one, mild=secret)),
    )


def find(stores: Iterable[Store]) -> Find:
    """What finds one of `stores`: in the namespace asked for, else in none that is known, else in any."""
    by_name: dict[tuple[str, str], dict[str | None, Store]] = {}
    for store in stores:
        by_name.setdefault((store.kind, store.name), {})[store.namespace] = store

    def found(kind: str, name: str, namespace: str | None) -> Store | None:
        same = by_name.get((kind, name), {})
        return same.get(namespace) or same.get(None) or next(iter(same.values()), None)

    return found


def link(container: Container, known: Find) -> Workload:
    """The workload with what its `envFrom` and the tree's own ConfigMaps bring."""
    own = container.workload
    named = {variable.name for variable in own.environment}
    brought: dict[str, EnvVar] = {}
    for source in container.imports:
        for variable in _brought(source, known(source.kind, source.name, own.namespace), own.path):
            brought[variable.name] = variable  # of two imports, the later one counts
    environment = tuple(_resolved(variable, own.namespace, known) for variable in own.environment)
    imported = tuple(variable for name, variable in brought.items() if name not in named)
    partial = any(known(source.kind, source.name, own.namespace) is None for source in container.imports)
    return replace(own, environment=environment + imported, partial=partial)


def _store(path: str, document: Node, kind: str, name: str, namespace: str | None) -> Store | None:
    """What an object stores, or will: an ExternalSecret makes a Secret."""
    if kind == "ConfigMap":
        data = [
            (key, tree.scalar(value), Place(path, tree.span(value)))
            for key, _, value in tree.entries(tree.get(document, "data"))
        ]
        return Store(kind, name, tuple(data), namespace)
    if kind in ("Secret", "SealedSecret"):
        fields = [tree.get(document, "data"), tree.get(document, "stringData")]
        fields.append(tree.get(document, "spec", "encryptedData"))
        keys = [(key, node) for field in fields for key, node, _ in tree.entries(field)]
        return Store("Secret", name, tuple((key, None, Place(path, tree.span(node))) for key, node in keys), namespace)
    if kind == "ExternalSecret":
        target = tree.scalar(tree.get(document, "spec", "target", "name")) or name
        listed = [tree.get(entry, "secretKey") for entry in tree.items(tree.get(document, "spec", "data"))]
        template = tree.entries(tree.get(document, "spec", "target", "template", "data"))
        named = [(tree.scalar(node), node) for node in listed if node is not None]
        named += [(key, node) for key, node, _ in template]
        return Store(
            "Secret", target, tuple((key, None, Place(path, tree.span(node))) for key, node in named if key), namespace
        )
    return None


def _brought(source: Import, store: Store | None, path: str) -> Iterator[EnvVar]:
    for key, value, place in store.values if store else ():
        origin = f"{source.kind}/{source.name}/{key}"
        yield EnvVar(source.prefix + key, value, origin, path, source.span, place)


def _resolved(variable: EnvVar, namespace: str | None, known: Find) -> EnvVar:
    if variable.source is None or variable.value is not None:
        return variable
    kind, name, key = variable.source.split("/", 2)
    store = known(kind, name, namespace)
    for held, value, place in store.values if store else ():
        if held == key and value is not None:
            return replace(variable, value=value, at=place)
    return variable
