"""An added import stands where it belongs, once, and a removed one takes nothing else with it."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.audit.edits import apply
from mooring.audit.edits.imports import plain_imports, provide
from mooring.audit.edits.orphans import Policy, drop_orphans
from mooring.audit.edits.removal import remove
from mooring.audit.edits.syntax import Syntax, parse
from mooring.audit.files import SourceFile

USE = "USE()"
FREE = Policy(exported=lambda _name: False, inert=lambda _module, _level: True)


def syntax_of(text: str) -> Syntax:
    syntax = parse(SourceFile("m.py", Path("m.py"), text))
    assert syntax is not None
    return syntax


def with_factory(text: str, name: str = "make", beside: tuple[str, ...] = ("redis",)) -> tuple[str, str]:
    """The text with `name` of `mooring` made usable from `USE()` on, and how it is spelt."""
    syntax = syntax_of(text)
    provided = provide(syntax, "mooring", name, text.index(USE), beside)
    return apply(text, provided.edits), provided.expression


ADDED = {
    "after the last import": (
        "import os\nimport redis\n\nUSE()\n",
        "import os\nimport redis\nfrom mooring import make\n\nUSE()\n",
    ),
    "in order among imports in order": (
        "import redis\nfrom attrs import a\nfrom redis.x import b\n\nUSE()\n",
        "import redis\nfrom attrs import a\nfrom mooring import make\nfrom redis.x import b\n\nUSE()\n",
    ),
    "at the end of imports in no order": (
        "from z import a\nfrom b import c\nimport redis\n\nUSE()\n",
        "from z import a\nfrom b import c\nimport redis\nfrom mooring import make\n\nUSE()\n",
    ),
    "beside the client package": (
        "import os\n\nimport redis\n\nfrom app import x\n\nUSE()\n",
        "import os\n\nimport redis\nfrom mooring import make\n\nfrom app import x\n\nUSE()\n",
    ),
    "after the docstring": ('"""Doc."""\n\nUSE()\n', '"""Doc."""\n\nfrom mooring import make\n\nUSE()\n'),
    "after a docstring that has no gap": ('"""Doc."""\nUSE()\n', '"""Doc."""\n\nfrom mooring import make\n\nUSE()\n'),
    "after a docstring that speaks of imports": (
        '"""Doc.\n\nimport redis\n"""\nimport os\n\nUSE()\n',
        '"""Doc.\n\nimport redis\n"""\nimport os\nfrom mooring import make\n\nUSE()\n',
    ),
    "after __future__": (
        "from __future__ import annotations\n\nUSE()\n",
        "from __future__ import annotations\n\nfrom mooring import make\n\nUSE()\n",
    ),
    "below shebang and coding": (
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nUSE()\n",
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nfrom mooring import make\n\nUSE()\n",
    ),
    "above the comment of the first statement": (
        "# Licence.\n\n# Say hello.\nUSE()\n",
        "# Licence.\n\nfrom mooring import make\n\n# Say hello.\nUSE()\n",
    ),
    "never into a try": (
        "try:\n    import redis\nexcept ImportError:\n    redis = None\nUSE()\n",
        "from mooring import make\n\ntry:\n    import redis\nexcept ImportError:\n    redis = None\nUSE()\n",
    ),
    "never into TYPE_CHECKING": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import redis\nUSE()\n",
        "from typing import TYPE_CHECKING\nfrom mooring import make\nif TYPE_CHECKING:\n    import redis\nUSE()\n",
    ),
    "never after the first use": (
        "import os\nUSE()\nimport sys\n",
        "import os\nfrom mooring import make\nUSE()\nimport sys\n",
    ),
    "never into a function": (
        "import os\ndef f():\n    import redis\n    USE()\n",
        "import os\nfrom mooring import make\ndef f():\n    import redis\n    USE()\n",
    ),
    "before a decorator": (
        "@wrapped\ndef f():\n    USE()\n",
        "from mooring import make\n\n@wrapped\ndef f():\n    USE()\n",
    ),
    "on the line of a semicolon": ("import os; USE()\n", "import os; from mooring import make; USE()\n"),
    "behind a docstring with code on its line": (
        '"""Doc."""; USE()\n',
        '"""Doc."""; from mooring import make; USE()\n',
    ),
    "with the comment of the import above left alone": (
        "import redis  # noqa: F401\nUSE()\n",
        "import redis  # noqa: F401\nfrom mooring import make\nUSE()\n",
    ),
    "with the file's newline": ("import os\r\nUSE()\r\n", "import os\r\nfrom mooring import make\r\nUSE()\r\n"),
    "into a from import of the same module": (
        "from mooring import abc, zed\nUSE()\n",
        "from mooring import abc, make, zed\nUSE()\n",
    ),
    "at the end of a from import": ("from mooring import abc\nUSE()\n", "from mooring import abc, make\nUSE()\n"),
    "into a list of lines": (
        "from mooring import (\n\tzed,  # why\n)\nUSE()\n",
        "from mooring import (\n\tmake,\n\tzed,  # why\n)\nUSE()\n",
    ),
    "beside a star": (
        "from mooring import *\nUSE()\n",
        "from mooring import *\nfrom mooring import make\nUSE()\n",
    ),
    "not twice": ("from mooring import make\nUSE()\n", "from mooring import make\nUSE()\n"),
    "again where the other comes too late": (
        "USE()\nfrom mooring import make as m\n",
        "from mooring import make\n\nUSE()\nfrom mooring import make as m\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), ADDED.values(), ids=ADDED.keys())
def test_an_import_stands_where_it_belongs(before: str, after: str) -> None:
    assert with_factory(before) == (after, "make")


def test_an_alias_is_used_as_it_is() -> None:
    text = "from mooring import make as build\nUSE()\n"
    assert with_factory(text) == (text, "build")


def test_an_import_of_the_module_is_used_as_it_is() -> None:
    text = "import mooring as m\nUSE()\n"
    assert with_factory(text) == (text, "m.make")


@pytest.mark.parametrize(
    "owner",
    [
        "def make(): ...",
        "make = 1",
        "class make: ...",
        "def f(make): ...",
        "from house import make",
        "for make in (): ...",
    ],
)
def test_a_name_with_another_meaning_is_not_taken(owner: str) -> None:
    text, expression = with_factory(f"{owner}\nUSE()\n")
    assert expression == "mooring_make"
    assert "from mooring import make as mooring_make\n" in text
    assert with_factory(text) == (text, "mooring_make")


LINES = [
    "import os",
    "import redis",
    "from redis import Redis",
    "from app import x",
    "",
    "# note",
    "x = 1",
    "import a; import b",
]


@given(st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_an_added_import_changes_nothing_else(lines: list[str], newline: str, docstring: bool) -> None:
    head = ['"""Doc."""'] if docstring else []
    text = newline.join([*head, *lines, USE, ""])
    result, _ = with_factory(text)
    tree, old = ast.parse(result), ast.parse(text)
    added = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "mooring"]
    assert len(added) == 1
    tree.body.remove(added[0])
    assert ast.dump(tree) == ast.dump(old)
    assert ast.get_docstring(ast.parse(result)) == ast.get_docstring(old)
    assert with_factory(result)[0] == result


def without(text: str, name: str) -> str:
    """The text without the import of `name`."""
    syntax = syntax_of(text)
    for statement in plain_imports(syntax.tree):
        for index, alias in enumerate(statement.node.names):
            if name == (alias.asname or alias.name):
                edit = remove(syntax, statement, index)
                return text if edit is None else apply(text, [edit])
    raise AssertionError(f"{name} is not imported")


REMOVED = {
    "a line": ("import os\nimport redis\nx = 1\n", "import os\nx = 1\n"),
    "a first line with its gap": ("import redis\n\n\nx = 1\n", "x = 1\n"),
    "a group with one of the gaps": ("import os\n\nimport redis\n\nx = 1\n", "import os\n\nx = 1\n"),
    "the last line of the file": ("import os\nimport redis", "import os\n"),
    "a line, its comment kept": ("import redis  # the cache\nx = 1\n", "# the cache\nx = 1\n"),
    "a line with its pragma": ("import redis  # noqa: F401\nx = 1\n", "x = 1\n"),
    "a line with a type pragma": ("import redis  # type: ignore[import]\nx = 1\n", "x = 1\n"),
    "the first of a line": ("import redis; import os\n", "import os\n"),
    "the last of a line": ("import os; import redis\n", "import os\n"),
    "the middle of a line": ("import os; import redis; x = 1\n", "import os; x = 1\n"),
    "the first name": ("import redis, os\n", "import os\n"),
    "the last name": ("import os, redis\n", "import os\n"),
    "a name over a backslash": ("import os, \\\n    redis\n", "import os\n"),
    "a name in parentheses": ("from r import (redis, b)\n", "from r import (b)\n"),
    "the last name in parentheses": ("from r import (a, redis)\n", "from r import (a)\n"),
    "the last name before a comma": ("from r import (a, redis,)\n", "from r import (a,)\n"),
    "a line of a list": ("from r import (\n    a,\n    redis,\n    b,\n)\n", "from r import (\n    a,\n    b,\n)\n"),
    "the last line of a list": ("from r import (\n    a,\n    redis\n)\n", "from r import (\n    a,\n)\n"),
    "a line of a list, its comment kept": (
        "from r import (\n    redis,  # why\n    b,\n)\n",
        "from r import (\n    # why\n    b,\n)\n",
    ),
    "the last of a line of a list": ("from r import (a, redis,\n    b)\n", "from r import (a,\n    b)\n"),
    "a list with all its comments kept": (
        "from r import (\n    redis,  # one\n)  # two\nx = 1\n",
        "# one\n# two\nx = 1\n",
    ),
    "with carriage returns": ("import os\r\nimport redis\r\nx = 1\r\n", "import os\r\nx = 1\r\n"),
    "in a function": ("def f():\n\timport redis\n\treturn 1\n", "def f():\n\treturn 1\n"),
    "never the only statement of a function": ("def f():\n    import redis\n", "def f():\n    import redis\n"),
}


@pytest.mark.parametrize(("before", "after"), REMOVED.values(), ids=REMOVED.keys())
def test_a_removed_import_takes_nothing_else_with_it(before: str, after: str) -> None:
    assert without(before, "redis") == after
    ast.parse(after)


def tidied(before: str, after: str, policy: Policy = FREE) -> str:
    return drop_orphans(syntax_of(dedent(before)), syntax_of(dedent(after)), policy).text


def test_an_import_goes_when_its_last_use_is_gone() -> None:
    assert tidied("import redis\nredis.Redis()\n", "import redis\nmake()\n") == "make()\n"


def test_an_import_that_was_never_used_stays() -> None:
    assert tidied("import redis, os\nredis.x()\n", "import redis, os\nmake()\n") == "import os\nmake()\n"


@pytest.mark.parametrize(
    "use",
    [
        "x: redis.Redis = make()",
        "x: 'redis.Redis' = make()",
        "def f(x: 'list[redis.Redis]'): ...",
        "def f() -> 'redis.Redis': ...",
        "x = cast('redis.Redis', make())",
        "T = TypeVar('T', bound='redis.Redis')",
        "X = Optional['redis.Redis']",
        "x = []  # type: list[redis.Redis]",
        "__all__ = ['redis']",
        "__all__ += ['redis']",
        "__all__.extend(['redis'])",
        "def f():\n    global redis",
        "try: ...\nexcept redis.ConnectionError: ...",
        "del redis",
        "redis += 1",
    ],
)
def test_an_import_stays_for_any_use(use: str) -> None:
    after = f"import redis\n{use}\n"
    assert tidied(f"import redis\nredis.Redis()\n{use}\n", after) == after


@pytest.mark.parametrize("mention", ["x = 'redis'", "x = d['redis']", "'''Uses redis.'''", "redis = 1", "x.redis"])
def test_a_mere_mention_keeps_no_import(mention: str) -> None:
    assert tidied(f"import redis\nredis.Redis()\n{mention}\n", f"import redis\n{mention}\n") == f"{mention}\n"


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    import redis\n    y = 1\n",
        "try:\n    import redis\n    HAS_REDIS = True\nexcept ImportError:\n    HAS_REDIS = False\n",
    ],
)
def test_an_import_that_tells_or_gives_more_than_its_name_stays(text: str) -> None:
    assert tidied(f"{text}redis.Redis()\n", text) == text


@pytest.mark.parametrize(
    "text", ["try:\n    import redis\nexcept ImportError:\n    redis = None\n", "if x:\n    import redis\n"]
)
def test_a_guard_goes_with_the_only_import_that_it_guarded(text: str) -> None:
    assert tidied(f"{text}redis.Redis()\n", text) == ""


def test_an_import_that_other_modules_take_stays() -> None:
    policy = Policy(exported=lambda name: name == "redis", inert=lambda _module, _level: True)
    assert tidied("import redis\nredis.x()\n", "import redis\n", policy) == "import redis\n"


def test_a_module_that_may_do_something_is_still_imported() -> None:
    policy = Policy(exported=lambda _name: False, inert=lambda module, _level: module == "redis")
    before = "from setup import A, B\nimport redis\nredis.x(A, B)\n"
    assert tidied(before, "from setup import A, B\nimport redis\n", policy) == "from setup import B\n"


def test_an_import_in_a_function_goes_by_the_uses_in_that_function() -> None:
    before = "import redis\nredis.x()\ndef f():\n    import redis\n    redis.y()\n    return 1\n"
    after = "import redis\nredis.x()\ndef f():\n    import redis\n    return 1\n"
    assert tidied(before, after) == "import redis\nredis.x()\ndef f():\n    return 1\n"
