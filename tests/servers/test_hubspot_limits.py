"""How long HubSpot is left alone after a 429, told by what its answer says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mooring.servers.failures import Limited
from mooring.servers.hubspot.operations import SEARCH_DEALS
from mooring.servers.hubspot.vendor import HubSpot


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ({"policyName": "SECONDLY", "message": "You have reached your secondly limit."}, {}, 1),
        ({"message": "You have reached your secondly limit."}, {}, 1),
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10),
        ({"policyName": "DAILY"}, {}, 3_600),
        ({"policyName": "DAILY"}, {"retry-after": "7"}, 7),
        ({"policyName": "SOMETHING_NEW"}, {}, 10),
        (["not an object"], {}, 10),
    ],
)
def test_the_wait_after_a_limit_goes_by_what_hubspot_says(body: Any, headers: dict[str, str], wait: float) -> None:
    with pytest.raises(Limited) as caught:
        HubSpot().check(SEARCH_DEALS, httpx.Response(429, json=body, headers=headers))
    assert caught.value.retry_after_seconds == wait
