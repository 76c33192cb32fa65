"""One method call of an aioredis 1.x client after another becomes one of redis-py's."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mooring.audit.rewrite.aioredis.calls import ClientCall, Role
from mooring.audit.rewrite.aioredis.changes import ByHand, Change, File, Told
from mooring.audit.rewrite.aioredis.commands import Rewritten
from mooring.audit.rewrite.aioredis.others import ANSWERS, LISTS, rewritten
from mooring.audit.rewrite.arguments import Action, Layout, edit_arguments

__all__ = ["argument_edits", "method_changes"]

UTF8 = frozenset({"utf-8", "utf8", "UTF-8"})
SCORES = "scores are floats, whole ones too"
CONDITIONAL = "set() gives None, not False, where nx or xx keeps it from writing"
FIELDS = "hmset() and hmset_dict() gave True: use hset(key, mapping=...), which gives the number of new fields"
COLLECTORS = frozenset({"frozenset", "len", "list", "set", "sorted", "tuple"})
ASYNC_ITERATORS = frozenset({"ihscan", "iscan", "isscan", "izscan"})


def method_changes(call: ClientCall) -> Iterator[Change]:
    """The changes that a command of a client or a pipeline needs; a `Todo` where a person has to make them."""
    try:
        changes = list(_changes(call))
    except ByHand as reason:
        yield call.file.todo(call.node, str(reason))
    else:
        yield from changes


def argument_edits(file: File, node: ast.Call, rewrite: Rewritten) -> Iterator[Change]:
    """The edits of a call's arguments; raises `ByHand` where they would take a comment with them."""
    arguments = file.arguments(node)
    layout = Layout.read(
        file.syntax.text, file.syntax.end(node.func), file.syntax.end(node), [file.span(one) for one in arguments]
    )
    actions = [_action(rewrite, argument) for argument in arguments]
    if rewrite.added and arguments:
        actions[-1] = _extended(file, arguments[-1], actions[-1], rewrite.added)
    elif rewrite.added:
        yield file.edit(layout.closing, layout.closing, ", ".join(rewrite.added))
    for slot, action in zip(layout.slots, actions, strict=True):
        if action.kind in ("drop", "replace") and _has_comment(file.syntax.text[slot.start : slot.end]):
            raise ByHand("a comment stands inside an argument that has to change")
    if arguments:
        yield from (file.edit(*replacement) for replacement in edit_arguments(layout, actions))


def _changes(call: ClientCall) -> Iterator[Change]:
    rewrite = rewritten(call)
    encoding = next((keyword for keyword in call.node.keywords if keyword.arg == "encoding"), None)
    if encoding is not None:
        _require_text(call, encoding)
        rewrite.arguments[encoding] = None
    if rewrite.name != call.name:
        end = call.file.syntax.end(call.func)
        yield call.file.edit(end - len(call.name), end, rewrite.name)
    yield from argument_edits(call.file, call.node, rewrite)
    yield from _answer(call, rewrite)
    yield from _awaiting(call)


def _action(rewrite: Rewritten, argument: ast.expr | ast.keyword) -> Action:
    if argument not in rewrite.arguments:
        return Action()
    text = rewrite.arguments[argument]
    return Action("drop") if text is None else Action("replace", text)


def _extended(file: File, argument: ast.expr | ast.keyword, action: Action, added: list[str]) -> Action:
    kept = [] if action.kind == "drop" else [action.text if action.kind == "replace" else file.code(argument)]
    return Action("replace", ", ".join([*kept, *added]))


def _has_comment(code: str) -> bool:
    return "#" in code and ("\n" in code or "\r" in code)


def _require_text(call: ClientCall, encoding: ast.keyword) -> None:
    """Refuse an `encoding` of a single call that is not what the client does with all its replies."""
    value = encoding.value.value if isinstance(encoding.value, ast.Constant) else ...
    if call.text is not (value in UTF8) or not (value is None or value in UTF8):
        raise ByHand(f"{call.name}(): no encoding per call; make the client with decode_responses, or decode here")


def _answer(call: ClientCall, rewrite: Rewritten) -> Iterator[Change]:
    """What has to be done, or told, about an answer that somebody looks at."""
    queued = call.role is Role.PIPELINE
    if call.dropped and not queued:
        return
    if call.name in ("hmset", "hmset_dict") and not queued:
        raise ByHand(FIELDS)
    if call.name in LISTS:
        if queued or call.awaited is None:
            raise ByHand(f"{call.name}(): take a set from it, not a list")
        if not _is_any_collection(call.file, call.awaited):
            start, end = call.file.span(call.awaited)
            yield call.file.edit(start, start, "list(")
            yield call.file.edit(end, end, ")")
    if call.name in ANSWERS:
        yield Told(ANSWERS[call.name])
    if any(text and text.startswith("withscores=") for text in rewrite.arguments.values()):
        yield Told(SCORES)
    if call.name == "set" and any(text in ("nx=True", "xx=True") for text in rewrite.arguments.values()):
        yield Told(CONDITIONAL)


def _is_any_collection(file: File, node: ast.expr) -> bool:
    """Whether the code around an expression takes a set as well as a list: both were in the server's order."""
    match file.parents[node]:
        case ast.Call(func=ast.Name(id=name), args=[argument]) if argument is node:
            return name in COLLECTORS
        case ast.Call(func=ast.Name(id="sorted"), args=[argument, *_]) if argument is node:
            return True
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated):
            return iterated is node
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[container]):
            return container is node
    return False


def _awaiting(call: ClientCall) -> Iterator[Change]:
    """Await what nobody awaits: aioredis sent it all the same."""
    unawaited = call.role is Role.CLIENT and isinstance(call.file.parents[call.node], ast.Expr)
    if unawaited and call.name not in ASYNC_ITERATORS:
        if not call.file.in_coroutine(call.node):
            raise ByHand(f"{call.name}(): await it in a coroutine, or nothing is sent")
        start, _ = call.file.span(call.node)
        yield call.file.edit(start, start, "await ")
