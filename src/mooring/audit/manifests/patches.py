"""Patches of a kustomization: what they change of a container, whether they merge or name their paths."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mooring.audit.facts import Address, EnvVar, Place, Text, Workload
from mooring.audit.manifests import tree
from mooring.audit.manifests.addresses import hosts
from mooring.audit.manifests.kubernetes import Object, objects
from mooring.audit.manifests.pods import Container
from mooring.audit.manifests.tree import Node

__all__ = ["Patch", "merged", "patched", "patches"]

# Where an operation of JSON 6902 changes what this auditor looks at.
POINTER = re.compile(
    r"/spec/(?:jobTemplate/spec/)?(?:template/spec/)?containers/(?P<container>\d+|-)/(?P<what>\w+)(?P<rest>.*)"
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of JSON 6902 on a container: `what` is `image`, `command`, `args` or `env`."""

    container: int
    what: str
    index: str
    values: tuple[Text, ...] = ()
    variable: EnvVar | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch: a file of the tree, objects that are merged, or operations; for the target that it names, if any."""

    file: str = ""
    merged: tuple[Object, ...] = ()
    operations: tuple[Operation, ...] = ()
    kind: str | None = None
    name: str | None = None


def patches(path: str, document: Node) -> Iterator[Patch]:
    """The patches in a kustomization, in the order in which they are applied."""
    folder = posixpath.dirname(path)
    for item in tree.items(tree.get(document, "patchesStrategicMerge")):
        yield from _patch(path, folder, item, None, None)
    for key in ("patches", "patchesJson6902"):
        for item in tree.items(tree.get(document, key)):
            kind = tree.scalar(tree.get(item, "target", "kind"))
            name = tree.scalar(tree.get(item, "target", "name"))
            for given in (tree.get(item, "path"), tree.get(item, "patch")):
                if given is not None:
                    yield from _patch(path, folder, given, kind, name)


def patched(item: Object, patch: Patch, contents: Sequence[Object]) -> Object:
    """An object with a patch applied, if it is meant; `contents` are the objects of the patch's file."""
    if patch.operations:
        return (
            _operated(item, patch)
            if (patch.kind or item.kind, patch.name or item.name) == (item.kind, item.name)
            else item
        )
    for change in (*patch.merged, *contents):
        named = (patch.kind or change.kind, patch.name or change.name)
        if named == (item.kind, item.name):
            item = merged(item, change)
    return item


def _patch(path: str, folder: str, node: Node, kind: str | None, name: str | None) -> Iterator[Patch]:
    text = tree.scalar(node) or ""
    if "\n" not in text and text.endswith((".yaml", ".yml", ".json")):
        yield Patch(posixpath.normpath(posixpath.join(folder, text)), kind=kind, name=name)
        return
    try:
        documents = tree.documents(text)
    except tree.Broken:
        return  # the kustomization itself is fine; what kustomize would say of the patch is its own affair
    place = Place(path, tree.span(node))
    operations = [op for document in documents for item in tree.items(document) for op in _operation(place, item)]
    merged = [
        _stand(one, place) for document in documents if not tree.items(document) for one in objects(path, document)
    ]
    yield Patch("", tuple(merged), tuple(operations), kind, name)


def _operation(place: Place, item: Node) -> Iterator[Operation]:
    pointer = POINTER.fullmatch(tree.scalar(tree.get(item, "path")) or "")
    if pointer is None or tree.scalar(tree.get(item, "op")) not in ("add", "replace"):
        return
    value = tree.get(item, "value")
    index = int(pointer["container"]) if pointer["container"].isdigit() else -1
    texts = tuple(Text(text, place) for node in ([value] if value else []) for text in _scalars(node))
    entries = tree.items(value) if pointer["what"] == "env" and not pointer["rest"] else [value] if value else []
    variables = [
        EnvVar(name, tree.scalar(tree.get(node, "value")), None, place.path, place.span, place)
        for node in entries
        if (name := tree.scalar(tree.get(node, "name")))
    ]
    place_in_list = pointer["rest"].strip("/")
    if pointer["what"] != "env":
        yield Operation(index, pointer["what"], place_in_list, texts)
    for variable in variables:
        yield Operation(index, pointer["what"], place_in_list, variable=variable)


