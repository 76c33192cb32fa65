"""Fixes in manifests, as edits of the text: a password moved to a Secret, one host in place of another."""

from __future__ import annotations

import re

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.facts import Password, Place
from mooring.audit.files import SourceFile
from mooring.audit.manifests.addresses import tokens
from mooring.audit.project import Project

__all__ = ["host_fix", "secret_fix"]

# The key before the value of a variable, in a block or between braces.
KEY = re.compile(r"value[ \t]*:[ \t]*\Z")
NAME, KEYS = "redis-credentials", ("password", "redis-password", "REDIS_PASSWORD")


def secret_fix(found: Password, project: Project) -> Fix | None:
    """The password taken out of a manifest; None where nothing can stand in its place."""
    source = project.source(found.place.path)
    span = found.place.span
    start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
    where = source.text.find(found.secret, start, end)
    if where < 0 or source.text.count(found.secret, start, end) != 1 or found.mild or "{{" in source.text:
        return None
    if found.style == "compose":
        variable = _variable(found.name)
        edit = Edit(found.place.path, where, where + len(found.secret), f"${{{variable}:?set {variable}}}")
        return Fix(f"take the password from {variable}", (edit,), Safety.UNSAFE)
    key = KEY.search(source.text, source.starts[span.line - 1], start)
    plain = source.text[start:end].strip("\"'") == found.secret
    if found.style != "env" or key is None or not plain or span.line != span.end_line:
        return None
    name, held = _secret(project)
    edit = Edit(found.place.path, key.start(), end, _reference(source, key.start(), name, held))
    return Fix(f"take the password from the key {held} of the Secret {name}", (edit,), Safety.UNSAFE)


def host_fix(place: Place, host: str, other: str, project: Project, safety: Safety) -> Fix | None:
    """`other` in place of `host` in a value, if it stands there once."""
    source = project.source(place.path)
    span = place.span
    start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
    where = source.text.find(host, start, end)
    if where < 0 or source.text.count(host, start, end) != 1:
        return None
    return Fix(f"name {other} here too", (Edit(place.path, where, where + len(host), other),), safety)


def _variable(name: str) -> str:
    """The variable that Compose is to take the password from."""
    return name if tokens(name)[-1:] == ["PASSWORD"] and name.isidentifier() else "REDIS_PASSWORD"


def _secret(project: Project) -> tuple[str, str]:
    """A key of a Secret of the tree that holds a password of Redis by its name, else one to be made."""
    known = project.deployed.deployment.secrets
    about = [(name, key) for name, key in known if {"REDIS", "VALKEY"} & {*tokens(name), *tokens(key)}]
    found = [(name, key) for name, key in about if tokens(key)[-1:] == ["PASSWORD"]]
    return found[0] if found else (NAME, KEYS[0])


def _reference(source: SourceFile, start: int, name: str, key: str) -> str:
    """`valueFrom` in the style of what is around it, at the column where `value` began."""
    line = source.text.rfind("\n", 0, start) + 1
    before = source.text[line:start]
    if before.strip(" -"):  # something stands before it: a mapping between braces
        return f"valueFrom: {{secretKeyRef: {{name: {name}, key: {key}}}}}"
    indent, newline = " " * len(before), source.newline
    return newline.join(
        ["valueFrom:", f"{indent}  secretKeyRef:", f"{indent}    name: {name}", f"{indent}    key: {key}"]
    )
