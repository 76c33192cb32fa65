"""Kustomizations → the objects as they are applied: prefixed, in their namespace, patched, with what is generated.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mooring.audit.facts import EnvVar, Password
from mooring.audit.manifests import tree
from mooring.audit.manifests.generators import Generator, Peek, generated, generators
from mooring.audit.manifests.kubernetes import Object
from mooring.audit.manifests.patches import Patch, patched, patches
from mooring.audit.manifests.pods import Container
from mooring.audit.manifests.tree import Node

__all__ = ["NAMES", "Bundle", "Kustomization", "applied", "kustomization"]

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
DEEPEST = 20
# Kinds whose names are left as they are.
UNTOUCHED = frozenset({"Namespace", "CustomResourceDefinition"})


@dataclass(frozen=True, slots=True)
class Kustomization:
    """What the kustomization at `path` says; its paths are relative to the root."""

    path: str
    namespace: str | None
    prefix: str
    suffix: str
    resources: tuple[str, ...]
    patches: tuple[Patch, ...]
    generators: tuple[Generator, ...]
    images: tuple[tuple[str, str], ...]
    passwords: tuple[Password, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is put together: kustomizations by folder, objects and files of variables by path, other files by `peek`."""

    kustomizations: Mapping[str, Kustomization]
    objects: Mapping[str, Sequence[Object]]
    files: Mapping[str, Sequence[EnvVar]]
    peek: Peek


def kustomization(path: str, document: Node) -> Kustomization:
    """What the kustomization at `path` says."""
    folder = posixpath.dirname(path)
    listed = [
        text
        for key in ("resources", "bases", "components")
        for item in tree.items(tree.get(document, key))
        if (text := tree.scalar(item)) is not None
    ]
    made_by = tuple(generators(path, document))
    patched_by = tuple(patches(path, document))
    return Kustomization(
        path,
        tree.scalar(tree.get(document, "namespace")),
        tree.scalar(tree.get(document, "namePrefix")) or "",
        tree.scalar(tree.get(document, "nameSuffix")) or "",
        tuple(_below(folder, text) for text in listed if "://" not in text),
        patched_by,
        made_by,
        tuple(_images(document)),
        tuple(found for one in made_by for found in one.passwords)
        + tuple(found for patch in patched_by for one in patch.merged for found in one.passwords),
    )


def _images(document: Node) -> Iterator[tuple[str, str]]:
    for item in tree.items(tree.get(document, "images")):
        name, new = (tree.scalar(tree.get(item, key)) for key in ("name", "newName"))
        if name and new:
            yield name, new


def applied(bundle: Bundle) -> Iterator[Object]:
    """Every object as it is applied: those of the outermost kustomizations as these make them, the rest as they are."""
    every = bundle.kustomizations
    inner = {path for one in every.values() for path in one.resources}
    patching = {patch.file for one in every.values() for patch in one.patches}
    for folder, one in every.items():
        if folder not in inner:
            yield from _build(one, bundle, 0)
    for path, own in bundle.objects.items():
        if path not in inner and path not in patching:
            yield from own


def _build(one: Kustomization, bundle: Bundle, depth: int) -> Iterator[Object]:
    if depth > DEEPEST:  # a kustomization that is its own base
        return
    gathered: list[Object] = []
    for path in one.resources:
        if path in bundle.kustomizations:
            gathered += _build(bundle.kustomizations[path], bundle, depth + 1)
        gathered += bundle.objects.get(path, ())
    for generator in one.generators:
        gathered = generated(gathered, generator, one.path, bundle.files, bundle.peek)
    for patch in one.patches:
        contents = bundle.objects.get(patch.file, ())
        gathered = [patched(item, patch, contents) for item in gathered]
    names = {(item.kind, item.name) for item in gathered}
    for item in gathered:
        yield _placed(item, one, names)


def _placed(item: Object, one: Kustomization, names: set[tuple[str, str]]) -> Object:
    """An object under the name and in the namespace that a kustomization gives it."""
    namespace = one.namespace or item.namespace
    own = _named(one, names, item.kind, item.name)
    return replace(
        item,
        name=own,
        namespace=namespace,
        containers=tuple(_contained(box, item.name, own, namespace, one, names) for box in item.containers),
        store=item.store
        and replace(item.store, name=_named(one, names, item.store.kind, item.store.name), namespace=namespace),
        host=item.host and replace(item.host, pattern=own, namespace=namespace),
        addresses=tuple(replace(address, namespace=namespace) for address in item.addresses),
    )


def _contained(
    box: Container, old: str, new: str, namespace: str | None, one: Kustomization, names: set[tuple[str, str]]
) -> Container:
    """A container of an object that is renamed, which refers to others that may be renamed too."""
    own = box.workload

    def renamed(reference: str) -> str:
        kind, name, *key = reference.split("/", 2)
        return "/".join([kind, _named(one, names, kind, name), *key])

    workload = replace(
        own,
        name=new + own.name.removeprefix(old),
        namespace=namespace,
        image=_image(own.image, one.images),
        environment=tuple(replace(v, source=v.source and renamed(v.source)) for v in own.environment),
        configurations=tuple(map(renamed, own.configurations)),
    )
    return Container(workload, tuple(replace(i, name=_named(one, names, i.kind, i.name)) for i in box.imports))


def _named(one: Kustomization, names: set[tuple[str, str]], kind: str, name: str) -> str:
    """The name that an object of the kustomization gets; any other keeps its own."""
    return f"{one.prefix}{name}{one.suffix}" if (kind, name) in names and kind not in UNTOUCHED else name


def _image(image: str | None, images: tuple[tuple[str, str], ...]) -> str | None:
    name, colon, tag = (image or "").partition(":")
    return next((f"{new}{colon}{tag}" for old, new in images if old == name), image)


def _below(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
