"""What the endpoints answer follows from the health, and holds no secret."""

from __future__ import annotations

import json
from http import HTTPStatus

from mooring.integrations.answers import alive, ready, wrong_method
from mooring.runtime.observing.health import Look, begin, judge

WELL = judge(begin("default", 99.0), Look(at=100.0, round_trip=0.001), None)
LOST = judge(WELL, Look(at=105.0, error="ConnectionError: refused"), None)


def test_a_service_is_ready_if_every_redis_is() -> None:
    assert ready([WELL, WELL], 100.0).status is HTTPStatus.OK
    assert ready([WELL, begin("cache", 99.0)], 100.0).status is HTTPStatus.SERVICE_UNAVAILABLE


def test_a_blip_does_not_flap() -> None:
    assert ready([LOST], 105.0, grace=10.0).status is HTTPStatus.OK
    assert ready([LOST], 111.0, grace=10.0).status is HTTPStatus.SERVICE_UNAVAILABLE


def test_the_reason_is_told() -> None:
    told = json.loads(ready([LOST], 111.0).body)
    assert told["ready"] is False
    assert told["redis"][0]["reason"] == "ConnectionError: refused"
    assert (told["redis"][0]["state"], told["redis"][0]["since"]) == ("down", 105.0)


def test_no_answer_may_be_kept() -> None:
    assert {answer.headers["Cache-Control"] for answer in (alive(), ready([WELL], 100.0), wrong_method())} == {
        "no-store"
    }
    assert wrong_method().headers["Allow"] == "GET, HEAD"
