"""Compose files → the containers they run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from mooring.audit.facts import EnvVar, Workload
from mooring.audit.manifests import tree
from mooring.audit.manifests.tree import Node

__all__ = ["is_project", "workloads"]

# What a Compose service must have at least one of; a Helm values file may have `services` too.
_RUNS = ("image", "build", "command", "entrypoint", "environment", "extends")


def is_project(document: Node) -> bool:
    """Whether a document is a Compose file: a mapping of services, each of which runs something."""
    services = [value for _, _, value in tree.entries(tree.get(document, "services"))]
    return bool(services) and all(any(tree.get(service, field) is not None for field in _RUNS) for service in services)


def workloads(path: str, document: Node) -> Iterator[Workload]:
    """One workload a service; interpolations such as `${NAME:-x}` stay as they are written."""
    for name, key, service in tree.entries(tree.get(document, "services")):
        yield Workload(
            name=name,
            path=path,
            span=tree.key_span(key, service),
            image=tree.scalar(tree.get(service, "image")),
            command=(*_words(tree.get(service, "entrypoint")), *_words(tree.get(service, "command"))),
            environment=tuple(_variables(path, tree.get(service, "environment"))),
        )


def _words(command: Node | None) -> tuple[str, ...]:
    listed = tuple(word for part in tree.items(command) if (word := tree.scalar(part)) is not None)
    text = tree.scalar(command)
    if listed or text is None:
        return listed
    try:
        return tuple(shlex.split(text))
    except ValueError:  # an unbalanced quote: Compose itself would refuse it
        return (text,)


def _variables(path: str, environment: Node | None) -> Iterator[EnvVar]:
    for name, key, value in tree.entries(environment):
        yield EnvVar(name, tree.scalar(value), None, path, tree.key_span(key, value))
    for item in tree.items(environment):
        name, given, text = (tree.scalar(item) or "").partition("=")
        if name:
            yield EnvVar(name, text if given else None, None, path, tree.span(item))
