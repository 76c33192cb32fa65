"""`mooring report`: one file that says what was claimed, found, fixed, left and measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mooring.cli import main
from mooring.prove import dump

from .proofs import make_proof

FILES = {
    "servers/shop/server.py": (
        "import mcp\nimport redis\n\nclient = redis.Redis(host='localhost', password='hunter2-of-shop')\n"
        "again = redis.Redis(host='localhost')\n"
    ),
    "k8s/shop.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\n"
        "spec:\n  template:\n    spec:\n      containers:\n"
        "        - name: shop\n          env:\n            - {name: REDIS_URL, value: 'redis://:opensesame-9@redis:6379'}\n"
    ),
}
CLAIMS = '[[claim]]\ntext = "no <b>server</b> is hard-coded"\nrules = ["MR101"]\ncount = 0\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        file = tmp_path / "tree" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "claims.toml").write_text(CLAIMS)
    (tmp_path / "samples.json").write_text(dump(make_proof()))
    return tmp_path / "tree"


def reported(tree: Path, name: str, *more: str) -> str:
    output = tree.parent / name
    assert main(["report", str(tree), "-o", str(output), *more]) == 0
    return output.read_text("utf-8")


def with_all(tree: Path) -> list[str]:
    return ["--claims", str(tree.parent / "claims.toml"), "--proof", str(tree.parent / "samples.json")]


def test_the_page_holds_every_part_and_links_the_samples(tree: Path) -> None:
    text = reported(tree, "report.html", *with_all(tree))
    for part in ("claimed", "map", "found", "fixed", "left", "services", "raw"):
        assert f'<h2 id="{part}">' in text
    assert '<a href="samples.json">samples.json</a>' in text
    assert "no &lt;b&gt;server&lt;/b&gt; is hard-coded" in text
    assert "create_redis_from_config()" in text


def test_every_link_in_the_page_leads_somewhere(tree: Path) -> None:
    text = reported(tree, "report.html", *with_all(tree))
    anchors = re.findall(r'\bid="([^"]+)"', text)
    assert len(anchors) == len(set(anchors))
    links = re.findall(r'href="#([^"]+)"', text)
    assert len([link for link in links if link.startswith("raw-")]) > 20
    assert set(links) <= set(anchors)


def test_markdown_says_the_same_in_short(tree: Path) -> None:
    text = reported(tree, "report.md", *with_all(tree))
    for part in ("Claimed", "Found", "Fixed", "Left", "Who reaches which Redis", "Measured"):
        assert f"\n## {part}\n" in text
    assert "```mermaid" in text
    assert "3 of 5 servers could not use their Redis before the fix" in text
    assert "[samples.json](samples.json)" in text


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_no_secret_is_in_a_report(tree: Path, name: str) -> None:
    text = reported(tree, name)
    assert "hunter2-of-shop" not in text
    assert "opensesame-9" not in text


def test_a_report_without_claims_and_proof_has_what_there_is(tree: Path) -> None:
    text = reported(tree, "report.html")
    assert '<h2 id="found">' in text
    assert '<h2 id="claimed">' not in text and '<h2 id="raw">' not in text


def test_the_tree_is_untouched(tree: Path) -> None:
    reported(tree, "report.html", *with_all(tree))
    assert {path: (tree / path).read_text() for path in FILES} == FILES
    assert len([path for path in tree.rglob("*") if path.is_file()]) == len(FILES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "report.pdf"], "--output report.pdf: name a file that ends in .html, .htm, .md"),
        (["-o", "no/such/report.html"], "its folder does not exist"),
        (["-o", "report.html", "--proof", "none.json"], "none.json: No such file or directory"),
        (["-o", "report.html", "--claims", "none.toml"], "none.toml"),
    ],
)
def test_wrong_usage_exits_with_2(
    tree: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tree.parent)
    assert main(["report", "tree", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tree.parent / "report.html").exists()


def test_a_tree_that_is_not_there_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "none"), "-o", str(tmp_path / "r.html")]) == 2
    assert "none: no such file or directory" in capsys.readouterr().err
