"""The SARIF report is what OASIS' schema says, points where the findings are, and its fixes are the fixer's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema
import pytest

from mooring.audit.catalogue import catalogue
from mooring.audit.edits import Edit, Fix, Safety, apply
from mooring.audit.engine import Audit
from mooring.audit.facts import Confidence, Span
from mooring.audit.rule import Finding, Related
from mooring.report.sarif import render

from .trees import NOT_UTF8, SECRETS, TREES, audited, finding, leaky, saying

SCHEMA = json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text())
Json = dict[str, Any]


@pytest.fixture(params=TREES)
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Audit:
    return audited(request.param, tmp_path)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Json:
    return run_of(audited("the fleet", tmp_path_factory.mktemp("fleet")))


def run_of(audit: Audit) -> Json:
    (run,) = json.loads(render(audit))["runs"]
    assert isinstance(run, dict)
    return run


def result_of(folder: Path, one: Finding) -> Json:
    (result,) = run_of(saying(folder, one))["results"]
    assert isinstance(result, dict)
    return result


def values(part: object, key: str) -> Iterator[Any]:
    """Every value under `key`, however deep."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == key:
                yield value
            yield from values(value, key)
    elif isinstance(part, list):
        for item in part:
            yield from values(item, key)


def test_the_report_is_what_the_schema_says(found: Audit) -> None:
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(render(found)))


def test_the_same_audit_is_told_in_the_same_bytes(found: Audit) -> None:
    assert render(found) == render(found)


@pytest.mark.parametrize("tree", ["newlines and encodings", "secrets"])
def test_the_same_tree_is_told_in_the_same_bytes(tree: str, tmp_path: Path) -> None:
    assert render(audited(tree, tmp_path)) == render(audited(tree, tmp_path))


def test_every_finding_is_one_result_under_its_rule(found: Audit) -> None:
    run = run_of(found)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [result["ruleId"] for result in run["results"]] == [one.rule for one in found.findings]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [one.rule for one in found.findings]


def test_every_uri_is_relative_and_leads_back_to_its_file(found: Audit) -> None:
    run = run_of(found)
    files = {bytes(path.relative_to(found.root)) for path in found.root.rglob("*.*")}
    locations = list(values(run, "artifactLocation"))
    for location in locations:
        parts = urlsplit(location["uri"])
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert re.fullmatch(r"[\w./%~-]+", parts.path, re.ASCII)
        assert unquote_to_bytes(parts.path) in files
        assert location["uriBaseId"] == "SRCROOT"
    assert bool(locations) == bool(found.findings)
    assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == f"{found.root.as_uri()}/"


def test_a_name_that_is_not_utf8_is_told_by_its_bytes(tmp_path: Path) -> None:
    (location,) = values(result_of(tmp_path, finding(path=NOT_UTF8)), "artifactLocation")
    assert location["uri"] == "caf%E9.py"


def positioned(text: str, line: int, column: int) -> int:
    """The offset of a place, told without the code under test."""
    lines = re.findall(r".*?(?:\r\n|\n|\r|\Z)", text, re.DOTALL)
    return sum(map(len, lines[: line - 1])) + column - 1


def told_edits(fix: Json, read: Callable[[str], str]) -> Iterator[Edit]:
    for change in fix["artifactChanges"]:
        path = unquote_to_bytes(change["artifactLocation"]["uri"]).decode(errors="surrogateescape")
        for replacement in change["replacements"]:
            region = replacement["deletedRegion"]
            start = positioned(read(path), region["startLine"], region["startColumn"])
            end = positioned(read(path), region["endLine"], region["endColumn"])
            yield Edit(path, start, end, replacement["insertedContent"]["text"])


