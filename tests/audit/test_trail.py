"""A finding names the lines that give its address, from the literal to the call."""

from __future__ import annotations

import json

from mooring.report import sarif

from .tree import Tree


def steps(tree: Tree, files: dict[str, str] | str) -> list[tuple[str, int, str]]:
    (found,) = (f for f in tree.audit(files).findings if f.rule == "MR101")
    return [(related.path, related.span.line, related.message) for related in found.problem.related]


def test_a_literal_in_the_call_needs_no_steps(tree: Tree) -> None:
    assert steps(tree, "import redis\nclient = redis.Redis(host='cache', port=1)\n") == []
    assert steps(tree, "import redis\nclient = redis.Redis()\n") == []


def test_a_constant_of_another_module_is_a_step(tree: Tree) -> None:
    files = {
        "constants.py": "X = 1\nHOST = 'cache'\n",
        "settings.py": "from constants import HOST\nADDRESS = HOST\n",
        "app.py": "import redis\nfrom settings import ADDRESS as A\nclient = redis.Redis(host=A)\n",
    }
    assert steps(tree, files) == [
        ("constants.py", 2, "HOST is given here"),
        ("settings.py", 2, "ADDRESS is given here"),
    ]


def test_attributes_and_parts_of_text_are_steps(tree: Tree) -> None:
    text = """\
        import redis

        class Config:
            host = "cache"

        class Service:
            def __init__(self):
                self.url = f"redis://{Config.host}:6379"

            def connect(self):
                return redis.from_url(self.url)
        """
    assert steps(tree, text) == [("module.py", 4, "host is given here"), ("module.py", 8, "url is given here")]


def test_names_that_lead_in_a_circle_come_to_an_end(tree: Tree) -> None:
    found = tree.audit("import redis\nA = B\nB = A\nA = 'cache'\nclient = redis.Redis(host=A or B)\n")
    told = [(line.line, name) for _, line, name in found.project.trail(found.sites[0])]
    assert (4, "A") in told
    assert len(told) <= 6


def test_sarif_shows_the_way_as_a_flow(tree: Tree) -> None:
    found = tree.audit(
        {"a.py": "HOST = 'cache'\n", "b.py": "import redis\nfrom a import HOST\nc = redis.Redis(HOST)\n"}
    )
    (run,) = json.loads(sarif.render(found))["runs"]
    (result,) = (one for one in run["results"] if one["ruleId"] == "MR101")
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    places = [step["location"]["physicalLocation"] for step in flow]
    assert [(p["artifactLocation"]["uri"], p["region"]["startLine"]) for p in places] == [("a.py", 1), ("b.py", 3)]
