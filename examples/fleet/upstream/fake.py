"""A stand-in for the REST services behind the fleet.

It answers deterministically, after a set latency, and refuses what a real service would refuse: 422 for a malformed
request, 404 for what does not exist. Once it accepts connections it prints one line to standard output, ending in its
base URL: ``upstream listening on http://127.0.0.1:8080``.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

DEFAULT_LATENCY_MS = 45.0

WAREHOUSES = ("bergen", "gdansk", "porto")
STATES = ("received", "packed", "shipped", "delivered")
TIERS = ("walker", "climber", "guide")
CITIES = ("Aarhus", "Leeds", "Lyon", "Turin")
PRODUCTS = ("rain shell", "trail shoe", "down quilt", "dry bag", "head torch")
SHIPPING_DAYS = {"DE": 2, "DK": 1, "FR": 3, "GB": 4, "NO": 2, "PL": 2, "PT": 4}
METRICS = ("checkout_conversion", "returns_rate", "sessions", "stockouts")


@dataclass(frozen=True)
class Collection:
    """One kind of thing the upstream serves: what its identifiers look like, and how to build one from its seed."""

    identifier: re.Pattern[str]
    build: Callable[[str, int], dict[str, object] | None]


def lookup(key: str, seed: int) -> dict[str, object] | None:
    """Build the answer to `/lookup/{key}`; a key that starts with `absent-` does not exist."""
    return None if key.startswith("absent-") else {"key": key, "value": f"{key}/{seed:08x}"}


def order(order_id: str, seed: int) -> dict[str, object] | None:
    """Build an order; numbers start at 1."""
    if int(order_id) == 0:
        return None
    return {"order_id": int(order_id), "status": STATES[seed % len(STATES)], "total_cents": 500 + seed % 40_000}


def rate(country: str, seed: int) -> dict[str, object] | None:
    """Build the shipping rate of a country that is delivered to."""
    if country not in SHIPPING_DAYS:
        return None
    return {"country": country, "days": SHIPPING_DAYS[country], "cents": 490 + seed % 900}


def metric(name: str, seed: int) -> dict[str, object] | None:
    """Build today's value of a metric that exists."""
    return {"name": name, "today": seed % 10_000} if name in METRICS else None


SKU = re.compile(r"[A-Z]{3}-\d{4}")
NUMBER = re.compile(r"\d{1,8}")

COLLECTIONS = {
    "lookup": Collection(re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,99}"), lookup),
    "stock": Collection(
        SKU, lambda sku, seed: {"sku": sku, "warehouse": WAREHOUSES[seed % len(WAREHOUSES)], "on_hand": seed % 250}
    ),
    "products": Collection(
        SKU, lambda sku, seed: {"sku": sku, "name": PRODUCTS[seed % len(PRODUCTS)], "weight_grams": 80 + seed % 2_000}
    ),
    "prices": Collection(SKU, lambda sku, seed: {"sku": sku, "cents": 990 + seed % 30_000}),
    "orders": Collection(NUMBER, order),
    "customers": Collection(
        NUMBER,
        lambda number, seed: {
            "customer_id": int(number),
            "tier": TIERS[seed % len(TIERS)],
            "city": CITIES[seed % len(CITIES)],
        },
    ),
    "invoices": Collection(
        re.compile(r"INV-\d{6}"),
        lambda number, seed: {"invoice_id": number, "cents": 1_000 + seed % 90_000, "paid": seed % 3 != 0},
    ),
    "tickets": Collection(
        NUMBER, lambda number, seed: {"ticket_id": int(number), "priority": 1 + seed % 4, "open": seed % 2 == 0}
    ),
    "users": Collection(
        re.compile(r"[a-z][a-z0-9-]{1,30}"),
        lambda user, seed: {"user_id": user, "name": user.replace("-", " ").title(), "admin": seed % 10 == 0},
    ),
    "rates": Collection(re.compile(r"[A-Z]{2}"), rate),
    "metrics": Collection(re.compile(r"[a-z_]{1,40}"), metric),
}


def seed_of(text: str) -> int:
    """Derive the number from which an answer is built; the same text always gives the same number."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def refusal(status: int, reason: str) -> JSONResponse:
    """Say no, with the reason as data."""
    return JSONResponse({"error": reason}, status_code=status)


def read(collection: str, identifier: str) -> JSONResponse:
    """Answer `GET /{collection}/{identifier}`."""
    known = COLLECTIONS.get(collection)
    if known is None:
        return refusal(404, f"no collection is called {collection}")
    if known.identifier.fullmatch(identifier) is None:
        return refusal(422, f"{identifier!r} does not look like {known.identifier.pattern}")
    body = known.build(identifier, seed_of(f"{collection}/{identifier}"))
    return refusal(404, f"{collection}/{identifier} does not exist") if body is None else JSONResponse(body)


def search(query: str | None) -> JSONResponse:
    """Answer `GET /search?q=...` with three products."""
    if query is None or not 1 <= len(query) <= 100:
        return refusal(422, "q must have 1 to 100 characters")
    seed = seed_of(query)
    skus = [f"OUT-{(seed + step) % 10_000:04d}" for step in range(3)]
    return JSONResponse({"query": query, "hits": skus})


def accept_message(body: object) -> JSONResponse:
    """Answer `POST /messages`: a recipient, and a text of at most 500 characters."""
    match body:
        case {"recipient": str(recipient), "text": str(text)} if recipient and 1 <= len(text) <= 500:
            return JSONResponse({"message_id": f"msg-{seed_of(recipient + text):08x}"}, status_code=202)
        case _:
            return refusal(422, "a message has a recipient and a text of 1 to 500 characters")


def build_app(latency_ms: float = DEFAULT_LATENCY_MS) -> Starlette:
    """Build the application; every answer but `/healthz` takes `latency_ms` milliseconds."""

    async def get_one(request: Request) -> JSONResponse:
        await asyncio.sleep(latency_ms / 1000)
        return read(request.path_params["collection"], request.path_params["identifier"])

    async def get_search(request: Request) -> JSONResponse:
        await asyncio.sleep(latency_ms / 1000)
        return search(request.query_params.get("q"))

    async def post_message(request: Request) -> JSONResponse:
        await asyncio.sleep(latency_ms / 1000)
        try:
            body = await request.json()
        except ValueError:
            return refusal(422, "the body is not JSON")
        return accept_message(body)

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/search", get_search),
            Route("/messages", post_message, methods=["POST"]),
            Route("/{collection}/{identifier}", get_one),
        ]
    )


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket, so that whoever reads the printed line can connect at once.

    Its protocol is named because asyncio sets TCP_NODELAY only where it is; without, every other answer would take
    40 ms more.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    return listener


def main() -> None:
    """Serve until interrupted or terminated."""
    parser = argparse.ArgumentParser(description="A local stand-in for the fleet's upstream services.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 picks a free port (default: 8080)")
    parser.add_argument("--latency-ms", type=float, default=DEFAULT_LATENCY_MS, help="per answer (default: 45)")
    args = parser.parse_args()
    listener = listen(args.host, args.port)
    print(f"upstream listening on http://{args.host}:{listener.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config(build_app(args.latency_ms), log_level="warning", access_log=False))
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
