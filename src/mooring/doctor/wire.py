"""One connection to a server, and what can go wrong on it: questions and replies in RESP 2, each under a deadline.

redis-py is not used here on purpose: it retries, renames and re-raises, and a diagnosis needs to know what was said.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any, Self

import hiredis

__all__ = ["Gibberish", "HungUp", "Refusal", "Silence", "Wire", "WireError"]

_PIECE = 65_536
_MASK = "***"
_NOTHING_YET = object()


class WireError(Exception):
    """The server gave no usable answer."""


class Silence(WireError):
    """Nothing came before the deadline."""


class HungUp(WireError):
    """The other side closed or reset the connection, or refused to go on with TLS (`alert` then says why)."""

    def __init__(self, alert: str = "") -> None:
        super().__init__(alert)
        self.alert = alert


class Gibberish(WireError):
    """What came is not the protocol of Redis."""


class Refusal(WireError):
    """The server's own error. `code` is its first word: NOAUTH, LOADING, ERR."""

    @property
    def code(self) -> str:
        """The first word."""
        return str(self).partition(" ")[0]


class Wire:
    """Asks one question at a time. Owns its socket and closes it.

    `secrets` never show in what is read: a server that does not know AUTH repeats its arguments.
    """

    def __init__(self, stream: socket.socket, secrets: tuple[str, ...] = ()) -> None:
        self._stream = stream
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._deadline = 0.0
        self._reader = hiredis.Reader(
            protocolError=Gibberish,
            replyError=self._refusal,
            encoding="utf-8",
            errors="replace",
            notEnoughData=_NOTHING_YET,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()

    def allow(self, seconds: float) -> None:
        """Set the deadline of all that is asked from now on."""
        self._deadline = time.monotonic() + seconds

    def ask(self, *words: str) -> Any:
        """Send a command and return the reply: text, a number, None or a list of these.

        Raises Refusal for an error reply, Silence when the deadline passes, HungUp and Gibberish for what they say.
        """
        (reply,) = self.ask_all([words])
        if isinstance(reply, Refusal):
            raise reply
        return reply

    def ask_all(self, commands: Sequence[tuple[str, ...]]) -> list[Any]:
        """Send commands at once, so that they cost one round trip, and return a reply to each, a Refusal for an error.

        Raises Silence, HungUp and Gibberish as `ask` does.
        """
        try:
            self._patience()
            self._stream.sendall(b"".join(map(_packed, commands)))
        except TimeoutError:
            raise Silence from None
        except ssl.SSLError as error:
            raise HungUp(_alert(error)) from None
        except OSError:
            # It may have said why before it hung up: too many clients, protected mode.
            pass
        return [self._reply() for _ in commands]

    def _reply(self) -> Any:
        while True:
            reply = self._reader.gets()
            if reply is not _NOTHING_YET:
                return reply
            self._patience()
            self._reader.feed(self._piece())

    def _piece(self) -> bytes:
        try:
            piece = self._stream.recv(_PIECE)
        except TimeoutError:
            raise Silence from None
        except ssl.SSLError as error:
            raise HungUp(_alert(error)) from None
        except OSError:
            raise HungUp from None
        if not piece:
            raise HungUp
        return piece

    def _patience(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Silence
        self._stream.settimeout(left)

    def _refusal(self, text: str) -> Refusal:
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return Refusal(text)


def _packed(words: tuple[str, ...]) -> bytes:
    # What the environment has that is no UTF-8 is sent as it was.
    encoded = [word.encode(errors="surrogateescape") for word in words]
    return b"".join([b"*%d\r\n" % len(encoded), *(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)])


def _alert(error: ssl.SSLError) -> str:
    return (error.reason or "").lower().replace("_", " ")
