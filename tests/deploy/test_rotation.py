"""The rotation of passwords, its phases run with stand-ins for the commands that reach out."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator

from .places import SCRIPTS, SERVERS
from .stage import Stage
from .workflows import ran, steps


def test_a_rotation_has_three_phases_each_rolled_out(stage: Stage) -> None:
    for name in ("Let the new passwords in", "Give the servers the new ones", "Let only the new ones in"):
        ended = ran(stage, "rotate", name)
        assert ended.code == 0, ended.told
    (announced, old), (switched, new), (settled, last) = _given(stage)
    assert announced == switched
    assert len(announced) == 2
    assert settled < switched
    assert old != new == last
    assert len(stage.called("rollout restart deployment")) == 3 * len(SERVERS)
    assert len(stage.called("acl load")) == 3
    assert len(stage.called("mooring doctor")) == 3 * len(SERVERS)


def test_a_rotation_can_begin_with_any_phase() -> None:
    told = {step["name"]: step.get("if") for step, _ in steps("rotate")}
    assert told["Let the new passwords in"] == "inputs.from == 'announce'"
    assert told["Give the servers the new ones"] == "inputs.from != 'settle'"
    assert told["Let only the new ones in"] is None


def test_a_rotation_waits_until_redis_has_the_file(stage: Stage) -> None:
    stage.answer("get secret redis-users ", base64.b64encode(b"new\n").decode())
    stage.answer("cat /run/redis/users/users.acl", "new\n")
    stage.answer("cat /run/redis/users/users.acl", "old\n", times=2)
    assert stage.run(str(SCRIPTS / "reload-users.sh")).code == 0
    assert len(stage.called("cat /run/redis/users/users.acl")) == 3


def test_a_rotation_ends_where_redis_does_not_get_the_file(stage: Stage) -> None:
    stage.answer("cat /run/redis/users/users.acl", "old\n")
    ended = stage.run(str(SCRIPTS / "reload-users.sh"), PATIENCE="0")
    assert ended.code == 1
    assert not stage.called("acl load")


def test_a_rotation_ends_where_redis_refuses_its_users(stage: Stage) -> None:
    stage.answer("acl load$", "ERR /run/redis/users/users.acl:1: Syntax error\n")
    ended = stage.run(str(SCRIPTS / "reload-users.sh"))
    assert ended.code == 1
    assert "Redis did not load its users: ERR" in ended.told


def test_three_redis_are_restarted_one_after_the_other(stage: Stage) -> None:
    stage.answer("get statefulset redis-master", code=1)
    assert stage.run(str(SCRIPTS / "reload-users.sh")).code == 0
    assert stage.called("rollout restart statefulset/redis$")
    assert stage.called("rollout status statefulset/redis ")


def test_the_password_of_a_redis_elsewhere_is_not_changed_here(stage: Stage) -> None:
    assert ran(stage, "rotate", "Let the new passwords in", OVERLAY="external").code == 2
    assert not stage.calls


def _given(stage: Stage) -> Iterator[tuple[set[str], str]]:
    """What each phase gave: the sums of the passwords that `mcp-github` may use, and the one that it does."""
    for _, words, stdin in stage.calls:
        if "-" in words:
            data = {one["metadata"]["name"]: one["data"] for one in json.loads(stdin)["items"]}
            users = base64.b64decode(data["redis-users"]["users.acl"]).decode()
            (line,) = (line for line in users.splitlines() if " mcp-github " in line)
            password = base64.b64decode(data["mcp-github-redis"]["REDIS_PASSWORD"])
            sums = {word for word in line.split() if word.startswith("#")}
            assert f"#{hashlib.sha256(password).hexdigest()}" in sums
            yield sums, password.decode()
