"""`MIGRATION.md` tells what each service reads now, what it used before, and what is left for a person."""

from __future__ import annotations

import re

import pytest

from mooring.audit.fixer import write
from mooring.audit.options import Target
from mooring.audit.surroundings.markdown import code, text, uncode

from .surroundings import around, settle
from .tree import Tree

SERVER = "import redis\nclient = redis.Redis(host='cache', port=6380, db=2)\n"
OTHER = "import redis\nclient = redis.Redis('other')\n"
BEGIN, END = "<!-- mooring:begin -->", "<!-- mooring:end -->"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  template:
    spec:
      containers:
        - name: orders
          env:
            - name: REDIS_HOST
              value: cache
            - name: REDIS_PASSWORD
              valueFrom: {secretKeyRef: {name: redis, key: password}}
"""


def guide(tree: Tree, files: dict[str, str | bytes], *, unsafe: bool = False, target: Target | None = None) -> str:
    found = around(tree, files, unsafe=unsafe, target=target).changes
    return found["MIGRATION.md"].text if "MIGRATION.md" in found else ""


def test_a_guide_is_created_and_marked(tree: Tree) -> None:
    change = around(tree, {"orders/server.py": SERVER}).changes["MIGRATION.md"]
    assert (change.created, change.before, change.source.location) == (True, None, tree.folder / "MIGRATION.md")
    assert change.text.startswith(f"# Migration\n\n{BEGIN}\n")
    assert change.text.endswith(f"\n{END}\n")
    assert "| `orders/server.py` | `REDIS_URL` or its parts | `redis://cache:6380/2` |" in change.text


def test_every_service_has_its_section(tree: Tree) -> None:
    told = guide(tree, {"b/server.py": SERVER, "a/main.py": OTHER, "lib.py": OTHER})
    assert re.findall("^### .*$", told, re.MULTILINE) == [
        "### a (`a`)",
        "### b (`b`)",
        "### Outside any service",
        "### Files to see to",
    ]


def test_sentinels_and_a_cluster_are_told_as_a_url_names_them(tree: Tree) -> None:
    server = (
        "from redis.sentinel import Sentinel\nfrom redis.cluster import RedisCluster\n"
        "jobs = Sentinel([('s-0', 26379)]).master_for('jobs')\ncache = RedisCluster(host='c-0', port=7000)\n"
    )
    told = guide(tree, {"orders/server.py": server}, unsafe=True)
    assert "| `REDIS_URL` or its parts | `redis+sentinel://s-0:26379/jobs/0` |" in told
    assert "| `CACHE_REDIS_URL` or its parts | `redis+cluster://c-0:7000` |" in told


def test_what_two_lines_would_say_alike_is_said_once(tree: Tree) -> None:
    plain = Target(plain=True)
    files = {"orders/server.py": SERVER, "orders/more.py": SERVER}
    first = guide(tree, {"orders/server.py": SERVER})
    told = guide(tree, {**files, "MIGRATION.md": first}, unsafe=True, target=plain)
    assert told.count("set `REDIS_URL` where it runs.") == 1


def test_the_root_may_be_the_service(tree: Tree) -> None:
    assert "\n### The root\n" in guide(tree, {"server.py": SERVER})


def test_where_a_manifest_sets_a_variable_is_told_without_its_value(tree: Tree) -> None:
    told = guide(tree, {"orders/server.py": SERVER, "k8s/orders.yaml": DEPLOYMENT})
    assert "- `REDIS_HOST` is set in `k8s/orders.yaml:10`.\n" in told
    assert "- `REDIS_PASSWORD` is set in `k8s/orders.yaml:12`, from `Secret/redis/password`.\n" in told


def test_a_manifest_that_sets_nothing_or_is_not_there_is_told(tree: Tree) -> None:
    compose = "services:\n  orders:\n    image: x\n"
    files: dict[str, str | bytes] = {"orders/server.py": SERVER, "compose.yaml": compose, "tickets/server.py": OTHER}
    told = guide(tree, files)
    assert "No manifest sets `REDIS_URL` or its parts: set it where it runs." in told
    assert "No manifest in the tree runs it: set `REDIS_URL` where it runs." in told


def test_what_is_left_is_listed_with_its_reason_and_resilience_only_counted(tree: Tree) -> None:
    files: dict[str, str | bytes] = {
        "orders/server.py": SERVER + "other = redis.Redis('x', password='hunter2!')\n",
        "requirements.txt": "redis==5.0.4\n",
    }
    told = guide(tree, files)
    assert re.search(
        r"^- `orders/server.py:\d+` MR202 hardcoded-password: its fix needs --unsafe: ", told, re.MULTILINE
    )
    assert re.search(r"^- \d+ more of family MR5, which `mooring audit` tells$", told, re.MULTILINE)
    assert "MR501" not in told
    assert "hunter2" not in told


def test_files_to_see_to_and_files_that_cannot_be_edited_are_listed(tree: Tree) -> None:
    files: dict[str, str | bytes] = {
        "server.py": SERVER,
        "broken.py": "import redis\nredis.Redis('h'\n",
        "broken.yaml": "a: [\n",
        "no-text.yaml": b"\xff\xfe\x00",
        "pyproject.toml": "[project]\ndependencies = ['redis']\n",
        "uv.lock": "",
    }
    told = guide(tree, files)
    assert "- `uv.lock` no longer fits the edited pyproject.toml: make it anew: `uv lock`\n" in told
    assert "- `broken.py:2` " in told
    assert "broken.yaml" not in told


def test_a_house_module_and_plain_redis_py_are_told(tree: Tree) -> None:
    told = guide(tree, {"server.py": SERVER}, target=Target("acme.redis"))
    assert "as `acme.redis` does." in told
    assert "| `server.py` | what `acme.redis` reads | `redis://cache:6380/2` |" in told
    told = guide(tree, {"server.py": SERVER}, unsafe=True, target=Target(plain=True))
    assert "| `server.py` | `REDIS_URL` | `redis://cache:6380/2` |" in told


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_marked_section_is_replaced(newline: str, tree: Tree) -> None:
    mine = f"# Mine\n\n- *a*\n\n{BEGIN}\nold <!-- mooring:end -->\n{END}\n\n## After\n".replace("\n", newline)
    told = guide(tree, {"server.py": SERVER, "MIGRATION.md": mine.encode()})
    start, end = mine.index(BEGIN), mine.index(f"{newline}{END}{newline}")
    assert told.startswith(mine[:start] + BEGIN)
    assert told.endswith(mine[end:])
    assert "old" not in told
    assert told.count("\n") == told.count(newline)


@pytest.mark.parametrize(("mine", "gap"), [("# Mine\n", "\n"), ("# Mine", "\n\n"), ("", "")])
def test_a_guide_without_marks_gets_a_section_at_its_end(mine: str, gap: str, tree: Tree) -> None:
    told = guide(tree, {"server.py": SERVER, "MIGRATION.md": mine})
    assert told.startswith(f"{mine}{gap}{BEGIN}\n")


@pytest.mark.parametrize("mine", [f"{BEGIN}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n", b"\xff\xfe"])
def test_a_guide_with_damaged_marks_is_left_and_told(mine: str | bytes, tree: Tree) -> None:
    found = around(tree, {"server.py": SERVER, "MIGRATION.md": mine})
    assert "MIGRATION.md" not in found.changes
    assert found.notices[-1].path == "MIGRATION.md"


def test_a_folder_in_its_place_is_told(tree: Tree) -> None:
    (tree.folder / "MIGRATION.md").mkdir()
    found = around(tree, {"server.py": SERVER})
    assert (found.changes, found.notices[-1].reason) == ({}, "cannot be read")


def test_fixing_twice_changes_nothing_around_the_code(tree: Tree) -> None:
    files: dict[str, str | bytes] = {
        "orders/server.py": SERVER,
        "requirements.txt": "redis\n",
        ".env.example": "A=1\n",
        "tests/test_x.py": "",
    }
    assert set(settle(tree, files)) == {"requirements.txt", ".env.example", "MIGRATION.md"}
    assert not around(tree, {}).changes


def test_the_same_run_on_its_own_result_changes_nothing(tree: Tree) -> None:
    files: dict[str, str | bytes] = {"orders/server.py": SERVER, "requirements.txt": "redis\n", ".env.example": ""}
    once = {path: change.after for path, change in around(tree, files).changes.items()}
    assert not around(tree, {**files, **once}).changes


def test_a_later_run_keeps_what_an_earlier_one_told_of_files_that_are_still_there(tree: Tree) -> None:
    settle(tree, {"a/server.py": SERVER, "b/server.py": OTHER, "gone|.py": OTHER})
    (tree.folder / "b/server.py").unlink()
    told = settle(tree, {"c/server.py": OTHER})["MIGRATION.md"].text
    assert "| `a/server.py` | `REDIS_URL` or its parts | `redis://cache:6380/2` |" in told
    assert "| `c/server.py` | `REDIS_URL` or its parts | `redis://other:6379/0` |" in told
    assert r"| `gone\|.py` | " in told
    assert "b/server.py" not in told


def test_nothing_of_the_tree_is_markup(tree: Tree) -> None:
    name = "x|<b>`_[a](b)\n<!-- mooring:end -->/server.py"
    told = guide(tree, {name: SERVER})
    rows = [line for line in told.splitlines() if line.startswith("| `")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [4]
    assert told.count(END + "\n") == 1
    assert text("a|b_c_ <i>*x*[y](z)\n#1 @me") == r"a\|b_c\_ \<i\>\*x\*\[y\](z) \#1 \@me"
    assert text("bell\a") == "bell\ufffd"


@pytest.mark.parametrize("words", ["a", "a|b", "a`b", "``", "` a", "a b", ""])
def test_code_can_be_read_back(words: str) -> None:
    assert uncode(code(words)) == words
    assert uncode("plain") is None


def test_the_same_tree_gives_the_same_guide_without_its_place(tree: Tree) -> None:
    files: dict[str, str | bytes] = {"b/server.py": SERVER, "a/server.py": OTHER, "k8s/a.yaml": DEPLOYMENT}
    once = guide(tree, files)
    assert once == guide(tree, files)
    assert str(tree.folder) not in once


def test_the_changes_are_written_as_those_of_code_are(tree: Tree) -> None:
    found = around(tree, {"server.py": SERVER, "requirements.txt": b"\xef\xbb\xbfredis\r\n"})
    change = found.changes["requirements.txt"]
    assert change.diff().endswith("-\ufeffredis\r\n+\ufeffmooring\r\n+redis\r\n")
    assert not write([change])
    assert (tree.folder / "requirements.txt").read_bytes() == b"\xef\xbb\xbfmooring\r\nredis\r\n"