def _scalars(node: Node) -> list[str]:
    text = tree.scalar(node)
    return (
        [text] if text is not None else [word for item in tree.items(node) if (word := tree.scalar(item)) is not None]
    )


def _stand(item: Object, place: Place) -> Object:
    """An object out of a text inside a manifest: all of it stands where that text does."""
    containers = tuple(replace(one, workload=_standing(one.workload, place)) for one in item.containers)
    return replace(
        item,
        span=place.span,
        containers=containers,
        store=item.store and replace(item.store, values=tuple((k, v, place) for k, v, _ in item.store.values)),
        addresses=tuple(replace(address, place=place) for address in item.addresses),
        passwords=tuple(replace(password, place=place, style="") for password in item.passwords),
    )


def _standing(own: Workload, place: Place) -> Workload:
    return replace(
        own,
        span=place.span,
        image_at=place if own.image_at else None,
        words=tuple(replace(word, place=place) for word in own.words),
        environment=tuple(replace(v, span=place.span, at=place) for v in own.environment),
    )


def merged(item: Object, change: Object) -> Object:
    """A strategic merge: containers and variables by their names, lists of words replaced."""
    changes = {one.workload.container: one for one in change.containers}
    containers = tuple(
        _overlaid(one, changes[one.workload.container]) if one.workload.container in changes else one
        for one in item.containers
    )
    store = item.store
    if store is not None and change.store is not None:
        given = {entry[0]: entry for entry in change.store.values}
        store = replace(store, values=(*(e for e in store.values if e[0] not in given), *given.values()))
    set_ = {v.name for one in change.containers for v in one.workload.environment}
    set_ |= {key for key, _, _ in change.store.values} if change.store else set()
    kept = [address for address in item.addresses if address.variable not in set_]
    return replace(item, containers=containers, store=store, addresses=(*kept, *change.addresses))


def _overlaid(base: Container, change: Container) -> Container:
    own, other = base.workload, change.workload
    workload = replace(
        own,
        image=other.image if other.image is not None else own.image,
        image_at=other.image_at or own.image_at,
        command=other.command or own.command,
        words=other.words or own.words,
        replaces=other.replaces or own.replaces,
        environment=tuple(_set(own.environment, other.environment)),
        configurations=tuple(dict.fromkeys((*own.configurations, *other.configurations))),
    )
    return Container(workload, (*base.imports, *change.imports))


def _set(variables: Iterable[EnvVar], changes: Iterable[EnvVar]) -> Iterator[EnvVar]:
    changed = {variable.name: variable for variable in changes}
    for variable in variables:
        yield changed.pop(variable.name, variable)
    yield from changed.values()


def _operated(item: Object, patch: Patch) -> Object:
    containers, found = list(item.containers), list(item.addresses)
    for operation in patch.operations:
        if operation.container < len(containers):
            one = containers[operation.container]
            containers[operation.container] = replace(one, workload=_changed(one.workload, operation))
        variable = operation.variable
        if variable is not None and variable.at is not None:
            found = [address for address in found if address.variable != variable.name]
            found += [Address(h, variable.at, variable.name) for h in hosts(variable.name, variable.value or "")]
    return replace(item, containers=tuple(containers), addresses=tuple(found))


def _changed(own: Workload, operation: Operation) -> Workload:
    texts = tuple(text.value for text in operation.values)
    if operation.what == "image" and operation.values:
        return replace(own, image=texts[0], image_at=operation.values[0].place)
    if operation.what in ("command", "args"):
        # Added to the words there are, unless the whole list is given.
        kept = own.words if operation.index or operation.what == "args" else ()
        words = (*kept, *operation.values)
        return replace(own, words=words, command=tuple(word.value for word in words))
    if operation.what == "env" and operation.variable is not None:
        return replace(own, environment=tuple(_set(own.environment, [operation.variable])))
    return own
