"""Changes of one fix stand or go together, and what breaks a check is found among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.audit.files import SourceFile
from mooring.audit.fixer import Applied, Change, Fate
from mooring.audit.fixer.bisection import bisect
from mooring.audit.fixer.rollout import Group, Rollout, grouped


def made(title: str) -> Applied:
    return Applied("a.py", 1, ("MR101",), title)


def change(folder: Path, name: str, *titles: str) -> Change:
    source = SourceFile(name, folder / name, "old")
    if folder.is_dir():
        source.location.write_text("old")
    return Change(source, "new", tuple(map(made, titles)))


def texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(folder.iterdir())}


def test_changes_that_share_a_fix_are_one_group() -> None:
    nowhere = Path("nowhere")
    changes = [change(nowhere, *words.split()) for words in ("a x", "b y", "c x z", "d", "e z", "f y")]
    assert sorted(group.paths for group in grouped(changes)) == [("a", "c", "e"), ("b", "f"), ("d",)]


def test_a_group_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    changes = [change(tmp_path, "a", "x"), change(tmp_path, "b", "x"), change(tmp_path, "c", "y")]
    (tmp_path / "b").write_text("edited")
    rollout = Rollout(changes)
    rollout.show(rollout.groups)
    assert texts(tmp_path) == {"a": "old", "b": "edited", "c": "new"}
    assert {path: (failure.fate, failure.reason) for path, failure in rollout.failures.items()} == {
        "a": (Fate.UNDONE, "goes with b"),
        "b": (Fate.NOT_WRITTEN, "it changed on disk since it was read; run again"),
    }


def test_an_undone_file_takes_its_group_along(tmp_path: Path) -> None:
    rollout = Rollout([change(tmp_path, "a", "x"), change(tmp_path, "b", "x"), change(tmp_path, "c", "y")])
    rollout.show(rollout.groups)
    rollout.undo({"b": "does not parse"})
    assert texts(tmp_path) == {"a": "old", "b": "old", "c": "new"}
    assert [made.path for made in rollout.changes] == ["c"]
    assert [failure.reason for failure in rollout.failures.values()] == ["goes with b", "does not parse"]


def test_what_goes_with_fixes_goes_once_none_of_them_stands(tmp_path: Path) -> None:
    rollout = Rollout([change(tmp_path, "a", "x"), change(tmp_path, "b", "y"), change(tmp_path, "around")])
    rollout.show(rollout.groups)
    rollout.undo({"a": "does not pass"})
    assert texts(tmp_path) == {"a": "old", "around": "new", "b": "new"}
    rollout.undo({"b": "does not pass"})
    assert set(texts(tmp_path).values()) == {"old"}
    assert rollout.changes == []
    assert {path: failure.fate for path, failure in rollout.failures.items()} == {
        "a": Fate.UNDONE,
        "b": Fate.UNDONE,
        "around": Fate.WITHDRAWN,
    }


def test_what_goes_with_a_fix_that_cannot_be_written_is_not_written(tmp_path: Path) -> None:
    rollout = Rollout([change(tmp_path, "a", "x"), change(tmp_path, "around")])
    (tmp_path / "a").write_text("edited")
    rollout.show(rollout.groups)
    assert texts(tmp_path) == {"a": "edited", "around": "old"}
    assert rollout.failures["around"].fate is Fate.WITHDRAWN


def test_showing_other_groups_changes_only_what_differs(tmp_path: Path) -> None:
    rollout = Rollout([change(tmp_path, name) for name in "abc"])
    first, second, third = rollout.groups
    rollout.show([first, second])
    kept = (tmp_path / "b").stat().st_ino
    rollout.show([second, third])
    assert texts(tmp_path) == {"a": "old", "b": "new", "c": "new"}
    assert (tmp_path / "b").stat().st_ino == kept


def test_clearing_takes_back_whatever_stands(tmp_path: Path) -> None:
    rollout = Rollout([change(tmp_path, name) for name in "abc"])
    for name in "ab":
        (tmp_path / name).write_text("new")  # written, but the run was interrupted before it took note
    rollout.clear()
    assert set(texts(tmp_path).values()) == {"old"}


def groups(count: int) -> list[Group]:
    return grouped(change(Path("nowhere"), f"{number:03}") for number in range(count))


@given(st.integers(1, 40), st.data())
def test_whatever_breaks_the_check_is_found(count: int, data: st.DataObject) -> None:
    every = groups(count)
    culprits = data.draw(st.sets(st.sampled_from(every), min_size=1))
    found = bisect(every, culprits.isdisjoint, runs=1_000)
    assert set(found.broken) == culprits
    assert set(found.good) == set(every) - culprits
    assert found.untried == []


@given(st.integers(2, 40), st.data())
def test_of_two_that_break_it_only_together_one_is_kept(count: int, data: st.DataObject) -> None:
    every = groups(count)
    pair = data.draw(st.sets(st.sampled_from(every), min_size=2, max_size=2))
    found = bisect(every, lambda some: not pair <= set(some), runs=1_000)
    assert len(found.broken) == 1
    assert len(found.good) == count - 1


@given(st.integers(1, 40), st.integers(0, 8), st.data())
def test_no_more_runs_are_made_than_allowed_and_what_stays_has_passed(
    count: int, runs: int, data: st.DataObject
) -> None:
    every = groups(count)
    culprits = data.draw(st.sets(st.sampled_from(every), min_size=1))
    tried: list[tuple[Sequence[Group], bool]] = []

    def passes(some: Sequence[Group]) -> bool:
        tried.append((list(some), culprits.isdisjoint(some)))
        return tried[-1][1]

    found = bisect(every, passes, runs)
    assert len(tried) <= runs
    assert not found.good or (found.good, True) in tried
    assert sorted(g.paths for g in [*found.good, *found.broken, *found.untried]) == [g.paths for g in every]


@pytest.mark.parametrize("culprit", range(16))
def test_one_of_sixteen_is_found_in_eight_runs(culprit: int) -> None:
    every = groups(16)
    assert bisect(every, lambda some: every[culprit] not in some, runs=8).broken == [every[culprit]]
