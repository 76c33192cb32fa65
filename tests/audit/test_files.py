"""Files: what is walked, what git's patterns leave out, and text in which every character is where it was."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mooring.audit.files import SourceFile, Undecodable, decode, is_test, read
from mooring.audit.walk import walk
from mooring.errors import UsageError


def fill(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("")


def source(data: bytes) -> SourceFile:
    return read(Path("/nowhere"), "module.py", data)


def test_python_files_and_manifests_are_walked_in_order(tmp_path: Path) -> None:
    fill(tmp_path, "b.py", "a.yaml", "c.yml", "d/e.py", "f.txt", "g.pyc", "h.pyi", "setup.cfg")
    assert list(walk(tmp_path, [tmp_path])) == ["a.yaml", "b.py", "c.yml", "d/e.py"]


def test_what_is_no_part_of_a_project_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, "a.py", ".venv/b.py", "node_modules/c.py", "x/__pycache__/d.py", "lib/site-packages/e.py")
    fill(tmp_path, "env/pyvenv.cfg", "env/lib/f.py")
    assert list(walk(tmp_path, [tmp_path])) == ["a.py"]


def test_what_a_gitignore_leaves_out_is_not_walked(tmp_path: Path) -> None:
    fill(tmp_path, "a.py", "build/b.py", "c/d.py", "c/keep.py", "e/build.py", "e/gen_1.py")
    (tmp_path / ".gitignore").write_text("build/\ngen_*.py\n")
    (tmp_path / "c" / ".gitignore").write_text("*.py\n!keep.py\n")
    assert list(walk(tmp_path, [tmp_path])) == ["a.py", "c/keep.py", "e/build.py"]


def test_a_checkout_is_walked_as_git_sees_it(tmp_path: Path) -> None:
    fill(tmp_path, "tracked.py", "untracked.py", "ignored.py", "forced.py", "vendor/x.py")
    (tmp_path / ".gitignore").write_text("ignored.py\nforced.py\n")
    for command in (["init", "-q"], ["add", "-f", "tracked.py", "forced.py"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    assert list(walk(tmp_path, [tmp_path])) == ["forced.py", "tracked.py", "untracked.py"]


def test_a_file_that_git_tracks_and_the_disk_has_lost_is_not_walked(tmp_path: Path) -> None:
    fill(tmp_path, "a.py", "gone.py")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    (tmp_path / "gone.py").unlink()
    assert list(walk(tmp_path, [tmp_path])) == ["a.py"]


def test_what_is_excluded_is_not_walked(tmp_path: Path) -> None:
    fill(tmp_path, "a.py", "old/b.py", "new/old.py")
    assert list(walk(tmp_path, [tmp_path], ["old/"])) == ["a.py", "new/old.py"]


def test_a_path_that_is_named_is_taken_though_it_is_ignored(tmp_path: Path) -> None:
    fill(tmp_path, "a.py", "b.py")
    (tmp_path / ".gitignore").write_text("*.py\n")
    assert list(walk(tmp_path, [tmp_path / "a.py"])) == ["a.py"]


def test_a_file_named_twice_is_taken_once(tmp_path: Path) -> None:
    fill(tmp_path, "a.py", "d/b.py")
    assert list(walk(tmp_path, [tmp_path / "d", tmp_path, tmp_path / "a.py"])) == ["d/b.py", "a.py"]


def test_a_path_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere: no such file or directory"):
        list(walk(tmp_path, [tmp_path / "nowhere"]))


def test_a_link_to_a_folder_above_does_not_trap_the_walk(tmp_path: Path) -> None:
    fill(tmp_path, "d/a.py")
    (tmp_path / "d" / "loop").symlink_to(tmp_path)
    (tmp_path / "link.py").symlink_to(tmp_path / "d" / "a.py")
    assert list(walk(tmp_path, [tmp_path])) == ["d/a.py", "link.py"]


@pytest.mark.parametrize("checkout", [False, True])
def test_links_that_lead_nowhere_are_walked_and_pipes_are_not(tmp_path: Path, *, checkout: bool) -> None:
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "dangling.py").symlink_to("nowhere.py")
    (tmp_path / "folder.py").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    if checkout:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert list(walk(tmp_path, [tmp_path])) == ["dangling.py", "loop.py"]


@pytest.mark.parametrize("name", ["a b.py", "ä€.py", "new\nline.py", "-.py", "quote'\".py"])
def test_odd_names_are_walked(name: str, tmp_path: Path) -> None:
    fill(tmp_path, name)
    assert list(walk(tmp_path, [tmp_path])) == [name]


def test_a_name_that_is_no_text_is_walked(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.py")
    fill(tmp_path, name)
    assert list(walk(tmp_path, [tmp_path])) == [name]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *dict.fromkeys(["test_a.py", "a/b_test.py", "tests/a.py", "a/tests/b/c.py", "conftest.py"], True).items(),
        *dict.fromkeys(["contest.py", "testing/a.py", "a_tests.py", "latest.py"], False).items(),
    ],
)
def test_tests_are_told_by_their_paths(path: str, *, expected: bool) -> None:
    assert is_test(path) is expected


DECODED = {
    "utf-8": ("é = 1\n".encode(), ("é = 1\n", "utf-8", False)),
    "a byte order mark": ("\ufeffé\n".encode(), ("é\n", "utf-8", True)),
    "a declaration": (b"# -*- coding: latin-1 -*-\n\xe9\n", ("# -*- coding: latin-1 -*-\n\xe9\n", "latin-1", False)),
    "a declaration after a comment": (b"#!x\n# coding=cp1252\n\x80", ("#!x\n# coding=cp1252\n€", "cp1252", False)),
    "no declaration after code": (b"x = 1\n# coding: latin-1\n", ("x = 1\n# coding: latin-1\n", "utf-8", False)),
    "no declaration on line three": (b"\n\n# coding: latin-1\n", ("\n\n# coding: latin-1\n", "utf-8", False)),
    "nothing": (b"", ("", "utf-8", False)),
}  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), DECODED.values(), ids=DECODED.keys())
def test_text_is_decoded_as_python_does(data: bytes, expected: tuple[str, str, bool]) -> None:
    assert decode(data) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"x\xff", "not utf-8: byte 1 is 0xff"), (b"# coding: no-such\n", "unknown encoding 'no-such'")],
)
def test_what_is_no_text_is_undecodable(data: bytes, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        decode(data)


@pytest.mark.parametrize("data", [b"a\r\nb\rc\n", "\ufeffé\r\n".encode(), b"# coding: latin-1\n\xe9"])
def test_a_text_is_encoded_as_it_was(data: bytes) -> None:
    file = source(data)
    assert file.encode(file.text) == data


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_as_the_file_ends_them(newline: str) -> None:
    file = source(newline.join(["one", "two", ""]).encode())
    assert (file.line(1), file.line(2), file.line(3), file.newline) == ("one", "two", "", newline)
    assert file.offset(2, 1) == 3 + len(newline)


def test_a_form_feed_ends_no_line() -> None:
    assert source(b"a\x0cb\x0bc\x1cd\nlast").line(2) == "last"


def test_columns_count_characters_and_no_bytes() -> None:
    file = source("é€𝄞x = 1\n".encode())
    assert [file.column(1, offset) for offset in (0, 2, 5, 9, 10)] == [1, 2, 3, 4, 5]
