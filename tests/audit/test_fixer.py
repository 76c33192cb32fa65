"""The fixer changes what is wrong and nothing else, refuses what it would break, and writes all or nothing."""

from __future__ import annotations

import ast
import codecs
import io
import os
import stat
import subprocess
import tempfile
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.engine import audit
from mooring.audit.files import SourceFile
from mooring.audit.fixer import Change, FixOutcome, fix, replace_file, write
from mooring.audit.project import Project
from mooring.audit.rule import Finding

from .mending import mend, mended

FAULTY = "import redis\n\nclient = redis.Redis(host='localhost')\n"
FIXED = "from mooring import create_redis_from_config\n\nclient = create_redis_from_config()\n"


def comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text, newline="").readline)
    return sorted(token.string for token in tokens if token.type == tokenize.COMMENT)


def test_two_fixes_share_one_import(tmp_path: Path) -> None:
    text = "import redis\na = redis.Redis()\nb = redis.Redis(db=1)\n"
    assert mended(tmp_path, text) == (
        "from mooring import create_redis_from_config\n"
        "a = create_redis_from_config()\nb = create_redis_from_config(db=1)\n"
    )


def test_one_fix_serves_all_the_rules_of_its_place(tmp_path: Path) -> None:
    outcome = mend(tmp_path, {"module.py": FAULTY})
    (applied,) = outcome.changes[0].applied
    assert applied.rules == ("MR101", "MR201")
    assert (applied.path, applied.line) == ("module.py", 3)


def test_fixing_twice_changes_nothing(tmp_path: Path) -> None:
    once = mended(tmp_path, FAULTY)
    assert mended(tmp_path, once) == once == FIXED


def test_what_has_no_safe_fix_is_left_with_its_reason(tmp_path: Path) -> None:
    text = (
        "import redis\nimport os\na = redis.Redis(password='hunter2')\nb = redis.Redis(connection_class=C)\n"
        "c = redis.from_url(os.getenv('CACHE', 'redis://localhost'))\n"
    )
    outcome = mend(tmp_path, {"module.py": text})
    assert outcome.changes == ()
    reasons = {(left.finding.problem.span.line, left.finding.rule): left.reason for left in outcome.left}
    assert reasons[3, "MR101"].startswith("its fix needs --unsafe: ")
    assert reasons[4, "MR101"] == "no automatic fix"
    suggestion = "only a suggestion: Read CACHE without a fallback, so that it is missed where it is not set"
    assert reasons[5, "MR102"] == suggestion


def test_a_fix_across_files_takes_only_what_both_can_bear(tmp_path: Path) -> None:
    files = {
        "settings.py": "HOST = 'localhost'\n",
        "app.py": "import redis\nfrom settings import HOST\nc = redis.Redis(host=HOST)\n",
    }
    outcome = mend(tmp_path, files)
    (change,) = outcome.changes
    assert (change.path, change.text) == (
        "app.py",
        "from mooring import create_redis_from_config\nc = create_redis_from_config()\n",
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            b"import redis\r\n\r\nclient = redis.Redis(\r\n\thost='localhost',\r\n\tdb=1,\r\n)\r\n",
            FIXED.replace("()", "(\n\tdb=1,\n)").replace("\n", "\r\n").encode(),
            id="carriage returns and tabs",
        ),
        pytest.param(codecs.BOM_UTF8 + FAULTY.encode(), codecs.BOM_UTF8 + FIXED.encode(), id="byte order mark"),
        pytest.param(
            "# coding: latin-1\n# café\n".encode("latin-1") + FAULTY.encode(),
            "# coding: latin-1\n# café\n".encode("latin-1") + FIXED.encode(),
            id="declared encoding",
        ),
        pytest.param(
            "import redis\nx = '⚓', redis.Redis(host='localhost'), '⚓'  # ⚓\n".encode(),
            "from mooring import create_redis_from_config\nx = '⚓', create_redis_from_config(), '⚓'  # ⚓\n".encode(),
            id="wide characters",
        ),
        pytest.param(FAULTY.rstrip("\n").encode(), FIXED.rstrip("\n").encode(), id="no newline at the end"),
        pytest.param(
            b"import redis\nc = redis.Redis()  # type: ignore[misc]\n\x0c\nx = 1\n",
            b"from mooring import create_redis_from_config\n"
            b"c = create_redis_from_config()  # type: ignore[misc]\n\x0c\nx = 1\n",
            id="pragma and form feed",
        ),
    ],
)
def test_every_byte_outside_the_fix_stays(tmp_path: Path, content: bytes, expected: bytes) -> None:
    outcome = mend(tmp_path, {"module.py": content})
    assert write(outcome.changes) == ()
    assert (tmp_path / "module.py").read_bytes() == expected


