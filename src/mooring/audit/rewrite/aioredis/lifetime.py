"""How a client of aioredis 1.x was closed, and how a connection of its own was lent."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mooring.audit.rewrite.aioredis.calls import ClientCall, Role
from mooring.audit.rewrite.aioredis.changes import Change, File, Told

__all__ = ["lending_changes", "lifetime_changes", "queue_changes"]

LENT = "`async with redis.client() as connection` holds one connection"


def lifetime_changes(call: ClientCall, closer: str) -> Iterator[Change] | None:
    """The changes of a call that closes a client or lends a connection; None if it does neither.

    `closer` is the method that closes in the project's redis-py.
    """
    if call.role is Role.CLIENT and call.name == "wait_closed":
        return _closed(call, closer)
    if call.role is Role.CLIENT and call.name == "close":
        return _closing(call, closer)
    if call.role is Role.CLIENT and call.name in ("acquire", "release"):
        return _lent(call)
    if call.name == "get" and not call.node.args and not call.node.keywords:
        return _lent(call)
    return None


def queue_changes(call: ClientCall) -> Iterator[Change] | None:
    """The changes of a call that makes or runs a pipeline; None if it does neither."""
    if call.role is Role.CLIENT and call.name in ("multi_exec", "pipeline"):
        return _queue(call)
    if call.role is Role.PIPELINE and call.name == "execute":
        return _run(call)
    return None


def lending_changes(file: File, calls: Sequence[ClientCall]) -> Iterator[Change]:
    """`with await redis as connection:` becomes `async with redis.client() as connection:`."""
    receivers = {(file.function(call.node), call.receiver) for call in calls if call.role is Role.CLIENT}
    for node in ast.walk(file.syntax.tree):
        match node:
            case ast.With(items=[ast.withitem(ast.Await(value=client) as awaited, ast.Name(id=name))]) if receivers & {
                (file.function(node), name),
                (file.function(node), file.code(client)),
            }:
                start = file.syntax.start(node)
                yield file.edit(start, start, "async ")
                yield file.replace(awaited, f"{file.code(client)}.client()")
            case ast.With(items=items):
                lent = [item.context_expr for item in items if isinstance(item.context_expr, ast.Await)]
                if any((file.function(node), file.code(one.value)) in receivers for one in lent):
                    yield file.todo(node, LENT)


def _closed(call: ClientCall, closer: str) -> Iterator[Change]:
    end = call.file.syntax.end(call.func)
    yield call.file.edit(end - len("wait_closed"), end, closer)


def _closing(call: ClientCall, closer: str) -> Iterator[Change]:
    """`close()` goes where `wait_closed()` follows at once, and is awaited where it stands alone."""
    file, statement = call.file, call.file.statement(call.node)
    block = file.block(statement)
    if not isinstance(file.parents[call.node], ast.Expr):
        yield file.todo(call.node, f"close(): await {closer}() instead")
        return
    following = block[block.index(statement) + 1 :][:1]
    if any(_waits(file, after, call.receiver) for after in following):
        removal = file.without_line(statement)
        if removal is not None:
            yield removal
            return
    if not file.in_coroutine(call.node):
        yield file.todo(call.node, f"close(): await {closer}() in a coroutine")
        return
    start, _ = file.span(call.node)
    end = file.syntax.end(call.func)
    yield file.edit(start, start, "await ")
    yield file.edit(end - len("close"), end, closer)


def _waits(file: File, statement: ast.stmt, receiver: str) -> bool:
    match statement:
        case ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute(value=client, attr="wait_closed")))):
            return file.code(client) == receiver
    return False


def _lent(call: ClientCall) -> Iterator[Change]:
    file = call.file
    if isinstance(file.parents[call.node], ast.withitem) and call.name == "get":
        end = file.syntax.end(call.func)
        yield file.edit(end - len("get"), end, "client")
    else:
        yield file.todo(call.node, f"{call.name}(): {LENT}")


def _queue(call: ClientCall) -> Iterator[Change]:
    file = call.file
    if call.node.args or call.node.keywords:
        yield file.todo(call.node, f"{call.name}(): takes other arguments")
        return
    end = file.syntax.end(call.func)
    transaction = call.name == "multi_exec"
    yield file.edit(end - len(call.name), file.syntax.end(call.node), f"pipeline(transaction={transaction})")
    yield Told("a failed pipeline raises the first error itself")


def _run(call: ClientCall) -> Iterator[Change]:
    for keyword in call.node.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg != "return_exceptions" or not isinstance(value, bool):
            yield call.file.todo(call.node, "execute(): write raise_on_error=")
        else:
            yield call.file.edit(*call.file.span(keyword), f"raise_on_error={not value}")