def test_the_fixes_make_of_a_file_what_the_fixer_makes_of_it(found: Audit) -> None:
    def read(path: str) -> str:
        return found.source(path).text

    results = run_of(found)["results"]
    told = 0
    for one, result in zip(found.findings, results, strict=True):
        fix = one.problem.fix
        assert ("fixes" in result) == (fix is not None and fix.safety is not Safety.DISPLAY)
        if fix is None or "fixes" not in result:
            continue
        edits = list(told_edits(result["fixes"][0], read))
        for path in {edit.path for edit in fix.edits}:
            expected = apply(read(path), [edit for edit in fix.edits if edit.path == path])
            assert apply(read(path), [edit for edit in edits if edit.path == path]) == expected != read(path)
        told += 1
    assert bool(told) == bool(found.findings)


@pytest.mark.parametrize("tree", [partial(audited, "secrets"), leaky], ids=["found", "said"])
def test_no_secret_is_told(tree: Callable[[Path], Audit], tmp_path: Path) -> None:
    told = render(tree(tmp_path))
    assert "***" in told
    assert not re.search("|".join(SECRETS), told)


def test_a_fix_that_holds_a_secret_is_left_out(tmp_path: Path) -> None:
    audit = audited("secrets", tmp_path)
    source = audit.source("svc/server.py")
    fix = Fix("Write it anew", (Edit(source.path, 0, 0, "x = make('hunter2')\n"),), Safety.SAFE)
    findings = tuple(replace(one, problem=replace(one.problem, fix=fix)) for one in audit.findings)
    results = run_of(replace(audit, findings=findings))["results"]
    assert results
    assert not any("fixes" in result for result in results)
    assert results[0]["properties"]["fix"] == {"title": "Write it anew", "safety": "safe"}


def test_an_inserted_line_begins_where_it_is_inserted(tmp_path: Path) -> None:
    audit = audited("newlines and encodings", tmp_path)
    at = audit.source("crlf.py").text.index("client")
    fix = Fix("Say y", (Edit("crlf.py", at, at, "y = 1\r\n"),), Safety.SAFE)
    (result,) = run_of(replace(audit, findings=(finding(path="crlf.py", fix=fix),)))["results"]
    (deleted,) = values(result, "deletedRegion")
    assert deleted == {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 1}


def test_a_fix_says_how_far_it_can_be_trusted(tmp_path: Path) -> None:
    edits = (Edit("server.py", 0, 1, "y"),)
    told = {
        safety: result_of(tmp_path, finding(fix=Fix("Say y", edits, safety)))["fixes"][0]["description"]["text"]
        for safety in (Safety.SAFE, Safety.UNSAFE)
    }
    assert told[Safety.SAFE] == "Say y (safe)"
    assert told[Safety.UNSAFE].startswith("Say y (unsafe: ")


def test_a_suggestion_is_told_but_is_no_fix(tmp_path: Path) -> None:
    fix = Fix("Think again", (Edit("server.py", 0, 1, "y"),), Safety.DISPLAY)
    result = result_of(tmp_path, finding(fix=fix))
    assert "fixes" not in result
    assert result["properties"]["fix"] == {"title": "Think again", "safety": "display-only"}


def test_columns_count_characters_and_no_byte_order_mark(tmp_path: Path) -> None:
    run = run_of(audited("newlines and encodings", tmp_path))
    columns = {
        place["artifactLocation"]["uri"]: (place["region"]["startLine"], place["region"]["startColumn"])
        for place in values(run["results"], "physicalLocation")
    }
    assert run["columnKind"] == "unicodeCodePoints"
    assert columns["wide.py"] == (2, len("x = '錨𝒳é'; client = ") + 1)
    assert columns["bom_at_once.py"] == (1, len("import redis; client = ") + 1)
    assert columns["crlf.py"] == (3, 10)
    assert columns["cr.py"] == (2, 10)


def test_the_related_places_of_an_endpoint_are_the_way_from_the_literal(tmp_path: Path) -> None:
    related = (
        Related("settings.py", Span(1, 8, 1, 19), "the literal"),
        Related("settings.py", Span(4, 5, 4, 20), "the default"),
    )
    result = result_of(tmp_path, finding("MR102", related=related))
    (flow,) = result["codeFlows"][0]["threadFlows"]
    steps = [step["location"] for step in flow["locations"]]
    assert [step["message"]["text"] for step in steps] == ["the literal", "the default", "what is wrong"]
    assert steps[-1]["physicalLocation"] == result["locations"][0]["physicalLocation"]
    assert [place["id"] for place in result["relatedLocations"]] == [1, 2]


