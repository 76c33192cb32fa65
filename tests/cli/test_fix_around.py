"""`mooring fix` also mends what stands around the code, unless it is told to leave that alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.cli import main

FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
FIXED = "from mooring import create_redis_from_config\nclient = create_redis_from_config()\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "server.py").write_text(FAULTY)
    (tmp_path / "requirements.txt").write_text("httpx\nredis>=5\n")
    return tmp_path


def test_dependencies_and_the_guide_go_with_the_code(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", str(project)]) == 0
    assert (project / "app" / "server.py").read_text() == FIXED
    assert (project / "requirements.txt").read_text() == "httpx\nmooring\nredis>=5\n"
    assert "`REDIS_URL`" in (project / "MIGRATION.md").read_text()
    shown = capsys.readouterr().out
    assert "requirements.txt\n  updated" in shown
    assert "MIGRATION.md\n  created" in shown


def test_what_is_around_a_part_of_a_project_is_found_above_it(project: Path) -> None:
    assert main(["fix", str(project / "app")]) == 0
    assert "mooring" in (project / "requirements.txt").read_text()


def test_undo_takes_all_of_it_back(project: Path) -> None:
    main(["fix", str(project)])
    assert main(["fix", "--undo", str(project)]) == 0
    assert (project / "app" / "server.py").read_text() == FAULTY
    assert (project / "requirements.txt").read_text() == "httpx\nredis>=5\n"
    assert not (project / "MIGRATION.md").exists()


def test_only_the_code_is_fixed_when_that_is_asked_for(project: Path) -> None:
    assert main(["fix", "--code-only", str(project)]) == 0
    assert (project / "app" / "server.py").read_text() == FIXED
    assert (project / "requirements.txt").read_text() == "httpx\nredis>=5\n"
    assert not (project / "MIGRATION.md").exists()


def test_a_diff_shows_what_is_around_too_and_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "--diff", str(project)]) == 1
    shown = capsys.readouterr().out
    assert "+mooring\n" in shown
    assert "+++ b/MIGRATION.md" in shown
    assert sorted(path.name for path in project.iterdir()) == ["app", "requirements.txt"]


def test_a_file_for_a_person_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "requirements.txt").unlink()
    (project / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\ndependencies = ["redis"]\n')
    (project / "uv.lock").write_text('version = 1\n[[package]]\nname = "redis"\nversion = "5.0.4"\n')
    assert main(["fix", str(project)]) == 0
    told = capsys.readouterr().err
    assert "uv.lock" in told
    assert "(uv lock)" in told


def test_redis_py_itself_needs_no_new_dependency(project: Path) -> None:
    assert main(["fix", "--target", "redis-py", "--unsafe", str(project)]) == 0
    assert 'redis.Redis.from_url(environ["REDIS_URL"]' in (project / "app" / "server.py").read_text()
    assert (project / "requirements.txt").read_text() == "httpx\nredis>=5\n"


def test_the_target_of_the_configuration_holds_unless_another_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.mooring.fix]\ntarget = "redis-py"\n')
    assert main(["fix", "--check", "--unsafe", "--target", "mooring", str(project)]) == 1
    assert main(["fix", "--unsafe", str(project)]) == 0
    assert "from_url" in (project / "app" / "server.py").read_text()
