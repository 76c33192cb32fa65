"""A server with ACL users of several ranks, for all tests of the doctor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mooring.embedded import EmbeddedRedis

_USERS = {
    "app": ("+@all", "~*", "&*"),
    "reader": ("+@all", "-set", "-del", "-expire", "~*", "&*"),
    "small": ("+get", "+set", "+ping", "+multi", "+discard", "~app:*"),
    "blind": ("+get", "+set", "+ping", "~*"),
    "mute": ("+get", "~*"),
}


@pytest.fixture(scope="session")
def acl_redis() -> Iterator[EmbeddedRedis]:
    """A Redis whose users have the password `hunter2` and rights of their own."""
    with EmbeddedRedis(password="rootsecret") as server:
        with server.client() as client:
            for name, rights in _USERS.items():
                client.execute_command("ACL", "SETUSER", name, "on", ">hunter2", *rights)
        yield server
