"""The generators of a kustomization → the ConfigMaps and Secrets that they make.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator/
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mooring.audit.facts import Address, EnvVar, Password, Place, Span
from mooring.audit.manifests import tree
from mooring.audit.manifests.kubernetes import Object, Store
from mooring.audit.manifests.patches import merged
from mooring.audit.manifests.said import Said, addresses_in, passwords_in, said
from mooring.audit.manifests.tree import Node

__all__ = ["Generator", "Peek", "generated", "generators"]

# The text of any file below the root, None where there is none.
Peek = Callable[[str], str | None]

KINDS = (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator"))
START = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Generator:
    """What one generator says: its literals, files of variables, and files (key and path) that are kept whole.

    `behavior` is `merge` or `replace` where it changes what a base generates.
    """

    store: Store
    behavior: str
    env_files: tuple[str, ...]
    files: tuple[tuple[str, str, Place], ...]
    addresses: tuple[Address, ...]
    passwords: tuple[Password, ...]


def generators(path: str, document: Node) -> Iterator[Generator]:
    """The generators in the kustomization at `path`; their paths are relative to the root."""
    folder = posixpath.dirname(path)
    for kind, field in KINDS:
        for item in tree.items(tree.get(document, field)):
            literals = list(_literals(item))
            kept = kind == "ConfigMap"
            values = [(one.name, one.text if kept else None, Place(path, one.span)) for one in literals]
            yield Generator(
                Store(kind, tree.scalar(tree.get(item, "name")) or "", tuple(values)),
                tree.scalar(tree.get(item, "behavior")) or "",
                tuple(_below(folder, file) for file in _env_files(item)),
                tuple((key, _below(folder, file), Place(path, span)) for key, file, span in _files(item)),
                tuple(address for one in literals for address in addresses_in(path, one)),
                tuple(found for one in literals for found in passwords_in(path, one, mild=not kept)),
            )


def generated(
    before: Sequence[Object], one: Generator, path: str, variables: Mapping[str, Sequence[EnvVar]], peek: Peek
) -> list[Object]:
    """The objects of a kustomization at `path` with what a generator makes of them, or adds to them."""
    made = _made(one, path, variables, peek)
    known = [item for item in before if (item.kind, item.name) == (made.kind, made.name)]
    if one.behavior not in ("merge", "replace") or not known:
        return [*before, made]
    changed = {id(item): merged(item, made) if one.behavior == "merge" else made for item in known}
    return [changed.get(id(item), item) for item in before]


def _made(one: Generator, path: str, variables: Mapping[str, Sequence[EnvVar]], peek: Peek) -> Object:
    kept = one.store.kind == "ConfigMap"
    read = [
        (variable.name, variable.value if kept else None, variable.at)
        for file in one.env_files
        for variable in variables.get(file, ())
        if variable.at is not None
    ]
    whole = [(key, peek(file) if kept else None, place) for key, file, place in one.files]
    store = replace(one.store, values=(*one.store.values, *read, *whole))
    return Object(store.kind, store.name, None, path, START, store=store, addresses=one.addresses)


def _literals(item: Node) -> Iterator[Said]:
    """The `literals` of a generator, of which none is a name that speaks for another."""
    yield from (one for one in said(tree.get(item, "literals")) if one.name)


def _env_files(item: Node) -> Iterator[str]:
    """The files of variables of a generator."""
    for node in [tree.get(item, "env"), *tree.items(tree.get(item, "envs"))]:
        text = tree.scalar(node)
        if text:
            yield text


def _files(item: Node) -> Iterator[tuple[str, str, Span]]:
    """The files that a generator keeps whole, each under its own name or the one before the `=`."""
    for node in tree.items(tree.get(item, "files")):
        key, named, path = (tree.scalar(node) or "").partition("=")
        file = path if named else key
        if file:
            yield (key if named else posixpath.basename(file)), file, tree.span(node)


def _below(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
