"""The JUnit report is XML whose counts are those of its tests, whatever the tree is called."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mooring.audit.engine import Audit
from mooring.audit.rule import Related
from mooring.report.junit import render

from .trees import NOT_UTF8, SECRETS, TREES, audited, finding, leaky, saying


@pytest.fixture(params=TREES)
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Audit:
    return audited(request.param, tmp_path)


def read(audit: Audit) -> ET.Element:
    text = render(audit)
    assert text.endswith("</testsuites>\n")
    return ET.fromstring(text.encode())


def counts(element: ET.Element) -> tuple[int, int, int]:
    tests, failures, errors = (int(element.attrib[name]) for name in ("tests", "failures", "errors"))
    return tests, failures, errors


def counted(element: ET.Element) -> tuple[int, int, int]:
    tests = element.findall(".//testcase")
    return len(tests), sum(bool(test.findall("failure")) for test in tests), len(element.findall(".//error"))


def test_the_counts_are_those_of_the_tests(found: Audit) -> None:
    root = read(found)
    assert counts(root) == counted(root)
    for suite in root.findall("testsuite"):
        assert counts(suite) == counted(suite)
    assert counts(root)[0] == sum(counts(suite)[0] for suite in root.findall("testsuite"))


def test_every_finding_is_one_failure_of_its_file(found: Audit) -> None:
    root = read(found)
    told = sorted(str(failure.get("type")) for failure in root.iter("failure"))
    assert told == sorted(one.rule for one in found.findings)
    failed = [test for test in root.iter("testcase") if test.find("failure") is not None]
    assert len(failed) == len({one.problem.path for one in found.findings})
    assert len(list(root.iter("error"))) == len(found.unreadable)


def test_a_suite_is_a_service(tmp_path: Path) -> None:
    root = read(audited("the fleet", tmp_path))
    suites = {suite.get("name"): suite for suite in root.findall("testsuite")}
    assert "servers/orders" in suites
    (test,) = suites["servers/orders"].findall("testcase")
    assert test.get("file") == test.get("name") == "servers/orders/server.py"
    assert {"MR101", "MR402"} <= {failure.get("type") for failure in test.findall("failure")}


def test_a_tree_without_findings_is_one_test_that_passed(tmp_path: Path) -> None:
    root = read(audited("nothing found", tmp_path))
    assert counts(root) == (1, 0, 0)
    (test,) = root.iter("testcase")
    assert list(test) == []


def test_a_failure_tells_where_what_and_the_remedy(tmp_path: Path) -> None:
    related = (Related("other.py", finding().problem.span, "made here"),)
    (failure,) = read(saying(tmp_path, finding(related=related))).iter("failure")
    assert failure.get("message") == "MR101 some-rule: what is wrong"
    assert failure.text == "server.py:3:10: error: what is wrong\nother.py:3: made here\nRemedy: what to do"


def test_what_cannot_be_read_is_in_error_with_its_line(tmp_path: Path) -> None:
    root = read(audited("unreadable files", tmp_path))
    tests = {test.get("file"): test for test in root.iter("testcase")}
    assert {path for path, test in tests.items() if test.find("error") is not None} == {"broken.py", "odd.py"}
    assert str(tests["broken.py"].findtext("error")).startswith("broken.py:2: does not parse")
    assert str(tests["odd.py"].findtext("error")).startswith("odd.py: not utf-8")


def test_a_character_that_xml_lacks_is_replaced(tmp_path: Path) -> None:
    odd = "a\x00\x0b\x1b\ufffe\uffff\ud800<&\"'>"
    root = read(saying(tmp_path, finding(path=odd, message=odd, remedy=odd), finding(path=NOT_UTF8)))
    first, second = root.iter("testcase")
    assert first.get("name") == "a������<&\"'>"
    assert second.get("name") == "caf�.py"


@pytest.mark.parametrize("tree", [partial(audited, "secrets"), leaky], ids=["found", "said"])
def test_no_secret_is_told(tree: Callable[[Path], Audit], tmp_path: Path) -> None:
    told = render(tree(tmp_path))
    assert "***" in told
    assert not re.search("|".join(SECRETS), told)
