"""A copy is a whole tree of its own: nothing done to it reaches the original."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mooring.errors import ProofError
from mooring.prove import copy_tree


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "a.py").write_text("a = 1\n")
    return folder


def test_caches_version_control_and_virtual_environments_are_left_out(source: Path, tmp_path: Path) -> None:
    for name in (".git", "__pycache__", "node_modules", "env"):
        (source / name).mkdir()
        (source / name / "x").write_text("")
    (source / "env" / "pyvenv.cfg").write_text("")
    copy_tree(source, tmp_path / "w" / "copy")
    assert names(tmp_path / "w" / "copy") == {"pkg/a.py"}


def test_a_write_through_a_link_of_the_copy_leaves_the_original(source: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.py").write_text("b = 1\n")
    (source / "link.py").symlink_to(source / "pkg" / "a.py")
    (source / "linked").symlink_to(outside)
    copy_tree(source, tmp_path / "w" / "copy")
    assert names(tmp_path / "w" / "copy") == {"pkg/a.py", "link.py", "linked/b.py"}
    for name in ("link.py", "linked/b.py"):
        (tmp_path / "w" / "copy" / name).write_text("changed\n")
    assert (source / "pkg" / "a.py").read_text() == "a = 1\n"
    assert (outside / "b.py").read_text() == "b = 1\n"


def test_a_link_that_leads_in_circles_ends_and_a_dead_one_is_left_out(source: Path, tmp_path: Path) -> None:
    (source / "pkg" / "loop").symlink_to(source)
    (source / "dead").symlink_to(tmp_path / "nowhere")
    copy_tree(source, tmp_path / "w" / "copy")
    assert names(tmp_path / "w" / "copy") == {"pkg/a.py"}


def test_a_copy_within_the_tree_does_not_copy_itself(source: Path) -> None:
    copy_tree(source, source / "proof" / "before")
    copy_tree(source, source / "proof" / "after")
    assert names(source / "proof") == {"before/pkg/a.py", "after/pkg/a.py"}


def test_sockets_and_pipes_are_left_out(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    copy_tree(source, tmp_path / "w" / "copy")
    assert names(tmp_path / "w" / "copy") == {"pkg/a.py"}


def test_modes_are_kept_and_the_copy_can_be_written(source: Path, tmp_path: Path) -> None:
    (source / "run.sh").write_text("")
    (source / "run.sh").chmod(0o555)
    copy_tree(source, tmp_path / "w" / "copy")
    assert stat.S_IMODE((tmp_path / "w" / "copy" / "run.sh").stat().st_mode) == 0o755


def test_an_existing_target_is_an_error_that_names_it(source: Path, tmp_path: Path) -> None:
    (tmp_path / "w" / "copy").mkdir(parents=True)
    with pytest.raises(ProofError, match="copy"):
        copy_tree(source, tmp_path / "w" / "copy")
