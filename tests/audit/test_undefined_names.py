"""What a file lacks is told scope by scope, so that no fix leaves a name behind that nothing defines."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.edits.syntax import parse
from mooring.audit.files import SourceFile


def undefined(text: str) -> set[str]:
    syntax = parse(SourceFile("m.py", Path("m.py"), text))
    assert syntax is not None
    return syntax.undefined_names


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("redis.Redis()", {"redis"}),
        ("import redis\nredis.Redis()", set()),
        ("def f():\n    import redis\nredis.Redis()", {"redis"}),
        ("def f():\n    import redis\ndef g():\n    return redis", {"redis"}),
        ("def f():\n    global redis\n    import redis\ndef g():\n    return redis", set()),
        ("def f(redis):\n    return [redis for _ in redis]", set()),
        ("class A:\n    redis = 1\n    def f(self):\n        return redis", {"redis"}),
        ("from __future__ import annotations\ndef f(x: redis.Redis): ...", {"redis"}),
        ("x: 'redis.Redis'", {"redis"}),
        ("print(__file__, __name__, len)", set()),
        ("try: ...\nexcept E as e: print(e)", {"E"}),
        ("match x:\n    case {'a': b, **c}: print(b, c)", {"x"}),
        ("[y := 1, y]", set()),
        ("lambda a: a + b", {"b"}),
    ],
)
def test_a_name_is_missing_where_no_binding_reaches(text: str, missing: set[str]) -> None:
    assert undefined(text) == missing


def test_a_file_that_does_not_compile_says_so() -> None:
    with pytest.raises(SyntaxError):
        undefined("def f(a, a): ...")
