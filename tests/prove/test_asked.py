"""`mooring prove` run as a user would for services that are started or asked in another way than those it finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mooring.cli import main

from . import servers

SMALL = ("--calls", "2", "--rounds", "1", "--concurrency", "1", "--scenario", "hit")
# Offers no tool `lookup`, takes a number, and says deep in its answer, a JSON text, where that comes from.
ORDERS = (
    servers.GOOD.replace("async def lookup(key: str) -> Answer:", "async def order(order_id: int) -> dict:")
    .replace("return await read(client, key)\n", 'return {"meta": {"origin": (await read(client, order_id)).source}}\n')
    .replace("class Answer(BaseModel):\n    value: str", "class Answer(BaseModel):\n    value: str | int")
)
PLAN = """\
[[service]]
path = "servers/orders"
[service.mcp]
tool = "order"
arguments = {order_id = "{number}"}
source = "meta.origin"
"""
# No entry point that would be found, and none that starts without being told so.
OWN = servers.GOOD.replace("import os, sys\n", "import os, sys\nassert sys.argv[1:] == ['--shop', 'north gate']\n")


def proven(tree: Path, *options: str) -> dict[str, Any]:
    samples = tree.parent / "samples.json"
    assert main(["prove", str(tree), *SMALL, *options, "--json", str(samples)]) == 0
    read: dict[str, Any] = json.loads(samples.read_text())
    return read


def outcomes(told: dict[str, Any]) -> set[tuple[str, str]]:
    return {(sample["side"], sample["outcome"]) for sample in told["samples"]}


def test_a_plan_asks_another_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    servers.write_server(tmp_path / "shop", "orders", ORDERS)
    (tmp_path / "plan.toml").write_text(PLAN)
    told = proven(tmp_path / "shop", "--plan", str(tmp_path / "plan.toml"))
    assert [service["request"] for service in told["services"]] == ["order(order_id)"]
    assert {contact["state"] for contact in told["contacts"]} == {"connects"}
    assert outcomes(told) == {("before", "ok"), ("after", "ok")}
    assert "All of 1 server could use its Redis before the fix; 1 of 1 can after it." in capsys.readouterr().out


def test_a_command_starts_what_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "north.py").write_text(OWN)
    told = proven(tmp_path / "shop", "--command", "{python} north.py --shop 'north gate'")
    assert [(service["name"], service["path"]) for service in told["services"]] == [("shop", ".")]
    assert {contact["state"] for contact in told["contacts"]} == {"connects"}
    assert outcomes(told) == {("before", "ok"), ("after", "ok")}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "--command is empty: name a program and its arguments"),
        ("python 'north.py", '--command "python \'north.py": No closing quotation'),
    ],
)
def test_a_command_that_is_none_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    (tmp_path / "north.py").write_text(OWN)
    assert main(["prove", str(tmp_path), "--command", line]) == 2
    assert message in capsys.readouterr().err


def test_a_command_for_several_services_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("north", "south"):
        servers.write_server(tmp_path, name, servers.GOOD)
    assert main(["prove", str(tmp_path), "--command", "{python} server.py"]) == 2
    assert "--command starts one service, not 2: name it with --service" in capsys.readouterr().err
