"""A run of the conformance suite is judged so that a fault of ours cannot pass for a lacking fixture."""

from __future__ import annotations

import pytest
from scripts.conformance.suite import WIRE, Check, Outcome, Scenario
from scripts.conformance.verdicts import OUTSIDE, of_fixtures, of_server

_IMAGE = Scenario("2026-07-28", "tools-call-image")
_LIST = Scenario("2026-07-28", "tools-list")
_STATELESS = Scenario("2026-07-28", "server-stateless")
_RIGHT = Check(WIRE, "SUCCESS")


def _outcome(*checks: Check, asked: tuple[str, ...] = ()) -> Outcome:
    return Outcome((*checks, _RIGHT), frozenset(asked))


def _image(status: str) -> Check:
    return Check("tools-call-image", status, "No image content found")


def test_what_only_lacks_its_fixture_is_told_with_the_fixture() -> None:
    reference = _outcome(_image("SUCCESS"), asked=("test_image_content",))
    verdict = of_server(_IMAGE, _outcome(_image("FAILURE")), reference)
    assert (verdict.mark, verdict.told, verdict.good, verdict.all) == ("needs", "test_image_content", 1, 2)


def test_a_tool_that_the_suite_looks_for_in_the_list_is_a_fixture_too() -> None:
    lacking = Check("json-schema-2020-12-tool-found", "FAILURE", "Tool 'json_schema_2020_12_tool' not found")
    verdict = of_server(_IMAGE, _outcome(lacking), _outcome(Check(lacking.id, "SUCCESS")))
    assert (verdict.mark, verdict.told) == ("needs", "json_schema_2020_12_tool")


def test_a_scenario_that_asks_for_no_fixture_must_pass() -> None:
    right, wrong = Check("tools-list", "SUCCESS"), Check("tools-list", "FAILURE", "Missing tools array")
    assert of_server(_LIST, _outcome(right), _outcome(right)).mark == "passed"
    verdict = of_server(_LIST, _outcome(wrong), _outcome(right))
    assert verdict.mark == "failed"
    assert "Missing tools array" in verdict.told


def test_what_is_bad_with_the_fixtures_too_is_no_lack_of_them() -> None:
    reference = _outcome(_image("FAILURE"), asked=("test_image_content",))
    assert of_server(_IMAGE, _outcome(_image("FAILURE")), reference).mark == "failed"
    assert of_fixtures(_IMAGE, reference).mark == "failed"


def test_among_checks_that_passed_a_bad_one_must_name_a_fixture() -> None:
    others = (Check("discover", "SUCCESS"), Check("capability", "SUCCESS"))
    reference = _outcome(*others, asked=("test_missing_capability",))
    named = Check("capability", "FAILURE", "Server executed 'test_missing_capability'")
    own = Check("discover", "FAILURE", "server/discover returned no capabilities")
    assert of_server(_STATELESS, _outcome(others[0], named), reference).mark == "needs"
    assert of_server(_STATELESS, _outcome(own, others[1]), reference).mark == "failed"


@pytest.mark.parametrize("name", ["tools-call-image", *OUTSIDE])
def test_a_message_that_breaks_the_schema_is_never_excused(name: str) -> None:
    scenario = Scenario("2025-11-25", name)
    broken = Outcome((_image("FAILURE"), Check(WIRE, "FAILURE", "test_image_content")))
    reference = _outcome(_image("SUCCESS"), asked=("test_image_content",))
    assert of_server(scenario, broken, reference).mark == "failed"
    assert of_fixtures(scenario, broken).mark == "failed"


def test_a_warning_counts_as_a_failure() -> None:
    warned = _outcome(Check("tools-list", "WARNING", "something should be otherwise"))
    assert of_fixtures(_LIST, warned).mark == "failed"


def test_what_the_servers_leave_out_is_told_with_the_reason() -> None:
    scenario = Scenario("2025-11-25", "tools-call-sampling")
    failed = _outcome(Check("tools-call-sampling", "FAILURE"), asked=("test_sampling",))
    for verdict in (of_server(scenario, failed, failed), of_fixtures(scenario, failed)):
        assert (verdict.mark, verdict.told) == ("outside", OUTSIDE["tools-call-sampling"])


def test_streams_of_the_protocol_without_sessions_are_not_left_out() -> None:
    warned = _outcome(Check("server-sse-multiple-streams", "WARNING"))
    for version, mark in (("2025-11-25", "outside"), ("2026-07-28", "failed")):
        assert of_fixtures(Scenario(version, "server-sse-multiple-streams"), warned).mark == mark


def test_a_scenario_that_was_not_run_failed() -> None:
    assert of_server(_LIST, None, _outcome()).mark == "failed"
    assert of_server(_LIST, _outcome(), None).mark == "failed"
    assert of_fixtures(_LIST, None).mark == "failed"


def test_what_the_suite_says_does_not_apply_is_no_success() -> None:
    skipped = Outcome((Check("lifecycle-skipped", "INFO", "session lifecycle does not apply"),))
    for verdict in (of_server(_LIST, skipped, skipped), of_fixtures(_LIST, skipped)):
        assert verdict.mark == "outside"
        assert "does not apply" in verdict.told
