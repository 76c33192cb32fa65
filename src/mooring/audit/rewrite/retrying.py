"""The retry policy of a client that becomes an asyncio one: redis-py has a class of the same name for those."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from mooring.audit.edits import Edit
from mooring.audit.rewrite.flow import Flow

__all__ = ["asyncio_retries"]

FROM = re.compile(r"from[\s\\]+(redis\.retry)\b")


def asyncio_retries(flow: Flow, calls: Iterable[ast.Call]) -> tuple[Edit, ...] | None:
    """The edit of the import that gives `calls`, which make clients, a policy of the other kind.

    None where a policy is made elsewhere, or another client is given one of that import.
    """
    values = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "retry"]
    values = [value for value in values if not (isinstance(value, ast.Constant) and value.value is None)]
    if not values:
        return ()
    made = {_made(flow, value, values) for value in values}
    local = next((name.id for name in made if name), "")
    # All of them are made by one name, which makes nothing else.
    return _imported(flow, local) if made == {*flow.loads(local)} else None


def _made(flow: Flow, value: ast.expr, values: list[ast.expr]) -> ast.Name | None:
    """The name of the class that makes a policy: in the argument itself, or where the name in it is bound."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func
    scope = flow.owner(value) if isinstance(value, ast.Name) else None
    if scope is None or not isinstance(value, ast.Name):
        return None
    bindings = flow.bindings(scope, value.id)
    statement = flow.parents.get(bindings[0]) if len(bindings) == 1 else None
    if isinstance(statement, ast.Assign) and set(values).issuperset(flow.loads(value.id, scope)):
        return _made(flow, statement.value, values) if isinstance(statement.value, ast.Call) else None
    return None


def _imported(flow: Flow, local: str) -> tuple[Edit, ...] | None:
    """The edit of the import that alone binds `local` to `redis.retry.Retry`, and brings nothing else."""
    for alias in (node for node in flow.scopes if isinstance(node, ast.alias)):
        statement = flow.parents[alias]
        if (alias.asname or alias.name) == local and isinstance(statement, ast.ImportFrom):
            start = flow.syntax.start(statement)
            found = FROM.match(flow.syntax.text, start)
            alone = len(statement.names) == 1 and alias.name == "Retry" and flow.syntax.bound_names[local] == 1
            if found and alone:
                return (Edit(flow.syntax.source.path, found.start(1), found.end(1), "redis.asyncio.retry"),)
    return None
