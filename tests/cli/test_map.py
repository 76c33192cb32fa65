"""`mooring map`: which service reaches which Redis, as text, Mermaid and SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from mooring.cli import main

FILES = {
    "compose.yaml": """\
services:
  redis:
    image: redis:7
  shop:
    build: shop
    command: python main.py
    environment:
      REDIS_URL: redis://:sesame@redis:6379
  mail:
    image: mail:1
    environment:
      REDIS_URL: redis://elsewhere:6379
""",
    "shop/main.py": "import redis\n\nclient = redis.Redis(host='localhost')\n",
    "idle/main.py": "print('no Redis here')\n",
}


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOORING_CACHE_DIR", str(tmp_path / "cache"))
    for path, text in FILES.items():
        place = tmp_path / "fleet" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return tmp_path / "fleet"


def drawn(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["map", *words]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "sesame" not in told.out
    return told.out


def test_the_tree_tells_both_sides_and_where_they_disagree(fleet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn(capsys, str(fleet)).splitlines() == [
        "mail  compose.yaml",
        "└── manifest  elsewhere  compose.yaml:12  REDIS_URL of mail  !! no such service",
        "",
        "shop  shop",
        "├── run by shop (compose.yaml): its command names shop/main.py",
        "├── code      localhost  shop/main.py:3  written in the code",
        "└── manifest  redis      compose.yaml:8  REDIS_URL of shop  !! never read",
        "",
        "Redis servers",
        "└── redis  compose.yaml:3  open to everybody",
        "",
        "2 services with a way to a Redis, 2 of them in disagreement; 1 Redis server, 1 of them open.",
    ]


def test_mermaid_has_a_node_for_each_service_and_host_and_paints_disagreement(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = drawn(capsys, str(fleet), "--format", "mermaid")
    assert text.startswith("flowchart LR\n")
    assert 's1["shop"]' in text
    assert 'r0[("elsewhere")]' in text
    assert 's1 -->|"written in the code"| r1' in text
    assert 's1 ==>|"REDIS_URL: never read"| r2' in text
    assert "linkStyle 0,2 stroke" in text


def test_the_drawing_is_xml_with_a_line_for_each_way(fleet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = ET.fromstring(drawn(capsys, str(fleet), "--format", "svg"))
    space = "{http://www.w3.org/2000/svg}"
    ways = [path for path in root.iter(f"{space}path") if path.find(f"{space}title") is not None]
    assert len(ways) == 3
    assert [way.get("class") for way in ways] == ["way manifest bad", "way", "way manifest bad"]
    assert {"shop", "mail", "redis", "localhost", "elsewhere"} <= {text.text for text in root.iter(f"{space}text")}


def test_a_map_goes_into_a_file(fleet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn(capsys, str(fleet), "--format", "svg", "--output", str(tmp_path / "map.svg")) == ""
    assert (tmp_path / "map.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_path_with_nothing_to_draw_is_wrong_usage(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["map", str(tmp_path / name)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_names_cannot_break_out_of_a_drawing(fleet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fleet / "compose.yaml").write_text(
        'services:\n  "<a>\\"#`":\n    image: x\n    environment: {REDIS_URL: "redis://h"}\n'
    )
    ET.fromstring(drawn(capsys, str(fleet), "--format", "svg"))
    assert 's0["#lt;a#gt;#quot;#35;\'"]' in drawn(capsys, str(fleet), "--format", "mermaid")
