"""From a miss to an answer, step by step, without I/O: what both twins of the cache do.

A flow is a generator. It yields steps and is sent their results; whoever drives it performs them, as a task or as a
thread. A step of Redis that fails is answered with None, for then the upstream is asked all the same. An error of the
loader is thrown in.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections.abc import Generator, Iterator
from typing import Any

from mooring.cache import events
from mooring.cache.codec import Entry, Unfaithful, encode, encode_value
from mooring.cache.names import lease_name
from mooring.cache.policy import Freshness
from mooring.cache.result import Loaded, NotModified, State
from mooring.cache.scripts import CLAIM, DROP, PUT
from mooring.cache.steps import Flow, Hold, Load, Look, Outcome, Pause, Request, Run, Step, View

__all__ = ["fill", "plain", "refresh"]

_log = logging.getLogger("mooring")

_HELD, _MINE = 0, 1
"""What a claim may be answered with; anything else is that the entry has changed."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1


def fill(request: Request, view: View | None) -> Flow:
    """Get an answer that is not at hand: ask the upstream, or wait for the replica that is asking it already."""
    token = secrets.token_hex(8)
    begun = time.monotonic()
    waited = False
    born = view.entry.born if view and view.entry else 0
    pauses = _pauses()
    while view is not None and (claim := (yield from _claim(request, view.stamp, token, born))) is not None:
        result, number, there = claim
        if result == _MINE:
            if waited:
                _tell_wait(request, begun, in_vain=True)
            return (yield from _load(request, view, number, token))
        if result == _HELD:
            pause = next(pauses)
            if time.monotonic() - begun + pause > request.policy.patience:
                break
            waited = True
            yield Pause(pause)
        view = yield Look()
        if view is not None:
            if view.freshness(request) is Freshness.FRESH:
                if waited:
                    _tell_wait(request, begun, in_vain=False)
                return view.serve(State.HIT)
            # A damaged entry is there, and yet is none.
            born = view.entry.born if view.entry else there
    if waited:
        _tell_wait(request, begun, in_vain=True)
    return (yield from _load(request, view))


def refresh(request: Request, view: View) -> Generator[Step, Any, None]:
    """Ask the upstream anew while the old answer is served, unless a replica is asking, or has asked, already."""
    token = secrets.token_hex(8)
    claim = yield from _claim(request, view.stamp, token, view.entry.born if view.entry else 0)
    if claim and claim[0] == _MINE:
        yield from _load(request, view, claim[1], token)


def plain(answer: object) -> Loaded[Any]:
    """Take what a loader returned where nothing was there to be confirmed."""
    if isinstance(answer, NotModified):
        raise ValueError("the loader returned NotModified, but was given no validators")  # noqa: TRY004 - its time is wrong
    return answer if isinstance(answer, Loaded) else Loaded(answer)


def _claim(request: Request, stamp: bytes, token: str, born: int) -> Generator[Step, Any, Any]:
    """Claim the lease; returns what the script says, or None without Redis."""
    milliseconds = max(1, round(request.policy.lease * 1000))
    arguments = [int(request.priority), stamp.hex(), token, milliseconds, born]
    return (
        yield from _unless_cancelled(request, token, Run(CLAIM, [lease_name(request.entry), request.entry], arguments))
    )


def _unless_cancelled(request: Request, token: str, step: Run) -> Generator[Step, Any, Any]:
    """Take a step with the lease. Cancelled meanwhile, give it back: nobody uses it, and all others would wait."""
    try:
        return (yield step)
    except GeneratorExit:
        raise
    except BaseException:
        yield _release(request, token)
        raise


def _release(request: Request, token: str) -> Run:
    return Run(DROP, [lease_name(request.entry)], [token])


def _load(request: Request, view: View | None, number: int | None = None, token: str = "") -> Flow:
    """Ask the upstream; store what it says if a claim (its number, its token) allows to."""
    validators = dict(view.entry.validators) if view and view.entry else {}
    try:
        answer = yield Load(validators)
        outcome, entry = _taken(request, view, answer, number)
    except GeneratorExit:
        raise
    except BaseException as error:
        _tell(request, "loaded", "failed")
        if number is not None:
            yield _release(request, token)
        if view and isinstance(error, request.policy.stale_on) and _stands_in(request, view):
            return view.serve(State.STALE, error)
        raise
    if number is not None:
        yield from _keep(request, entry, number, token)
    return outcome


def _keep(request: Request, entry: Entry | None, number: int, token: str) -> Generator[Step, Any, None]:
    """Store an entry if there is one and it may be kept; in any case give back the lease."""
    lifetime = request.policy.lifetime(entry.ttl, entry.negative, bool(entry.validators)) if entry else 0.0
    data = encode(entry) if entry and lifetime > 0 else b""
    if not data or len(data) > request.policy.max_bytes:
        # Without an entry, it was told why.
        if entry:
            _tell(request, "refused", "size" if data else "unkept", len(data))
        yield _release(request, token)
        return
    names = [request.entry, lease_name(request.entry)]
    put = Run(PUT, names, [token, number, data, max(1, round(lifetime * 1000))])
    stored = yield from _unless_cancelled(request, token, put)
    if stored:
        _tell(request, "stored", amount=len(data))
        yield Hold(lifetime)
    elif stored is not None:
        _tell(request, "refused", "late", len(data))


def _taken(request: Request, view: View | None, answer: object, number: int | None) -> tuple[Outcome, Entry | None]:
    """Turn what the loader returned into an answer, and into an entry if it can and may be kept."""
    stamp = b"" if view is None else view.stamp
    if isinstance(answer, NotModified) and view and view.entry and view.entry.validators:
        old = view.entry
        _tell(request, "loaded", "revalidated")
        entry = Entry(
            number or 0, request.policy.own_ttl(None, old.negative), stamp, old.payload, old.negative, old.validators
        )
        return Outcome(State.REVALIDATED, old.payload, None, old.negative, 0.0), entry
    loaded = plain(answer)
    _tell(request, "loaded", "negative" if loaded.negative else "loaded")
    try:
        payload = encode_value(loaded.value)
    except Unfaithful as error:
        _tell(request, "refused", "value")
        _log.warning("An answer of %s is not stored: %s", request.service, error)
        return Outcome(State.MISS, None, loaded.value, loaded.negative, 0.0), None
    outcome = Outcome(State.MISS, payload, None, loaded.negative, 0.0)
    if not loaded.keep:
        _tell(request, "refused", "unkept")
        return outcome, None
    ttl = request.policy.own_ttl(loaded.ttl, loaded.negative)
    return outcome, Entry(number or 0, ttl, stamp, payload, loaded.negative, tuple(loaded.validators.items()))


def _stands_in(request: Request, view: View) -> bool:
    return view.freshness(request) in {Freshness.STALE, Freshness.FALLBACK, Freshness.FRESH}


def _pauses() -> Iterator[float]:
    """Give ever longer pauses, each drawn at random, that many who wait do not look at once."""
    longest = _SHORTEST_PAUSE
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311
        longest = min(_LONGEST_PAUSE, longest * 1.5)


def _tell(request: Request, kind: str, outcome: str = "", amount: float = 1.0) -> None:
    if events.active:
        events.tell(kind, request.service, outcome, amount)


def _tell_wait(request: Request, begun: float, *, in_vain: bool) -> None:
    _tell(request, "waited", "in vain" if in_vain else "answered", time.monotonic() - begun)
