"""Audited trees that a report can stumble over, and findings of which it is known what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.engine import Audit, audit
from mooring.audit.facts import Span, Unreadable
from mooring.audit.rule import Finding, Problem, Related, Severity

__all__ = ["NOT_UTF8", "ODD_NAMES", "SECRETS", "TREES", "audited", "finding", "leaky", "saying"]

SITE = "import redis\n\nclient = redis.Redis(host='localhost')\n"
ODD_NAMES = (
    "a b/sérver #1.py",
    "100%/x:y,z?.py",
    "c:d.py",
    "new\nline.py",
    "back`tick|pipe<b>&.py",
    "@org/[link](main).py",
    "esc\x1b[31m.py",
    "right\u202eleft.py",
)
# As Python reads a name from disk that is not UTF-8.
NOT_UTF8 = "caf\udce9.py"
SECRETS = ("hunter2", "swordfish", "opensesame")

FLEET = Path(__file__).parents[2] / "examples/fleet"
# By name, the files of each tree; the fleet's are not written but read.
TREES: dict[str, Mapping[str, str | bytes]] = {
    "the fleet": {},
    "odd names": dict.fromkeys(ODD_NAMES, SITE),
    "newlines and encodings": {
        "crlf.py": "import redis\r\n\r\nclient = redis.Redis(\r\n    host='localhost',  # the cache\r\n)\r\n",
        "bom.py": b"\xef\xbb\xbf" + SITE.encode(),
        "bom_at_once.py": b"\xef\xbb\xbfimport redis; client = redis.Redis()\n",
        "cr.py": "import redis\rclient = redis.Redis()\r",
        "wide.py": "import redis\nx = '錨𝒳é'; client = redis.Redis(host='ünïcode')\n",
        "latin.py": "# coding: latin-1\nimport redis\nx = 'é'; client = redis.Redis()\n".encode("latin-1"),
        "no_end.py": "import redis\nclient = redis.Redis()",
    },
    "unreadable files": {"broken.py": "import redis\ndef f(:\n", "odd.py": b"# caf\xe9 redis\n", "well.py": SITE},
    "nothing found": {"server.py": "x = 1\n"},
    "secrets": {
        "svc/server.py": (
            "import redis\nfrom keys import KEY\n"
            "a = redis.Redis(host='cache', password='hunter2')\n"
            "b = redis.from_url('redis://me:swordfish@cache/0')\n"
            "c = redis.Redis(host='cache', password=KEY)\n"
        ),
        "svc/keys.py": "KEY = 'opensesame'\n",
        "svc/compose.yaml": (
            "services:\n  cache:\n    image: redis:7\n    command: redis-server --requirepass swordfish\n"
            "    healthcheck: {test: [CMD, redis-cli, -a, hunter2, ping]}\n    environment:\n"
            "      - REDIS_PASSWORD=${REDIS_PASSWORD:-opensesame}\n      - REDIS_URL=redis://:hunter2@cache:6379\n"
        ),
        "svc/pod.yaml": (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: cache}\nspec:\n  containers:\n"
            "    - image: redis:7\n      args:\n        - --requirepass\n        - swordfish\n      env:\n"
            "        - name: REDIS_PASSWORD\n          value: opensesame\n"
        ),
        "svc/.env": "REDIS_PASSWORD=hunter2\nREDISCLI_AUTH='swordfish'\n",
    },
}


def audited(name: str, folder: Path) -> Audit:
    """The audit of the tree called `name`, written into an empty folder unless it is the fleet."""
    files = TREES[name]
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return audit([folder if files else FLEET])


def finding(rule: str = "MR101", path: str = "server.py", **problem: Any) -> Finding:
    """A finding that says what it is told to say."""
    said = {"span": Span(3, 10, 3, 39), "message": "what is wrong", "remedy": "what to do"} | problem
    return Finding(rule, "some-rule", Severity.ERROR, Problem(path, **said), f"{rule} {path}")


def saying(folder: Path, *findings: Finding, unreadable: tuple[Unreadable, ...] = ()) -> Audit:
    """The audit of a tree in which just these were found, and these could not be read."""
    return replace(audited("nothing found", folder), findings=findings, unreadable=unreadable)


def leaky(folder: Path) -> Audit:
    """An audit whose every text holds a secret."""
    text = f"redis://me:{SECRETS[1]}@cache"
    related = (Related("server.py", Span(1, 1, 1, 2), text),)
    fix = Fix(text, (Edit("server.py", 0, 1, text),), Safety.SAFE)
    said = finding(message=text, remedy=text, related=related, fix=fix)
    return saying(folder, said, unreadable=(Unreadable("broken.py", 1, text),))