# --- what is refused -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Staged:
    """An audit with findings of our making."""

    findings: tuple[Finding, ...]
    project: Project


def staged(folder: Path, text: str, *fixes: tuple[str, str]) -> Staged:
    """An audit of `text` with one finding for each replacement, named a, b, c…"""
    (folder / "module.py").write_text(text)
    found = audit([folder])
    model = found.findings[0]
    findings = []
    for name, (old, new) in zip("abc", fixes, strict=False):
        start = text.index(old)
        made = Fix(name, (Edit("module.py", start, start + len(old), new),), Safety.SAFE)
        findings.append(replace(model, fingerprint=name, problem=replace(model.problem, fix=made)))
    return Staged(tuple(findings), found.project)


def done_after_one_round(first: Staged) -> FixOutcome:
    return fix(first, lambda _overlay: Staged((), first.project))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("x = (", "the result does not parse"),
        ("return 1", "the result does not compile: 'return' outside function"),
        ("x = unheard_of", "the result uses unheard_of, which nothing defines"),
        ("import os as redis2; del redis; x = redis.y", None),
    ],
)
def test_a_fix_that_breaks_its_file_is_refused_alone(tmp_path: Path, broken: str, reason: str | None) -> None:
    text = FAULTY + "first = 1\nsecond = 2\n"
    outcome = done_after_one_round(staged(tmp_path, text, ("first = 1", broken), ("second = 2", "second = 3")))
    (change,) = outcome.changes
    assert "second = 3" in change.text
    assert [(refused.fix.title, refused.reason) for refused in outcome.refused] == ([("a", reason)] if reason else [])
    assert (broken in change.text) == (reason is None)


def test_a_fix_that_its_encoding_cannot_hold_is_refused(tmp_path: Path) -> None:
    text = f"# coding: ascii\n{FAULTY}first = 1\n"
    outcome = done_after_one_round(staged(tmp_path, text, ("first = 1", "first = '⚓'")))
    assert [refused.reason for refused in outcome.refused] == ["the result cannot be written as ascii"]
    assert outcome.changes == ()


def test_a_refused_fix_makes_room_for_the_one_it_overlapped(tmp_path: Path) -> None:
    first = staged(tmp_path, FAULTY + "first = 1\n", ("first = 1", "first = ("), ("first = 1", "first = 2"))
    outcome = done_after_one_round(first)
    assert "first = 2" in outcome.changes[0].text


def test_a_fix_that_never_settles_ends_after_some_rounds(tmp_path: Path) -> None:
    first = staged(tmp_path, FAULTY + "first = 1\n", ("first = 1", "first = 2"))

    def again(overlay: Mapping[str, bytes]) -> Staged:
        text = overlay["module.py"].decode()
        source = first.project.source("module.py")
        start = text.index("first")
        grown = Fix("grow", (Edit("module.py", start, start, "x = 1\n"),), Safety.SAFE)
        finding = replace(first.findings[0], problem=replace(first.findings[0].problem, fix=grown))
        project = audit([tmp_path]).project
        project.source = lambda _path: replace(source, text=text)
        return Staged((finding,), project)

    outcome = fix(first, again, rounds=4)
    assert outcome.rounds == 4
    assert [left.reason for left in outcome.left] == ["its fix did not settle"]


# --- the disk --------------------------------------------------------------------------------------------------------


def test_a_written_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real.py", tmp_path / "link.py"
    target.write_text("old")
    target.chmod(0o751)
    link.symlink_to(target.name)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o751
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.py", "real.py"]


def test_a_new_file_gets_the_usual_mode(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        replace_file(tmp_path / "new", b"x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_failed_write_leaves_the_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.py").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(tmp_path / "a.py", b"new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.py", "old")]


