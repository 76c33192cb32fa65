"""The plan says how services are run and asked; what is wrong in it is told with its place."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from mooring.errors import UsageError
from mooring.prove import Aim, Door, Target, read_plan
from mooring.prove.request import source_in

PLAN = """\
targets = ["hit=10"]

[[service]]
path = "web"
name = "shop"
command = ["{python}", "app.py", "--port", "{port}"]
[service.http]
request = "POST /items/{number}?of={key}"
body = {sku = "{key}", count = "{number}", tags = ["{key}"]}
source = "meta.source"
ready = "/healthz"

[[service]]
path = "jobs"
[service.function]
call = "prices:price"
arguments = {sku = "{key}"}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "plan.toml"
    file.write_text(text)
    return file


def test_a_plan_names_services_and_targets(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path, PLAN))
    assert plan.targets == (Target(Aim.HIT, 10.0),)
    shop, jobs = plan.services
    assert (shop.name, shop.path, shop.command) == ("shop", "web", (sys.executable, "app.py", "--port", "{port}"))
    assert shop.request is not None and jobs.request is not None
    assert (jobs.name, jobs.command, jobs.request.door) == ("jobs", None, Door.FUNCTION)
    assert shop.request.label == "POST /items/{number}?of={key}"


def test_the_key_stands_where_the_request_wants_it(tmp_path: Path) -> None:
    request = read_plan(written(tmp_path, PLAN)).services[0].request
    assert request is not None
    found = re.fullmatch(r"/items/(\d+)\?of=warm-1", request.path("warm-1"))
    assert found is not None
    assert request.given("warm-1") == {"sku": "warm-1", "count": int(found.group(1)), "tags": ["warm-1"]}
    assert request.path("warm-1") == request.path("warm-1") != request.path("warm-2")


def test_an_answer_may_say_where_it_comes_from_at_any_depth() -> None:
    assert source_in({"meta": {"source": "cache"}}, "meta.source") == "cache"
    assert source_in({"meta": []}, "meta.source") is None
    assert source_in({"source": "cache"}, None) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("service = 3", "service is a list"),
        ("[[service]]", "needs path"),
        ('[[service]]\npath = "../other"', "leads out of the tree"),
        ('[[service]]\npath = "a"\nspeed = 3', "speed in the service of a is not known"),
        ('[[service]]\npath = "a"\n[service.http]\nrequest = "GET /"', "needs a command"),
        ('[[service]]\npath = "a"\n[service.function]\ncall = "price"', "is not module:function"),
        ('[[service]]\npath = "a"\n[service.mcp]\n', "needs tool"),
        ('[[service]]\npath = "a"\n[service.mcp]\ntool = "x"\n[service.function]\ncall = "a:b"', "are several"),
        ("not toml", "not TOML"),
    ],
)
def test_what_is_wrong_is_told_with_the_file(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(UsageError, match=f"{re.escape(str(file))}: .*{message}"):
        read_plan(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_plan(tmp_path / "none.toml")
