"""The Markdown report fits into a comment, counts what it leaves out, and what the tree says is text in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from mooring.audit.engine import Audit
from mooring.audit.facts import Span, Unreadable
from mooring.report.markdown import LIMIT, render

from .trees import NOT_UTF8, ODD_NAMES, SECRETS, TREES, audited, finding, leaky, saying

OWN_TAGS = re.compile(r"</?details>|</?summary>")


@pytest.fixture(params=TREES)
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Audit:
    return audited(request.param, tmp_path)


def entries(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("- ")]


def rows(text: str) -> Mapping[str, list[str]]:
    """The table, by its first column."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return {row[0]: row[1:] for row in found}


def test_every_finding_and_every_unreadable_file_is_an_entry(found: Audit) -> None:
    text = render(found)
    assert len(entries(text)) == len(found.findings) + len(found.unreadable)
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>")


def test_the_headline_and_the_table_have_the_numbers(tmp_path: Path) -> None:
    audit = audited("the fleet", tmp_path)
    text = render(audit)
    assert text.startswith(f"## Mooring: {len(audit.findings)} findings in 16 files\n\n")
    assert "; 8 of 12 services affected.\n" in text
    table = rows(text)
    codes = [one.rule for one in audit.findings]
    assert {code: row[2] for code, row in table.items() if code.startswith("MR")} == {
        code: str(codes.count(code)) for code in codes
    }
    assert table["MR101"][:2] == ["hardcoded-endpoint", "error"]
    assert table["MR402"][3] == "6"


def test_a_clean_tree_says_so(tmp_path: Path) -> None:
    assert render(audited("nothing found", tmp_path)) == (
        "## Mooring: no findings\n\nLooked at 1 Python file and 0 manifests; 0 of 1 service affected.\n"
    )


def test_findings_stand_under_their_service(tmp_path: Path) -> None:
    text = render(audited("the fleet", tmp_path))
    section = text.partition("<summary>service orders (mcp, servers/orders): ")[2].partition("</details>")[0]
    assert section.startswith(
        f"{len(entries(section))} findings</summary>\n\n- `servers/orders/server.py:21` **MR101** "
    )
    assert "  Remedy: read the address from the environment: create_redis_from_config().\n" in section


def test_files_that_cannot_be_read_are_folded_too(tmp_path: Path) -> None:
    text = render(audited("unreadable files", tmp_path))
    section = text.partition("<summary>2 files could not be read, or not in full</summary>\n\n")[2]
    assert section.startswith("- `broken.py:2` does not parse: ")
    assert "\n- `odd.py` not utf-8: " in section


def test_a_report_that_is_too_long_leaves_out_whole_findings_and_says_how_many(tmp_path: Path) -> None:
    many = [
        finding(path=f"service{number % 7}/module{number}.py", message=f"what is wrong {number}")
        for number in range(900)
    ]
    text = render(saying(tmp_path, *many))
    assert LIMIT - 200 < len(text) <= LIMIT
    left_out = 900 - len(entries(text))
    assert left_out > 0
    assert text.endswith(f"\n{left_out} entries left out here for want of room; `--format json` has them all.\n")
    assert text.count("  Remedy: what to do.\n") == len(entries(text))
    assert text.count("<details>") == text.count("</details>")
    assert rows(text)["MR101"][2] == "900"


def test_what_is_left_out_is_the_least(tmp_path: Path) -> None:
    resilience = [finding("MR502", message="x" * 200) for _ in range(400)]
    credentials = [finding("MR201", message="y" * 200) for _ in range(100)]
    unreadable = Unreadable("broken.py", 1, "z" * 300)
    text = render(saying(tmp_path, *resilience, *credentials, unreadable=(unreadable,)))
    assert text.count("**MR201**") == 100
    assert 0 < text.count("**MR502**") < 400
    assert "broken.py" not in text


def test_a_finding_that_is_too_long_is_left_out_alone(tmp_path: Path) -> None:
    text = render(saying(tmp_path, finding(message="x" * LIMIT), finding(message="short")))
    assert len(entries(text)) == 1
    assert "short" in text
    assert "\n1 entry left out here" in text


@pytest.mark.parametrize(
    ("said", "escaped"),
    [
        ("a | b", r"a \| b"),
        ("`code` and ``", r"\`code\` and \`\`"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("</details>\n\n# Title", r"\</details\> #&#8203; Title"),
        ("![x](https://evil/x.png)", r"!\[x\](https:\//evil/x.png)"),
        ("see www.evil.com", r"see www\.evil.com"),
        ("*b* _i_ ~s~ $m$ snake_case __init__", r"\*b\* \_i\_ \~s\~ \$m\$ snake_case \_\_init\_\_"),
        ("@org/team fixes #1", "@&#8203;org/team fixes #&#8203;1"),
        ("back\\slash", r"back\\slash"),
        ("red\x1b[31m\u2028\x85", r"red�\[31m��"),
    ],
)
def test_what_the_tree_says_is_text(said: str, escaped: str, tmp_path: Path) -> None:
    text = render(saying(tmp_path, finding(message=said, remedy=said)))
    (entry,) = entries(text)
    assert entry == f"- `server.py:3` **MR101** some-rule (error): {escaped}."
    assert f"\n  Remedy: {escaped}.\n" in text


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("a`b``.py", "``` a`b``.py:3 ```"),
        ("`.py", "`` `.py:3 ``"),
        ("a|b<i>@me.py", "`a|b<i>@me.py:3`"),
        ("a\n\n</details>\r- b.py", "`a </details> - b.py:3`"),
        (NOT_UTF8, "`caf�.py:3`"),
    ],
)
def test_a_path_is_code(path: str, code: str, tmp_path: Path) -> None:
    audit = saying(tmp_path, finding(path=path))
    text = render(audit)
    assert entries(text) == [f"- {code} **MR101** some-rule (error): what is wrong."]
    assert text.encode()


def test_the_name_of_a_service_is_text_in_html(tmp_path: Path) -> None:
    folder = tmp_path / "<b>*@org#1*\n&"
    folder.mkdir()
    (folder / "server.py").write_text("import redis\nclient = redis.Redis()\n")
    (tmp_path / "other.py").write_text("")
    text = render(audited("nothing found", tmp_path))
    (title,) = re.findall("<summary>(.*)</summary>", text)
    assert title.startswith("service &lt;b&gt;*@&#8203;org#&#8203;1* &amp; (python, &lt;b&gt;")
    assert OWN_TAGS.sub("", title).count("<") == 0


def test_odd_names_make_no_markup(tmp_path: Path) -> None:
    text = render(audited("odd names", tmp_path))
    assert len({line.partition(" **")[0] for line in entries(text)}) == len(ODD_NAMES)
    without_code = re.sub(r"(`+).*?(?<!`)\1(?!`)", "", text)
    assert "<" not in OWN_TAGS.sub("", without_code)
    assert "@org" not in without_code


def test_a_finding_of_many_lines_is_one_entry(tmp_path: Path) -> None:
    text = render(saying(tmp_path, finding(span=Span(3, 1, 9, 2), message="one\n\ntwo\t three")))
    assert entries(text) == ["- `server.py:3` **MR101** some-rule (error): one two three."]


@pytest.mark.parametrize("tree", [partial(audited, "secrets"), leaky], ids=["found", "said"])
def test_no_secret_is_told(tree: Callable[[Path], Audit], tmp_path: Path) -> None:
    told = render(tree(tmp_path))
    assert r"\*\*\*" in told
    assert not re.search("|".join(SECRETS), told)