def test_a_file_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path) -> None:
    outcome = mend(tmp_path, {"gone/a.py": FAULTY, "other/b.py": FAULTY, "moved/c.py": FAULTY})
    (tmp_path / "gone/a.py").unlink()
    (tmp_path / "moved/c.py").write_text("edited = 'meanwhile'\n")
    failures = write(outcome.changes)
    assert [(failure.path, failure.reason) for failure in failures] == [
        ("gone/a.py", "cannot be written: No such file or directory"),
        ("moved/c.py", "it changed on disk since it was read; run again"),
    ]
    assert (tmp_path / "other/b.py").read_text() == FIXED
    assert (tmp_path / "moved/c.py").read_text() == "edited = 'meanwhile'\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(FAULTY, FIXED, id="plain"),
        pytest.param(FAULTY.rstrip("\n"), FIXED, id="no newline at the end before"),
        pytest.param(FAULTY, FIXED.rstrip("\n"), id="no newline at the end after"),
        pytest.param(FAULTY.replace("\n", "\r\n"), FIXED.replace("\n", "\r\n"), id="carriage returns"),
        pytest.param("x = '\x0c\u2028'\n" + FAULTY, "x = '\x0c\u2028'\n" + FIXED, id="odd line breaks"),
    ],
)
@pytest.mark.parametrize("bom", [False, True])
def test_the_diff_is_one_that_git_applies(tmp_path: Path, before: str, after: str, bom: bool) -> None:
    source = SourceFile("a b.py", tmp_path / "a b.py", before, bom=bom)
    source.location.write_bytes(source.encode(before))
    diff = Change(source, after, ()).diff()
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    assert source.location.read_bytes() == source.encode(after)


# --- whatever the layout ---------------------------------------------------------------------------------------------

arguments = st.lists(
    st.sampled_from(
        [
            "host='localhost'",
            "port=6379",
            "db=1",
            "decode_responses=True",
            "socket_timeout=None",
            "password=None",
            "**more",
        ]
    ),
    unique=True,
    max_size=6,
)
gaps = st.sampled_from(["", " ", "\n    ", "  # why, (this)\n        ", "\n\n"])
notes = st.sampled_from(["", "  # note", "  # type: ignore", "  # noqa: E501"])
imports = st.sampled_from(
    [
        ("import redis", "redis.Redis"),
        ("import redis.asyncio as redis", "redis.Redis"),
        ("from redis import Redis", "Redis"),
        ("from redis import (\n    ConnectionError,  # oh\n    Redis as R,\n)", "R"),
        ("import os, redis", "redis.StrictRedis"),
        ("import redis.asyncio", "redis.asyncio.Redis"),
        ("import redis; import sys", "redis.Redis"),
    ]
)
heads = st.sampled_from(
    ["", '"""Doc."""\n', "#!/usr/bin/env python\n", "from __future__ import annotations\n", "# note\n\n"]
)
bodies = st.sampled_from(
    ["client = {call}", "def f():\n    return {call}", "class A:\n    def __init__(self):\n        self.c = {call}"]
)


@st.composite
def modules(draw: st.DrawFn) -> str:
    """A module with a faulty client or two, in some layout."""
    statement, name = draw(imports)
    parts = [draw(heads) + statement + draw(notes)]
    for _ in range(draw(st.integers(1, 2))):
        given_ = sorted(draw(arguments), key=lambda argument: argument.startswith("**"))
        if "**more" in given_ and "host='localhost'" not in given_:
            given_.insert(0, "host='localhost'")  # else nobody can tell where it connects
        inner = "".join(draw(gaps) + argument + draw(gaps) + "," for argument in given_)
        parts.append(draw(bodies).format(call=f"{name}({inner}{draw(gaps)})") + draw(notes))
    return draw(st.sampled_from(["\n", "\r\n"])).join("\n\n".join(parts).split("\n"))


@settings(max_examples=150, deadline=None)
@given(modules())
def test_whatever_the_layout_a_fix_is_clean(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outcome = mend(Path(folder), {"module.py": text, "more.py": "more = {}\n"})
        assert outcome.refused == ()
        (change,) = outcome.changes
        assert outcome.left == ()
        assert mend(Path(folder), {"module.py": change.text}).changes == ()
    result = change.text
    ast.parse(result)
    assert result.count("from mooring import ") == 1
    assert [c for c in comments(text) if c not in comments(result)] in ([], ["# noqa: E501"], ["# type: ignore"])
    assert set(comments(result)) <= set(comments(text))
    newline = "\r\n" if "\r\n" in text else "\n"
    assert result.replace(newline, "").isprintable()
    kept = [a for a in ("db=1", "decode_responses=True", "socket_timeout=None", "**more") if a in text]
    assert [a for a in kept if result.count(a) != text.count(a)] == []
    assert "localhost" not in result
    assert "redis.Redis(" not in result
