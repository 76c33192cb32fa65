"""Arguments leave a call with their comma and their line, and everything else stays where it was."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.audit.rewrite.arguments import Action, Layout, edit_arguments

KEEP, DROP = Action(), Action("drop")


def edited(text: str, actions: Sequence[Action]) -> str:
    """The one call in `text` after one action per argument."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    call = _call(text)

    def span(node: ast.expr | ast.keyword) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return lines[node.lineno - 1] + node.col_offset, lines[node.end_lineno - 1] + node.end_col_offset

    spans = sorted([*map(span, call.args), *map(span, call.keywords)])
    layout = Layout.read(text, span(call.func)[1], span(call)[1], spans)
    for start, end, new in sorted(edit_arguments(layout, actions), reverse=True):
        text = text[:start] + new + text[end:]
    return text


CASES = {
    "all of one line": ("f(a=1, b=2)", [DROP, DROP], "f()"),
    "all of several lines": ("f(\n    a=1,\n    b=2,\n)", [DROP, DROP], "f()"),
    "all but their comments": ("f(\n    a=1,  # why\n)", [DROP], "f(\n    # why\n)"),
    "the first": ("f(a=1, b=2)", [DROP, KEEP], "f(b=2)"),
    "the last": ("f(a=1, b=2)", [KEEP, DROP], "f(a=1)"),
    "the last before a comma": ("f(a=1, b=2,)", [KEEP, DROP], "f(a=1,)"),
    "the middle": ("f(a=1, b=2, c=3)", [KEEP, DROP, KEEP], "f(a=1, c=3)"),
    "two in a row": ("f(a=1, b=2, c=3, d=4)", [KEEP, DROP, DROP, KEEP], "f(a=1, d=4)"),
    "a line": ("f(\n    a=1,\n    b=2,\n)", [DROP, KEEP], "f(\n    b=2,\n)"),
    "a last line": ("f(\n    a=1,\n    b=2\n)", [KEEP, DROP], "f(\n    a=1,\n)"),
    "a last line that closes": ("f(\n    a=1,\n    b=2)", [KEEP, DROP], "f(\n    a=1)"),
    "a line, its comment kept": (
        "f(\n    a=1,  # one\n    b=2,  # two\n)",
        [DROP, KEEP],
        "f(\n    # one\n    b=2,  # two\n)",
    ),
    "the start of a visual indent": ("f(a=1,\n  b=2)", [DROP, KEEP], "f(b=2)"),
    "the end of a visual indent": ("f(a=1,\n  b=2)", [KEEP, DROP], "f(a=1)"),
    "the end of a line": ("f(a=1, b=2,\n  c=3)", [KEEP, DROP, KEEP], "f(a=1,\n  c=3)"),
    "with carriage returns": ("f(\r\n\ta=1,\r\n\tb=2,\r\n)", [DROP, KEEP], "f(\r\n\tb=2,\r\n)"),
    "with a comma in a comment": ("f(\n    a=1,  # x, y)\n    b=2,\n)", [KEEP, DROP], "f(\n    a=1,  # x, y)\n)"),
    "with parentheses of its own": ("f((1), (b), c=3)", [DROP, Action("keyword", "port"), KEEP], "f(port=(b), c=3)"),
    "of a function in parentheses": ("(f)(1, b=2)", [DROP, KEEP], "(f)(b=2)"),
    "with a comma in front": ("f(a=1\n  , b=2\n)", [KEEP, DROP], "f(a=1\n  ,\n)"),
    "over a backslash": ("f(a=1, \\\n  b=2)", [DROP, KEEP], "f(\\\n  b=2)"),
    "before a comment and a comma": ("f(a=1  # x\n  , b=2)", [DROP, KEEP], "f(  # x\n   b=2)"),
    "and makes place for another": ("f('x', 1, b=2)", [Action("replace", "url='y'"), DROP, KEEP], "f(url='y', b=2)"),
    "between several lines of values": ("f(a=[\n1], b=2, c=[\n3])", [KEEP, DROP, KEEP], "f(a=[\n1], c=[\n3])"),
}


@pytest.mark.parametrize(("before", "actions", "after"), CASES.values(), ids=CASES.keys())
def test_an_argument_leaves_with_its_comma_and_its_line(before: str, actions: list[Action], after: str) -> None:
    assert edited(before, actions) == after


def comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sorted(token.string for token in tokens if token.type == tokenize.COMMENT)


blanks = st.sampled_from(["", " ", "\n    ", "  # note, (a)\n    ", "\n\n\t"])
values = st.sampled_from(["1", "'a, #b'", "(2)", "g(1, 2)", "[\n1,\n]", "x if y else z"])


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, list[str], list[Action]]:
    """A call in some layout, its keywords, and what to do with each argument."""
    names = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6, unique=True))
    text = f"f({draw(blanks)}"
    for index, name in enumerate(names):
        comma = "," if index < len(names) - 1 or draw(st.booleans()) else ""
        text += f"{name}={draw(values)}{draw(blanks)}{comma}{draw(blanks)}"
    actions = [draw(st.sampled_from([KEEP, DROP, Action("replace", f"{name}z=0")])) for name in names]
    return text + ")\n", names, actions


@settings(max_examples=300)
@given(calls())
def test_no_layout_loses_a_comment_or_a_kept_argument(drawn: tuple[str, list[str], list[Action]]) -> None:
    text, names, actions = drawn
    result = edited(text, actions)
    assert comments(result) == comments(text)
    before = {k.arg: ast.dump(k.value) for k in _call(text).keywords}
    after = {k.arg: ast.dump(k.value) for k in _call(result).keywords}
    expected = {name: before[name] for name, action in zip(names, actions, strict=True) if action is KEEP}
    new = {f"{name}z" for name, action in zip(names, actions, strict=True) if action.kind == "replace"}
    assert {name: value for name, value in after.items() if name not in new} == expected
    assert list(after) == [n if a is KEEP else f"{n}z" for n, a in zip(names, actions, strict=True) if a is not DROP]


def _call(text: str) -> ast.Call:
    return next(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
