"""Channels of aioredis 1.x become `pubsub()` objects.

(channel,) = await redis.subscribe("news")      channel = redis.pubsub(ignore_subscribe_messages=True)
                                                await channel.subscribe("news")
while await channel.wait_message():        →    async for message in channel.listen():
    text = await channel.get()                      text = message["data"]
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mooring.audit.rewrite.aioredis.calls import ClientCall, Role, common
from mooring.audit.rewrite.aioredis.changes import ByHand, Change, File, Function, Told
from mooring.audit.rewrite.aioredis.methods import UTF8

__all__ = ["SUBSCRIBING", "channel_changes"]

SUBSCRIBING = frozenset({"psubscribe", "punsubscribe", "subscribe", "unsubscribe"})
ADVICE = "make a pubsub() of the client, await its subscribe() and read message['data'] from its listen()"
ENDING = "a listener ends when its own pubsub object unsubscribes, and no longer when the client closes"

Scope = Function | None


def channel_changes(file: File, calls: Sequence[ClientCall]) -> Iterator[Change]:
    """The changes of subscriptions, and of the loops that read their channels."""
    own = [call for call in calls if call.role is Role.CLIENT and call.name in SUBSCRIBING]
    text = common(call.text for call in own if call.name == "subscribe")
    channels: set[tuple[Scope, str]] = set()
    for call in own:
        try:
            if call.name == "subscribe":
                name, changes = _subscription(call)
                channels.add((file.function(call.node), name))
                yield from changes
        except ByHand as reason:
            yield file.todo(call.node, str(reason))
    for call in own:
        if call.name != "subscribe":
            yield from _ending(call, [name for scope, name in channels if scope is file.function(call.node)])
    if own:
        yield Told(ENDING)
    yield from _readings(file, channels, subscribes=bool(own), text=text)


def _subscription(call: ClientCall) -> tuple[str, list[Change]]:
    """The name of the channel, and the changes that make a pubsub of it."""
    file, statement = call.file, call.file.statement(call.node)
    given = call.node.args
    one = len(given) == 1 and not call.node.keywords and not isinstance(given[0], ast.Starred)
    if not one or call.awaited is None or "Channel" in file.code(given[0]):
        raise ByHand(f"subscribe(): {ADVICE}")
    made = f"{call.receiver}.pubsub(ignore_subscribe_messages=True)"
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=name)]) | ast.List(elts=[ast.Name(id=name)])]):
            whole = statement.value is call.awaited
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript(value=value, slice=ast.Constant(value=0))):
            whole = value is call.awaited
        case ast.Assign(targets=[ast.Name(id=result)], value=value) if value is call.awaited:
            return _indexed(call, statement, result, made)
        case _:
            whole, name = False, ""
    if not whole or not file.syntax.starts_line(file.syntax.start(statement)):
        raise ByHand(f"subscribe(): {ADVICE}")
    start, end = file.syntax.start(statement), file.syntax.end(statement)
    indent = file.syntax.text[file.syntax.line_start(start) : start]
    code = f"{name} = {made}{file.syntax.source.newline}{indent}await {name}.subscribe({file.code(given[0])})"
    return name, [file.edit(start, end, code)]


def _indexed(call: ClientCall, statement: ast.stmt, result: str, made: str) -> tuple[str, list[Change]]:
    """`result = await redis.subscribe(…)`, then `channel = result[0]`."""
    file, block = call.file, call.file.block(statement)
    scope = file.function(statement) or file.syntax.tree
    uses = [node for node in ast.walk(scope) if isinstance(node, ast.Name) and node.id == result]
    for following in block[block.index(statement) + 1 :][:1]:
        match following:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Subscript(value=ast.Name(id=other), slice=ast.Constant(value=0))
            ) if other == result and len(uses) == 2:
                code = f"await {name}.subscribe({file.code(call.node.args[0])})"
                return name, [
                    file.edit(file.syntax.start(statement), file.syntax.end(statement), f"{name} = {made}"),
                    file.edit(file.syntax.start(following), file.syntax.end(following), code),
                ]
    raise ByHand(f"subscribe(): {ADVICE}")


def _ending(call: ClientCall, channels: list[str]) -> Iterator[Change]:
    if call.name == "unsubscribe" and len(channels) == 1:
        yield call.file.replace(call.func.value, channels[0])
    elif call.name == "unsubscribe":
        yield call.file.todo(call.node, "unsubscribe(): call it on the pubsub object that subscribed")
    else:
        yield call.file.todo(call.node, f"{call.name}(): {ADVICE}; of a pattern, message['channel'] tells the channel")


def _readings(file: File, channels: set[tuple[Scope, str]], *, subscribes: bool, text: bool | None) -> Iterator[Change]:
    """The changes of everything that reads a channel, in this function or one that gets it as an argument."""
    read: set[ast.AST] = set()
    for node in ast.walk(file.syntax.tree):
        match node:
            case ast.While(
                test=ast.Await(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="wait_message")))
            ):
                channels.add((file.function(node), name))
                yield from _attempt(file, node, name, read, text)
            case ast.AsyncFor(iter=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="iter"))) if (
                subscribes or (file.function(node), name) in channels
            ):
                channels.add((file.function(node), name))
                yield from _attempt(file, node, name, read, text)
    for node in ast.walk(file.syntax.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name)) if (file.function(node), name) in channels and node not in read:
                yield file.todo(node, f"{name}.{node.attr}: {ADVICE}")


def _attempt(
    file: File, loop: ast.While | ast.AsyncFor, name: str, read: set[ast.AST], text: bool | None
) -> Iterator[Change]:
    try:
        changes = (
            _iterated(file, loop, text) if isinstance(loop, ast.AsyncFor) else _looped(file, loop, name, read, text)
        )
    except ByHand as reason:
        yield file.todo(loop, str(reason))
    else:
        yield from changes
    head = loop.iter if isinstance(loop, ast.AsyncFor) else loop.test
    read.update(node for node in ast.walk(head) if isinstance(node, ast.Attribute))


def _looped(file: File, loop: ast.While, name: str, read: set[ast.AST], text: bool | None) -> list[Change]:
    gets = [
        node
        for statement in loop.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("get", "get_json")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == name
    ]
    read.update(get.func for get in gets)
    awaited = [file.parents[get] for get in gets]
    if len(gets) != 1 or not isinstance(awaited[0], ast.Await) or loop.orelse:
        raise ByHand(f"{name}.wait_message(): {ADVICE}")
    message = _message_name(file, loop)
    start = file.syntax.start(loop)
    head_end = file.syntax.text.index(":", file.syntax.end(loop.test))  # parentheses may stand before it
    return [
        file.edit(start, head_end, f"async for {message} in {name}.listen()"),
        file.replace(awaited[0], _data(file, gets[0], message, text)),
    ]


def _iterated(file: File, loop: ast.AsyncFor, text: bool | None) -> list[Change]:
    call, body = loop.iter, file.syntax.start(loop.body[0])
    if not isinstance(loop.target, ast.Name) or not isinstance(call, ast.Call) or not file.syntax.starts_line(body):
        raise ByHand(ADVICE)
    indent = file.syntax.text[file.syntax.line_start(body) : body]
    target = loop.target.id
    code = f"{target} = {_data(file, call, target, text)}{file.syntax.source.newline}{indent}"
    return [
        file.edit(file.syntax.end(call.func) - len("iter"), file.syntax.end(call), "listen()"),
        file.edit(body, body, code),
    ]


def _message_name(file: File, loop: ast.While) -> str:
    scope = file.function(loop) or file.syntax.tree
    names = {node.id for node in ast.walk(scope) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(scope) if isinstance(node, ast.arg)}
    free = [name for name in ("message", "received", "pubsub_message") if name not in names]
    if not free:
        raise ByHand(ADVICE)
    return free[0]


def _data(file: File, call: ast.Call, message: str, text: bool | None) -> str:
    """The code for what aioredis gave of a message: bytes unless it was told an encoding."""
    data = f'{message}["data"]'
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if call.args or not keywords.keys() <= {"encoding", "decoder"} or text is None:
        raise ByHand(ADVICE)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "get_json":
        if "json" not in file.imported or keywords:
            raise ByHand("get_json(): import json and json.loads(message['data'])")
        return f"json.loads({data})"
    encoding = keywords.get("encoding")
    wanted = encoding.value if isinstance(encoding, ast.Constant) else None
    if encoding is not None and wanted not in {*UTF8, None}:
        raise ByHand(ADVICE)
    if wanted is None and text:
        data += ".encode()"
    elif wanted is not None and not text:
        data += ".decode()"
    return f"{file.code(keywords['decoder'])}({data})" if "decoder" in keywords else data
