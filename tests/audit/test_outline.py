"""A glance at a file tells which names are no clients, and errs only on the side of a closer look."""

from __future__ import annotations

import pytest

from mooring.audit.outline import is_ordinary, may_matter

from .tree import Tree


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(): pass\n", {b"f"}),
        ("async def f(): pass\n", {b"f"}),
        (
            "class A: pass\nclass B(): pass\nclass C(Exception): pass\nclass D(pydantic.BaseModel): pass\n",
            {b"A", b"B", b"C", b"D"},
        ),
        ("class A(Protocol[T], metaclass=Meta): pass\n", {b"A"}),
        ("class A(Something): pass\n", set()),
        ("class A(object, Something): pass\n", set()),
        ("def f(): pass\nf = wrap(f)\n", set()),
        ("def f(): pass\nf: object = wrap(f)\n", set()),
        ("try:\n    from x import f\nexcept ImportError:\n    def f(): pass\n", set()),
        ("import x as f\ndef f(): pass\n", set()),
        ("from x import *\ndef f(): pass\n", set()),
        ("def f(): pass\ndef g():\n    global f\n", {b"g"}),
        ("def f(): pass\nif (f := x): pass\n", set()),
        ("def f(): pass  # uses redis\n", set()),
        ("x = 1\n", set()),
        ("def f(): pass\nf()\nx = [f(1), g.f]\nisinstance(x, f)\n", {b"f"}),
        ("def f(): pass\n(x, f) = 1, 2\n", set()),
        ("def f(): pass\nx, f = 1, 2\n", set()),
        ("def f(): pass\nfor f in x: pass\n", set()),
        ("def f(): pass\nwith x as f: pass\n", set()),
        ("from x import (\n    f\n)\ndef f(): pass\n", set()),
        ("def ff(): pass\n", set()),
    ],
)
def test_a_name_is_ordinary_only_if_nothing_else_can_be_meant(text: str, names: set[bytes]) -> None:
    assert {name.encode() for name in ("f", "g", "A", "B", "C", "D") if is_ordinary(text.encode(), name)} == names


@pytest.mark.parametrize(
    "text", ["import redis", "REDIS_URL", "from Valkey", "GlideClient", "Celery()", "storage_uri="]
)
def test_a_file_that_says_one_of_the_words_may_matter(text: str) -> None:
    assert may_matter(text.encode())
    assert not may_matter(b"import memcached")


def test_a_client_is_found_through_a_module_that_says_none_of_the_words(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "kinds.py": "import redis\nclass Base(redis.Redis): pass\ndef pick(): return redis.Redis\n",
            "offered.py": "from kinds import Base as Client, pick\nclass Own(Client): pass\nchosen = pick()\n",
            "use.py": """\
                # redis
                from offered import Client, Own, chosen
                a = Client()  # -> default
                b = Own(host="cache")  # -> literal
                c = chosen()  # -> default
                """,
        }
    )


def test_a_module_of_ordinary_names_is_not_read(tree: Tree) -> None:
    found = tree.audit(
        {
            "handlers.py": "def total(rows):\n    return sum(rows)\n",
            "server.py": "import redis\nfrom handlers import total\nclient = redis.Redis()\ntotal([1])\n",
        }
    )
    assert len(found.sites) == 1
    assert set(found.project.modules) == {"server.py"}