def test_a_command_is_led_to_from_its_client_and_a_pool_not_from_its_neighbours(fleet: Json) -> None:
    flows = {result["ruleId"] for result in fleet["results"] if "codeFlows" in result}
    related = {result["ruleId"] for result in fleet["results"] if "relatedLocations" in result}
    assert "MR402" in flows
    assert "MR303" in related - flows


def test_a_message_has_neither_placeholders_nor_links(tmp_path: Path) -> None:
    result = result_of(tmp_path, finding(message="connects to {0} and [here](https://evil)\x1b"))
    told = result["message"]["text"]
    assert told == "connects to {{0}} and [here] (https://evil)�. Remedy: what to do."


def test_a_guess_ranks_half(tmp_path: Path) -> None:
    sure, unsure = (result_of(tmp_path, finding(confidence=confidence)) for confidence in Confidence)
    assert unsure["rank"] * 2 == sure["rank"]
    assert [one["properties"]["confidence"] for one in (sure, unsure)] == ["high", "low"]


def test_a_fingerprint_stands_under_a_key_of_our_own(found: Audit) -> None:
    told = [result["partialFingerprints"] for result in run_of(found)["results"]]
    assert told == [{"mooring/v1": one.fingerprint} for one in found.findings]


def test_what_could_not_be_read_is_notified(tmp_path: Path) -> None:
    run = run_of(audited("unreadable files", tmp_path))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"]
    places = [notice["locations"][0]["physicalLocation"] for notice in invocation["toolExecutionNotifications"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["broken.py", "odd.py"]
    assert [place.get("region") for place in places] == [{"startLine": 2}, None]
    known = [notification["id"] for notification in run["tool"]["driver"]["notifications"]]
    for descriptor in values(run["invocations"], "descriptor"):
        assert known[descriptor["index"]] == descriptor["id"]


def test_every_rule_of_the_catalogue_is_told_with_its_manual(fleet: Json) -> None:
    rules = fleet["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in catalogue()]
    for rule, own in zip(rules, catalogue(), strict=True):
        assert rule["help"]["markdown"] == own.manual
        assert "\n" not in rule["shortDescription"]["text"]
        assert own.manual.replace("\n", " ").startswith(rule["shortDescription"]["text"])
        # GitHub shows no more.
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert "```" not in rule["fullDescription"]["text"]
    names = {rule["id"]: rule["name"] for rule in rules}
    assert names["MR101"] == "HardcodedEndpoint"
    assert fleet["automationDetails"]["id"] == "mooring/"


def test_only_what_endangers_secrets_and_data_is_graded_as_security(fleet: Json) -> None:
    for rule in fleet["tool"]["driver"]["rules"]:
        properties = rule["properties"]
        secure = rule["id"].startswith("MR2") or rule["id"] in {"MR603", "MR604"}
        assert ("security-severity" in properties) == ("security" in properties["tags"]) == secure
        assert properties["precision"] in {"very-high", "high", "medium", "low"}


def test_every_weakness_is_in_the_taxonomy(fleet: Json) -> None:
    (taxonomy,) = fleet["taxonomies"]
    weaknesses = {}
    for rule in fleet["tool"]["driver"]["rules"]:
        tags = [tag for tag in rule["properties"]["tags"] if tag.startswith("external/cwe/")]
        targets = [relationship["target"] for relationship in rule.get("relationships", ())]
        for target in targets:
            assert taxonomy["taxa"][target["index"]]["id"] == target["id"]
            assert target["toolComponent"] == {"name": taxonomy["name"], "index": 0}
        assert tags == [f"external/cwe/cwe-{target['id']}" for target in targets]
        weaknesses[rule["id"]] = [target["id"] for target in targets]
    assert {weakness for own in weaknesses.values() for weakness in own} == {taxon["id"] for taxon in taxonomy["taxa"]}
    assert weaknesses["MR202"] == ["798"]
    assert weaknesses["MR203"] == ["295"]
