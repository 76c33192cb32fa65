"""Whose a token is: asked once, remembered for a while, and never guessed."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from mooring.servers.account import Account, Accounts
from mooring.servers.failures import Unauthorized, Unavailable

_TOKEN = SecretStr("ghp_ada")


class _Vendor:
    """Answers when it is let, with what it is told to; counts how often it was asked."""

    def __init__(self, answer: Account | Exception | None) -> None:
        self.answer = answer
        self.asked = 0
        self.now = 0.0
        self.released = asyncio.Event()
        self.released.set()

    async def verify(self, _token: SecretStr) -> Account | None:
        self.asked += 1
        await self.released.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def accounts(self) -> Accounts:
        return Accounts(self.verify, lambda: self.now)


@pytest.mark.parametrize("answer", [Account("7"), Unauthorized("no such token"), Unavailable("down"), None])
async def test_callers_with_one_token_ask_once_and_share_what_it_brings(answer: Account | Exception | None) -> None:
    vendor = _Vendor(answer)
    vendor.released.clear()
    accounts = vendor.accounts()
    asking = [asyncio.create_task(accounts.of(_TOKEN)) for _ in range(20)]
    await asyncio.sleep(0)
    vendor.released.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert vendor.asked == 1
    assert {repr(one) for one in told} == {repr(answer)}


async def test_who_leaves_does_not_take_the_question_along() -> None:
    vendor = _Vendor(Account("7"))
    vendor.released.clear()
    accounts = vendor.accounts()
    first, second = (asyncio.create_task(accounts.of(_TOKEN)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    vendor.released.set()
    assert await second == Account("7")
    assert vendor.asked == 1


async def test_whose_it_was_holds_while_the_vendor_is_down_and_no_longer_once_refused() -> None:
    vendor = _Vendor(Account("7"))
    accounts = vendor.accounts()
    assert await accounts.of(_TOKEN) == Account("7")
    vendor.now, vendor.answer = 601.0, Unavailable("down")
    assert await accounts.of(_TOKEN) == Account("7")
    vendor.now, vendor.answer = 640.0, Unauthorized("revoked")
    with pytest.raises(Unauthorized, match="revoked"):
        await accounts.of(_TOKEN)
    assert vendor.asked == 3
