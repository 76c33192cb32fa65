"""However a tree is read (alone, by several processes, from memory), the same is found in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mooring.audit import reading
from mooring.audit import tree as tree_module
from mooring.audit.engine import Audit, audit
from mooring.audit.facts import Unreadable
from mooring.audit.facts.packed import pack, unpack
from mooring.audit.files import read
from mooring.audit.python import fault, parse
from mooring.audit.reading import Reading, Wanted

from .opening import Opener
from .tree import Tree

FILES: dict[str, str | bytes] = {
    "app/cache.py": "import redis\nfrom .config import HOST\nclient = redis.Redis(host=HOST)\n",
    "app/config.py": "HOST = 'cache'\n",
    "app/plain.py": "x = 1\n",
    "app/broken.py": "import redis\nclient = redis.Redis()\ndef f(:\n",
    "app/bad.py": "def g(:\n",
    "app/odd.py": b"x = '\xff'\n",
}


def told(found: Audit) -> tuple[object, ...]:
    sites = [(s.path, s.call.span, s.provenance, s.confidence, s.endpoint) for s in found.sites]
    return sites, found.findings, found.unreadable, found.python_files


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes read even the smallest tree."""
    monkeypatch.setattr(reading, "WORTHWHILE", 0)
    monkeypatch.setattr(reading, "TASK", 10)
    monkeypatch.setattr("threading.active_count", lambda: 1)


@pytest.mark.usefixtures("eager")
def test_several_processes_find_what_one_finds(tree: Tree) -> None:
    tree.write(FILES)
    alone = audit([tree.folder], jobs=1)
    assert told(audit([tree.folder], jobs=3)) == told(alone)
    assert [unreadable.path for unreadable in alone.unreadable] == ["app/bad.py", "app/broken.py", "app/odd.py"]


@pytest.mark.usefixtures("eager")
def test_other_processes_give_the_facts_and_the_faults_of_their_files(tree: Tree) -> None:
    tree.write(FILES)
    found = Reading(tree.folder, [Wanted("app/cache.py", 20)], [Wanted("app/bad.py", 20), Wanted("gone.py", 20)], 2)
    facts, faults = dict(found.facts()), dict(found.faults())
    found.close()
    module, _ = unpack(facts["app/cache.py"])
    assert module is not None
    assert [i.module for i in module.imports] == ["redis", "config"]
    assert {path: unpack(packed)[1] for path, packed in faults.items()} == {
        "app/bad.py": Unreadable("app/bad.py", 1, "does not parse: invalid syntax"),
        "gone.py": Unreadable("gone.py", None, "cannot be read: No such file or directory"),
    }


@pytest.mark.usefixtures("eager")
def test_what_a_process_that_was_killed_did_not_read_is_read_all_the_same(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write(FILES)
    alone = audit([tree.folder], jobs=1)
    monkeypatch.setattr(reading, "_read", lambda *_, **__: os._exit(9))
    assert told(audit([tree.folder], jobs=2)) == told(alone)


def test_little_is_read_by_this_process_alone(tree: Tree) -> None:
    tree.write(FILES)
    found = Reading(tree.folder, [Wanted("app/cache.py", 20)], [], 2)
    assert list(found.facts()) == []
    found.close()


def test_what_is_remembered_is_not_read_again(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_store: Opener
) -> None:
    tree.write(FILES)
    store = open_store(tmp_path / "cache")
    first = audit([tree.folder / "app"], store=store)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(tree_module, "read_file", refuse)
    assert told(audit([tree.folder / "app"], store=store)) == told(first)
    tree.write({"app/plain.py": "x = 2\n"})
    with pytest.raises(AssertionError, match="read again"):
        audit([tree.folder / "app"], store=store)


def test_only_what_changed_is_read_again(tree: Tree, tmp_path: Path, open_store: Opener) -> None:
    tree.write(FILES)
    store = open_store(tmp_path / "cache")
    audit([tree.folder / "app"], store=store)
    tree.write({"app/config.py": "import os\nHOST = os.environ['HOST']\n"})
    changed = audit([tree.folder / "app"], store=store)
    assert told(changed) == told(audit([tree.folder / "app"]))
    assert [site.provenance.value for site in changed.sites if site.path == "cache.py"] == ["external"]


def test_facts_survive_being_packed(tree: Tree) -> None:
    tree.write(FILES)
    found = audit([tree.folder])
    module = found.project.modules["app/cache.py"]
    again, _ = unpack(pack((module, None)))
    assert again is not None
    assert again.imports == module.imports
    assert [call.arguments for call in again.calls] == [call.arguments for call in module.calls]
    # A call is one object wherever it stands.
    assert any(
        binding.value is again.calls[0] for bindings in again.scopes[0].bindings.values() for binding in bindings
    )


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\n",
        "def f(:\n",
        "return 1\n",
        "def f():\n    x: int\n    global x\n",
        "await x\n",
        "\0",
        "(" * 300,
        "x = '\\d'\n",
    ],
)
def test_a_quick_look_finds_the_faults_of_a_parser_and_no_others(text: str, tmp_path: Path) -> None:
    source = read(tmp_path, "a.py", text.encode())
    tree = parse(source)
    assert fault(source) == (tree if isinstance(tree, Unreadable) else None)


def test_a_file_that_is_too_large_is_one_line_of_unreadable(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write(FILES)
    monkeypatch.setattr(tree_module, "LARGEST", len(str(FILES["app/cache.py"])) - 1)
    found = audit([tree.folder])
    assert Unreadable("app/cache.py", None, "cannot be read: File too large") in found.unreadable
    assert [site.path for site in found.sites] == ["app/broken.py"]


def test_ten_megabytes_are_read(tree: Tree) -> None:
    long = "x" * 10_000_000
    assert len(tree.audit(f"import redis\ntext = '{long}'\nclient = redis.Redis()\n").sites) == 1


def test_an_interrupt_ends_all_processes_quietly(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"m{number}.py").write_text("import redis\n" + "value = {'a': [1, 2, (3, 4)]}\n" * 20_000)
    command = [sys.executable, "-m", "mooring", "audit", "--no-cache", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    time.sleep(1.5)
    # As a terminal does: to every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert (process.returncode, out, error.strip()) == (130, b"", b"")
