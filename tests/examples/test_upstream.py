"""The stand-in upstream is slow, deterministic and strict."""

from __future__ import annotations

import time

import httpx
import pytest


def test_the_same_question_has_the_same_answer(upstream: str) -> None:
    with httpx.Client(base_url=upstream) as client:
        first, second = (client.get("/lookup/order-7") for _ in range(2))
        other = client.get("/lookup/order-8")

    assert first.status_code == 200
    assert first.json() == second.json()
    assert first.json()["value"] != other.json()["value"]


@pytest.mark.parametrize(
    "path",
    [
        "/stock/ABC-0001",
        "/products/ABC-0001",
        "/prices/ABC-0001",
        "/orders/7",
        "/customers/7",
        "/invoices/INV-000007",
        "/tickets/7",
        "/users/ann-lee",
        "/rates/DK",
        "/metrics/sessions",
        "/search?q=boots",
    ],
)
def test_every_trade_of_the_fleet_is_served(upstream: str, path: str) -> None:
    assert httpx.get(upstream + path).status_code == 200


@pytest.mark.parametrize("path", ["/lookup/absent-key", "/orders/0", "/rates/XX", "/metrics/nothing", "/nowhere/1"])
def test_what_does_not_exist_is_not_found(upstream: str, path: str) -> None:
    response = httpx.get(upstream + path)

    assert response.status_code == 404
    assert response.json()["error"]


@pytest.mark.parametrize("path", ["/lookup/a key", "/stock/boots", "/orders/seven", "/search", "/search?q="])
def test_what_is_malformed_is_refused(upstream: str, path: str) -> None:
    assert httpx.get(upstream + path).status_code == 422


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b'{"recipient": "", "text": "x"}', b'{"recipient": "a"}'])
def test_a_malformed_message_is_refused(upstream: str, body: bytes) -> None:
    assert httpx.post(f"{upstream}/messages", content=body).status_code == 422


def test_a_message_is_accepted(upstream: str) -> None:
    response = httpx.post(f"{upstream}/messages", json={"recipient": "ann", "text": "Your boots are on their way."})

    assert response.status_code == 202
    assert response.json()["message_id"].startswith("msg-")


def test_no_answer_comes_before_its_latency(upstream: str) -> None:
    with httpx.Client(base_url=upstream) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        start = time.perf_counter()
        client.get("/lookup/order-7")

    assert time.perf_counter() - start >= 0.020
