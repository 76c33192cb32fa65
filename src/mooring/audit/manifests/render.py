"""Render's blueprints (`render.yaml`, https://render.com/docs/blueprint-spec) → what they run."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.facts import Address, Build, EnvVar, HostName, Password, Place, Text, Workload
from mooring.audit.manifests import tree
from mooring.audit.manifests.said import addresses_in, passwords_in, said
from mooring.audit.manifests.tree import Node

__all__ = ["Blueprint", "blueprint", "is_blueprint"]

# Render's own Redis: no container of the user's runs it.
STORES = ("redis", "keyvalue")


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a blueprint says."""

    workloads: tuple[Workload, ...]
    names: tuple[HostName, ...]
    addresses: tuple[Address, ...]
    passwords: tuple[Password, ...]


def is_blueprint(path: str, document: Node) -> bool:
    """Whether a document is a blueprint: a list of services, in a file of that name."""
    return posixpath.basename(path) in ("render.yaml", "render.yml") and bool(
        tree.items(tree.get(document, "services"))
    )


def blueprint(path: str, document: Node) -> Blueprint:
    """What a blueprint says; a variable that is taken from another service has `render/NAME` for its source."""
    groups = {
        tree.scalar(tree.get(group, "name")) or "": tree.get(group, "envVars")
        for group in tree.items(tree.get(document, "envVarGroups"))
    }
    services = tree.items(tree.get(document, "services"))
    named = [(name, service) for service in services if (name := tree.scalar(tree.get(service, "name")))]
    spoken = list(said(document))
    return Blueprint(
        tuple(
            _workload(path, name, service, groups)
            for name, service in named
            if tree.scalar(tree.get(service, "type")) not in STORES
        ),
        tuple(HostName(name, None, Place(path, tree.span(service))) for name, service in named),
        tuple(found for one in spoken for found in addresses_in(path, one)),
        tuple(found for one in spoken for found in passwords_in(path, one, style="render")),
    )


def _workload(path: str, name: str, service: Node, groups: dict[str, Node | None]) -> Workload:
    start = tree.get(service, "startCommand") or tree.get(service, "dockerCommand")
    text = tree.scalar(start) or ""
    try:
        command = shlex.split(text)
    except ValueError:
        command = [text]
    root = posixpath.normpath(posixpath.join(posixpath.dirname(path), tree.scalar(tree.get(service, "rootDir")) or "."))
    dockerfile = tree.scalar(tree.get(service, "dockerfilePath")) or "Dockerfile"
    place = Place(path, tree.span(start)) if start is not None else Place(path, tree.span(service))
    return Workload(
        name,
        path,
        tree.span(service),
        tree.scalar(tree.get(service, "image", "url")),
        tuple(command),
        tuple(_variables(path, tree.get(service, "envVars"), groups)),
        "render",
        words=tuple(Text(word, place) for word in command),
        replaces=start is not None,
        build=Build(root, posixpath.normpath(posixpath.join(root, dockerfile))),
    )


def _variables(path: str, listed: Node | None, groups: dict[str, Node | None]) -> Iterator[EnvVar]:
    for node in tree.items(listed):
        name = tree.scalar(tree.get(node, "key"))
        group = tree.scalar(tree.get(node, "fromGroup"))
        if group is not None and group in groups:
            yield from _variables(path, groups[group], {})
        elif name is not None:
            value = tree.get(node, "value")
            other = tree.scalar(tree.get(node, "fromService", "name"))
            at = tree.span(value) if value is not None else tree.span(node)
            source = f"render/{other}/{name}" if other else None
            yield EnvVar(name, tree.scalar(value), source, path, tree.span(node), Place(path, at))
