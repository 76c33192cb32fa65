"""The form of replies that a tracking lane reads undecoded, in RESP3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["decoder"]


def decoder(encoder: Any, resp2: bool) -> Callable[[Any], Any]:
    """Return what gives replies the form that the client's own connections would.

    It turns their bytes into text, if that is what the encoder does with replies, and maps and sets into lists for
    RESP2. It raises `UnicodeDecodeError` for what is no text.
    """
    if encoder.decode_responses:

        def plain(reply: Any) -> Any:
            return reply.decode(encoder.encoding, encoder.encoding_errors) if isinstance(reply, bytes) else reply
    elif not resp2:
        return lambda reply: reply
    else:

        def plain(reply: Any) -> Any:
            return reply

    def formed(reply: Any) -> Any:
        if isinstance(reply, list):
            return [formed(each) for each in reply]
        if isinstance(reply, dict):
            pairs = [(formed(key), formed(value)) for key, value in reply.items()]
            return [each for pair in pairs for each in pair] if resp2 else dict(pairs)
        if isinstance(reply, set):
            return [formed(each) for each in reply] if resp2 else {formed(each) for each in reply}
        return plain(reply)

    return formed
