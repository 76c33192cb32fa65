"""Programs for aioredis 1.x and 2.x do on redis-py, once they are fixed, what they did before.

What those for 1.x came to was measured with aioredis 1.3.1, once. Those for 2.x are run on aioredis 2.0.1 here,
which imports on Python 3.11 only if asyncio's `TimeoutError` is a class of its own, as it was before.
"""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.audit.engine import Audit, audit
from mooring.audit.fixer import fix
from mooring.embedded import EmbeddedRedis

from .aioredis import first, second
from .aioredis.expected import EXPECTED
from .mending import mend

# redis-py calls some commands deprecated that it has.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")

EITHER = [*first.PROGRAMS.values(), *second.PROGRAMS.values()]
NAMES = [*(f"1: {name}" for name in first.PROGRAMS), *(f"2: {name}" for name in second.PROGRAMS)]


@pytest.fixture(autouse=True)
def address(redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that the programs read their address from."""
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(redis_server.port))


@dataclass(frozen=True)
class Only:
    """An audit with the findings of one rule, so that only its fixes are made."""

    whole: Audit
    rule: str

    @property
    def findings(self) -> Any:
        return tuple(finding for finding in self.whole.findings if finding.rule == self.rule)

    @property
    def project(self) -> Any:
        return self.whole.project


def migrated(folder: Path, text: str) -> str:
    """The program after the fix of MR401 alone, which was not refused and leaves nothing."""
    (folder / "program.py").write_bytes(text.encode())

    def look(overlay: Mapping[str, bytes]) -> Only:
        return Only(audit([folder], root=folder, overlay=overlay), "MR401")

    outcome = fix(look({}), look, unsafe=True)
    assert not outcome.refused
    assert not outcome.left
    (change,) = outcome.changes
    return change.text


# Importing aioredis 2.0.1 needs a TimeoutError of asyncio's own, which Python 3.11 no longer has.
ORIGINAL = """\
import asyncio
theirs, asyncio.TimeoutError = asyncio.TimeoutError, type("TimeoutError", (Exception,), {})
import aioredis
asyncio.TimeoutError = theirs
import sys
namespace = {}
exec(compile(sys.stdin.read(), "program.py", "exec"), namespace)
print(repr(asyncio.run(namespace["main"]())))
"""


def ran_on_aioredis(text: str) -> Any:
    """The same on aioredis 2.0.1: in a process of its own, because aioredis leaves its connections lying about."""
    if sys.version_info >= (3, 12):
        pytest.skip("aioredis needs distutils, which Python 3.12 no longer has")
    command = [sys.executable, "-W", "ignore", "-c", ORIGINAL]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout)


def ran(text: str) -> Any:
    """What the `main` of a program comes to."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "program.py", "exec"), namespace)
    return asyncio.run(namespace["main"]())


def keys(server: EmbeddedRedis) -> dict[str, tuple[str, Any, bool]]:
    """Every key with its type, its value and whether it expires."""
    found: dict[str, tuple[str, Any, bool]] = {}
    with server.client() as client:
        for key in sorted(client.scan_iter()):
            kind = client.type(key).decode()
            read: dict[str, Any] = {
                "string": lambda key=key: client.get(key),
                "hash": lambda key=key: client.hgetall(key),
                "list": lambda key=key: client.lrange(key, 0, -1),
                "set": lambda key=key: sorted(client.smembers(key)),
                "zset": lambda key=key: client.zrange(key, 0, -1, withscores=True),
            }
            found[key.decode()] = kind, text(read[kind]()), client.ttl(key) > 0
    return found


def text(value: Any) -> Any:
    """A reply with its bytes as text, where they are text."""
    match value:
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value
        case list():
            return [text(one) for one in value]
        case tuple():
            return tuple(text(one) for one in value)
        case dict():
            return {text(key): text(one) for key, one in value.items()}
    return value


def test_there_are_twenty_programs() -> None:
    assert len(EITHER) >= 20
    assert EXPECTED.keys() == first.PROGRAMS.keys()


@pytest.mark.parametrize("name", first.PROGRAMS)
def test_a_program_for_aioredis_1_does_on_redis_py_what_it_did(
    tmp_path: Path, redis_server: EmbeddedRedis, name: str
) -> None:
    result, left = EXPECTED[name]
    assert ran(migrated(tmp_path, first.PROGRAMS[name])) == result
    assert keys(redis_server) == left


@pytest.mark.parametrize("name", second.PROGRAMS)
def test_a_program_for_aioredis_2_does_on_redis_py_what_it_does_on_aioredis(
    tmp_path: Path, redis_server: EmbeddedRedis, name: str
) -> None:
    result = ran_on_aioredis(second.PROGRAMS[name])
    left = keys(redis_server)
    with redis_server.client() as client:
        client.flushall()
    assert ran(migrated(tmp_path, second.PROGRAMS[name])) == result
    assert keys(redis_server) == left


@pytest.mark.parametrize("name", [name for name in first.PROGRAMS if "redis.i" not in first.PROGRAMS[name]])
def test_a_program_is_the_same_after_the_fixes_of_all_rules(
    tmp_path: Path, redis_server: EmbeddedRedis, name: str
) -> None:
    outcome = mend(tmp_path, {"program.py": first.PROGRAMS[name]}, unsafe=True)
    result, left = EXPECTED[name]
    assert ran(outcome.changes[0].text) == result
    assert keys(redis_server) == left


@pytest.mark.parametrize("program", EITHER, ids=NAMES)
def test_a_second_fix_changes_nothing(tmp_path: Path, program: str) -> None:
    fixed = migrated(tmp_path, program)
    (tmp_path / "program.py").write_text(fixed)
    assert [f.rule for f in audit([tmp_path], root=tmp_path).findings if f.rule == "MR401"] == []
