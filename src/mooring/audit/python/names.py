"""What import statements bind."""

from __future__ import annotations

import ast

from mooring.audit.facts import Import, Imported
from mooring.audit.python.scopes import Scopes, span_of

__all__ = ["read_import", "read_import_from"]


def read_import(scopes: Scopes, node: ast.Import) -> None:
    """`import a.b` binds `a`; `import a.b as c` binds `c` to `a.b`."""
    for alias in node.names:
        _note(scopes, node, alias.name, None, alias.asname, 0)
        if alias.asname:
            scopes.bind(alias.asname, Imported(alias.name), node.lineno)
        else:
            root = alias.name.partition(".")[0]
            scopes.bind(root, Imported(root), node.lineno)


def read_import_from(scopes: Scopes, node: ast.ImportFrom) -> None:
    """`from a import b` binds `b`; a star is kept aside until the tree is known."""
    module = node.module or ""
    for alias in node.names:
        _note(scopes, node, module, alias.name, alias.asname, node.level)
        if alias.name == "*":
            scopes.module.stars.append(Imported(module, None, node.level))
        else:
            scopes.bind(alias.asname or alias.name, Imported(module, alias.name, node.level), node.lineno)


def _note(
    scopes: Scopes, node: ast.Import | ast.ImportFrom, module: str, name: str | None, asname: str | None, level: int
) -> None:
    scopes.module.imports.append(
        Import(
            module,
            name,
            asname,
            level,
            span_of(scopes.source, node),
            scopes.current.index,
            guarded=scopes.guarded,
            type_checking=scopes.type_checking,
        )
    )
