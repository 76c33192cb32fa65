"""The form of replies that a tracking lane reads undecoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["decoder"]


def decoder(encoder: Any) -> Callable[[Any], Any]:
    """Return what turns a reply's bytes into text, if that is what the encoder does with replies.

    It raises `UnicodeDecodeError` for what is no text.
    """
    if not encoder.decode_responses:
        return lambda reply: reply

    def decoded(reply: Any) -> Any:
        if isinstance(reply, bytes):
            return reply.decode(encoder.encoding, encoder.encoding_errors)
        if isinstance(reply, list):
            return [decoded(each) for each in reply]
        if isinstance(reply, dict):
            return {decoded(key): decoded(value) for key, value in reply.items()}
        return {decoded(each) for each in reply} if isinstance(reply, set) else reply

    return decoded
