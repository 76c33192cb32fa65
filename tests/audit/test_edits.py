"""Edits are arithmetic on text: each lands where it says, and two that disagree are never made together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.audit.edits import Edit, Fix, Safety, apply, choose

TEXT = "0123456789"


def edit(start: int, end: int, text: str = "", path: str = "a.py") -> Edit:
    return Edit(path, start, end, text)


def fix(title: str, *edits: Edit) -> Fix:
    return Fix(title, edits, Safety.SAFE)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param([], TEXT, id="none"),
        pytest.param([edit(2, 4, "ab")], "01ab456789", id="replacement"),
        pytest.param([edit(6, 8), edit(0, 1, "x")], "x1234589", id="in any order"),
        pytest.param([edit(10, 10, "!")], TEXT + "!", id="insertion at the end"),
        pytest.param([edit(3, 3, "i"), edit(3, 3, "i")], "012i3456789", id="the same one is made once"),
        pytest.param([edit(2, 2, "<"), edit(2, 4, "ab"), edit(4, 4, ">")], "01<ab>456789", id="insertions at borders"),
        pytest.param([edit(2, 4), edit(4, 6)], "016789", id="neighbours"),
    ],
)
def test_edits_land_where_they_say(edits: list[Edit], expected: str) -> None:
    assert apply(TEXT, edits) == expected


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([edit(2, 5), edit(4, 6)], id="overlap"),
        pytest.param([edit(2, 8), edit(4, 5, "x")], id="one inside another"),
        pytest.param([edit(2, 5, "a"), edit(2, 5, "b")], id="two opinions on one span"),
        pytest.param([edit(3, 3, "a"), edit(3, 3, "b")], id="two insertions at one place"),
        pytest.param([edit(2, 5), edit(3, 3, "a")], id="insertion into what is replaced"),
    ],
)
def test_edits_that_disagree_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match=r"a\.py: edits overlap"):
        apply(TEXT, edits)


def test_two_fixes_share_one_import() -> None:
    shared = edit(0, 0, "import x\n")
    one, other = fix("one", shared, edit(2, 3, "a")), fix("other", shared, edit(5, 6, "b"))
    chosen = choose([one, other])
    assert chosen == [one, other]
    assert apply(TEXT, [e for f in chosen for e in f.edits]) == "import x\n01a34b6789"


def test_a_fix_that_touches_another_waits_with_all_its_edits() -> None:
    first, second, third = fix("first", edit(2, 5)), fix("second", edit(4, 6), edit(8, 9)), fix("third", edit(8, 9))
    assert choose([first, second, third]) == [first, third]


def test_fixes_of_different_files_never_touch() -> None:
    one, other = fix("one", edit(2, 5)), fix("other", edit(2, 5, "x", path="b.py"))
    assert choose([one, other]) == [one, other]


spans = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: (min(pair), max(pair)))
edits_of_a_fix = st.lists(st.tuples(spans, st.sampled_from(["", "a", "b"])), min_size=1, max_size=3)


@given(st.lists(edits_of_a_fix, max_size=8))
def test_what_is_chosen_can_always_be_made(drawn: list[list[tuple[tuple[int, int], str]]]) -> None:
    fixes = [fix(str(number), *(edit(*span, text) for span, text in one)) for number, one in enumerate(drawn)]
    consistent = [
        one for one in fixes if len(choose(Fix("", (e,), Safety.SAFE) for e in set(one.edits))) == len(set(one.edits))
    ]
    chosen = choose(consistent)
    result = apply("." * 20, [e for one in chosen for e in one.edits])
    kept = set(range(20))
    for one in chosen:
        for change in one.edits:
            kept -= set(range(change.start, change.end))
    assert result.count(".") == len(kept)
