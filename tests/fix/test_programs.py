"""Programs of every kind do on a real Redis after the fix what they did before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.audit.engine import audit
from mooring.embedded import EmbeddedRedis

from .rounds import fix_tree
from .trial import Trial, run

PROGRAMS = {path.name.removesuffix(".py.txt"): path for path in sorted(Path(__file__).parent.glob("programs/*.txt"))}
SOCKET = ("unix_socket",)
# aioredis has defaults of its own; its successor's timeouts and retries are another matter.
REVIVED = ("aioredis_two",)
# One client of it stays where it is.
PARTLY = ("pools",)
TOLERANCE = 5_000


@pytest.fixture(scope="module")
def socket_redis() -> Iterator[EmbeddedRedis]:
    """A Redis that only a Unix socket leads to."""
    with EmbeddedRedis(unix_socket=True) as server:
        yield server


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_after_the_fix_what_it_did_before(
    name: str, tmp_path: Path, redis_server: EmbeddedRedis, socket_redis: EmbeddedRedis
) -> None:
    server = socket_redis if name in SOCKET else redis_server
    program = PROGRAMS[name].read_text()
    before = run(program, tmp_path, server, redirected=True)
    fixed = dict.fromkeys(fixed_text(tmp_path / "tree", program, unsafe=unsafe) for unsafe in (False, True))
    fixed.pop(program, None)
    assert fixed
    for text in fixed:
        unset = run(text, tmp_path, server, redirected=True)
        assert_same(unset, before)
        if name not in REVIVED:
            assert unset.connections == before.connections
        assert_same(run(text, tmp_path, server, redirected=name in PARTLY, configured=True), before)


def test_the_programs_are_as_many_as_they_should_be() -> None:
    assert len(PROGRAMS) >= 20


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_site_that_can_be_fixed_is_left_in_a_program(name: str, tmp_path: Path) -> None:
    text = fixed_text(tmp_path, PROGRAMS[name].read_text(), unsafe=True)
    (tmp_path / "program.py").write_text(text)
    assert [found for found in audit([tmp_path]).findings if found.problem.fix] == []


def fixed_text(folder: Path, program: str, *, unsafe: bool) -> str:
    """The text of a program after a clean fix."""
    folder.mkdir(exist_ok=True)
    (folder / "program.py").write_text(program)
    course = fix_tree(folder, unsafe=unsafe)
    assert course.faults == []
    return course.changes[0].text if course.changes else program


def assert_same(after: Trial, before: Trial) -> None:
    """Both printed the same and left the same keys, to live as long."""
    assert after.output == before.output
    assert before.output
    assert after.keys == before.keys
    assert before.keys
    for key, lifetime in before.lifetimes.items():
        assert after.lifetimes[key] == pytest.approx(lifetime, abs=TOLERANCE)
        assert (after.lifetimes[key] < 0) == (lifetime < 0)
