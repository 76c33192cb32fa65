"""A pipeline of aioredis 1.x gave a future per command; redis-py's gives all answers at its end.

first = pipe.incr("a")            pipe.incr("a")
pipe.set("b", 1)             →    pipe.set("b", 1)
await pipe.execute()              first, _ = await pipe.execute()
print(await first)                print(first)
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from mooring.audit.rewrite.aioredis.calls import ClientCall, Role
from mooring.audit.rewrite.aioredis.changes import Change, File

__all__ = ["future_changes"]

ADVICE = "a pipeline's command gives no future: take its answer from the list that execute() gives"


def future_changes(file: File, calls: Sequence[ClientCall]) -> Iterator[Change]:
    """The changes of the futures that commands of pipelines give."""
    queued = [call for call in calls if call.role is Role.PIPELINE and call.name != "execute"]
    runs = [call for call in calls if call.role is Role.PIPELINE and call.name == "execute"]
    for receiver in dict.fromkeys((file.function(call.node), call.receiver) for call in queued):
        own = [call for call in queued if (file.function(call.node), call.receiver) == receiver]
        ends = [call for call in runs if (file.function(call.node), call.receiver) == receiver]
        kept = [call for call in own if not isinstance(file.parents[call.node], ast.Expr)]
        if not kept:
            continue
        changes = _unfolded(file, own, ends)
        if changes is None:
            yield from (file.todo(call.node, ADVICE) for call in kept)
        else:
            yield from changes


def _unfolded(file: File, own: list[ClientCall], ends: list[ClientCall]) -> list[Change] | None:
    """The changes where the commands and their one `execute()` are statements of one block; else None."""
    statements = [file.statement(call.node) for call in own]
    if len(ends) != 1 or len(set(statements)) != len(own):
        return None
    end = file.statement(ends[0].node)
    block = file.block(end)
    dropped = isinstance(end, ast.Expr) and isinstance(end.value, ast.Await) and end.value.value is ends[0].node
    together = all(statement in block and block.index(statement) < block.index(end) for statement in statements)
    names = [_target(statement, call) for statement, call in zip(statements, own, strict=True)]
    if not dropped or not together or None in names:
        return None
    changes: list[Change] = []
    for statement, call, name in zip(statements, own, names, strict=True):
        if name:
            changes.append(file.edit(file.syntax.start(statement), file.span(call.node)[0], ""))
            uses = _uses(file, statement, name)
            if uses is None:
                return None
            changes += [file.replace(use, name) for use in uses]
    targets = ", ".join(name or "_" for name in names) + ("," if len(names) == 1 else "")
    start = file.syntax.start(end)
    return [*changes, file.edit(start, start, f"{targets} = ")]


def _target(statement: ast.stmt, call: ClientCall) -> str | None:
    """The name that a command's future is kept under, empty if it is not kept; None where it is more than that."""
    match statement:
        case ast.Expr(value=value) if value is call.node:
            return ""
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is call.node:
            return name
    return None


def _uses(file: File, statement: ast.stmt, name: str) -> list[ast.Await] | None:
    """Each `await name` of the function; None where the name is bound twice or used in another way."""
    scope = file.function(statement) or file.syntax.tree
    names = [node for node in ast.walk(scope) if isinstance(node, ast.Name) and node.id == name]
    contexts = Counter(isinstance(node.ctx, ast.Load) for node in names)
    uses = [file.parents[node] for node in names if isinstance(node.ctx, ast.Load)]
    awaits = [use for use in uses if isinstance(use, ast.Await)]
    return awaits if contexts[False] == 1 and len(awaits) == len(uses) else None
