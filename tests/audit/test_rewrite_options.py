"""One option of a constructor is mended where it stands, and the rest of the call stays as it is."""

from __future__ import annotations

import ast
import inspect
import tempfile
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.audit.edits import Fix, Safety
from mooring.audit.engine import audit

from .mending import mend, mended

HEAD = "import os\nimport redis\nimport ssl\nfrom elsewhere import options\nU = os.environ['U']\n"


def mended_call(folder: Path, call: str, pin: str = "redis") -> str:
    """What `client = <call>` has become, unsafe fixes included, in a project that asks for `pin`."""
    text = f"{HEAD}client = {call}\n"
    outcome = mend(folder, {"module.py": text, "requirements.txt": f"{pin}\n"}, unsafe=True)
    assert outcome.refused == ()
    result = outcome.changes[0].text if outcome.changes else text
    return result.partition("client = ")[2].removesuffix("\n")


def fixes(folder: Path, text: str, rule: str) -> list[Fix | None]:
    (folder / "module.py").write_text(text)
    return [found.problem.fix for found in audit([folder]).findings if found.rule == rule]


# --- timeouts and bounds ---------------------------------------------------------------------------------------------

TIMEOUTS = {
    "redis.from_url(U, socket_timeout=None)": "redis.from_url(U, socket_timeout=5)",
    "redis.from_url(U, socket_timeout=(None), db=1)": "redis.from_url(U, socket_timeout=(5), db=1)",
    "redis.Redis(U, 1, 0, 'x'[0:], None)": "redis.Redis(U, 1, 0, 'x'[0:], 5)",
    "redis.asyncio.from_url(U, socket_timeout=None)": "redis.asyncio.from_url(U, socket_timeout=5)",
    "redis.RedisCluster.from_url(U, socket_timeout=None)": "redis.RedisCluster.from_url(U, socket_timeout=5)",
}


@pytest.mark.parametrize(("before", "after"), TIMEOUTS.items(), ids=TIMEOUTS.keys())
def test_a_timeout_that_is_turned_off_is_turned_on_in_place(tmp_path: Path, before: str, after: str) -> None:
    assert mended_call(tmp_path, before) == after
    assert mended_call(tmp_path, after) == after


LAYOUTS = {
    "(U)": "(U, socket_timeout=5)",
    "(U,)": "(U, socket_timeout=5,)",
    "((U))": "((U), socket_timeout=5)",
    "(U  # why\n)": "(U, socket_timeout=5  # why\n)",
    "(\n    U\n)": "(\n    U,\n    socket_timeout=5\n)",
    "(\n    U,\n    db=1,  # why, (so)\n)": "(\n    U,\n    db=1,  # why, (so)\n    socket_timeout=5,\n)",
    "(\n\tU,\n\tdb=1  # why\n)": "(\n\tU,\n\tdb=1,  # why\n\tsocket_timeout=5\n)",
    "(\n    U, db=1)": "(\n    U, db=1, socket_timeout=5)",
    "(U,\n               db=1)": "(U,\n               db=1, socket_timeout=5)",
    "(U, **{'db': 1})": "(U, **{'db': 1}, socket_timeout=5)",
}


@pytest.mark.parametrize(("before", "after"), LAYOUTS.items(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_missing_option_is_added_in_the_layout_of_the_call(
    tmp_path: Path, before: str, after: str, newline: str
) -> None:
    pool = "redis.BlockingConnectionPool.from_url"
    before, after = ((pool + call).replace("\n", newline) for call in (before, after))
    assert mended_call(tmp_path, before, "redis==5.0.4") == after
    assert mended_call(tmp_path, after, "redis==5.0.4") == after


BOUNDS = {
    "redis.from_url(U, socket_timeout=5)": "redis.from_url(U, socket_timeout=5, max_connections=50)",
    "redis.from_url(U, socket_timeout=5, max_connections=None)": (
        "redis.from_url(U, socket_timeout=5, max_connections=50)"
    ),
    "redis.ConnectionPool.from_url(U, socket_timeout=5)": (
        "redis.BlockingConnectionPool.from_url(U, socket_timeout=5, timeout=5)"
    ),
    "redis.ConnectionPool.from_url(U, socket_timeout=5, max_connections=None)": (
        "redis.BlockingConnectionPool.from_url(U, socket_timeout=5, max_connections=50, timeout=5)"
    ),
    "redis.asyncio.ConnectionPool(host=U, password=U, socket_timeout=5)": (
        "redis.asyncio.BlockingConnectionPool(host=U, password=U, socket_timeout=5, timeout=5)"
    ),
    "redis.connection.ConnectionPool.from_url(U, socket_timeout=5)": (
        "redis.connection.BlockingConnectionPool.from_url(U, socket_timeout=5, timeout=5)"
    ),
}


@pytest.mark.parametrize(("before", "after"), BOUNDS.items(), ids=BOUNDS.keys())
def test_a_pool_gets_a_bound_at_which_callers_wait(tmp_path: Path, before: str, after: str) -> None:
    assert mended_call(tmp_path, before, "redis==5.0.4") == after
    assert mended_call(tmp_path, after, "redis==5.0.4") == after


IMPORTED = {
    "from redis import ConnectionPool": "from redis import BlockingConnectionPool",
    "from redis import ConnectionPool as P, Redis": "from redis import BlockingConnectionPool, Redis",
    "from redis.asyncio import ConnectionPool": "from redis.asyncio import BlockingConnectionPool",
}


@pytest.mark.parametrize(("before", "after"), IMPORTED.items(), ids=IMPORTED.keys())
def test_the_blocking_pool_is_imported_in_place_of_the_other(tmp_path: Path, before: str, after: str) -> None:
    name = "P" if " as P" in before else "ConnectionPool"
    text = f"{before}\nx = {'Redis' if 'Redis' in before else 1}\npool = {name}.from_url(input(), max_connections=5)\n"
    assert mended(tmp_path, text) == text
    assert mended(tmp_path, text, unsafe=True) == (
        f"{after}\nx = {'Redis' if 'Redis' in before else 1}\n"
        "pool = BlockingConnectionPool.from_url(input(), max_connections=5, timeout=5)\n"
    )


UNTOUCHED = [
    "redis.from_url(U, socket_timeout=None if U else 3, max_connections=None if U else 3)",
    "redis.from_url(U, **{'socket_timeout': None, 'max_connections': None})",
    "redis.ConnectionPool.from_url(U, **options)",
    "redis.ConnectionPool(redis.Connection, 5, host=U, password=U, socket_timeout=5)",
    "Mine(host=U, password=U, socket_timeout=None)",
    "partial(redis.from_url, socket_timeout=None)(U)",
]


@pytest.mark.parametrize("call", UNTOUCHED)
def test_an_option_that_is_not_plainly_the_call_s_own_is_left(tmp_path: Path, call: str) -> None:
    text = f"{HEAD}from functools import partial\nclass Mine(redis.Redis): ...\nc = {call}\n"
    assert mended(tmp_path, text, unsafe=True) == text


def test_a_call_that_is_rewritten_as_a_whole_gets_no_option_besides(tmp_path: Path) -> None:
    text = "import redis\nc = redis.Redis(host='localhost', socket_timeout=None)\nd = redis.Connection()\n"
    (tmp_path / "requirements.txt").write_text("redis==5.0.4\n")
    whole, apart = fixes(tmp_path, text, "MR501")
    assert whole is None
    assert apart is not None
    assert fixes(tmp_path, text, "MR504") == [None]
    assert "d = redis.Connection(socket_timeout=5)\n" in mended(tmp_path, text, unsafe=True)


def test_the_options_exist_wherever_they_are_set() -> None:
    for package in (redis, redis.asyncio):
        assert {"socket_timeout", "max_connections"} <= inspect.signature(package.Redis).parameters.keys()
        assert "timeout" in inspect.signature(package.BlockingConnectionPool).parameters


# --- certificates ----------------------------------------------------------------------------------------------------

VERIFIED = {
    "redis.from_url(U, ssl_cert_reqs=None)": "redis.from_url(U)",
    "redis.from_url(U, ssl_cert_reqs='none', db=1)": "redis.from_url(U, db=1)",
    "redis.from_url(\n    U,\n    ssl_cert_reqs=ssl.CERT_NONE,  # sorry\n)": "redis.from_url(\n    U,\n    # sorry\n)",
    "redis.from_url(U, ssl_cert_reqs=None, ssl_check_hostname=False)": "redis.from_url(U)",
    "redis.from_url(U, ssl_check_hostname=False)": "redis.from_url(U)",
}


@pytest.mark.parametrize(("before", "after"), VERIFIED.items(), ids=VERIFIED.keys())
def test_a_certificate_is_verified_again(tmp_path: Path, before: str, after: str) -> None:
    assert mended_call(tmp_path, before, "redis>=8") == after


@pytest.mark.parametrize("pin", ["redis", "redis==5.0.4"])
def test_a_host_name_is_compared_where_the_release_would_not_by_itself(tmp_path: Path, pin: str) -> None:
    before = "redis.from_url(U, ssl_check_hostname=False, socket_timeout=1, max_connections=1)"
    assert mended_call(tmp_path, before, pin) == before.replace("False", "True")


def test_what_is_off_in_some_cases_only_is_left(tmp_path: Path) -> None:
    call = "redis.from_url(U, ssl_cert_reqs=None if U == 'rediss://laptop' else 'required')"
    assert mended_call(tmp_path, call) == call


def test_an_option_in_a_url_is_only_shown(tmp_path: Path) -> None:
    text = "import redis\nc = redis.RedisCluster.from_url('rediss://:pw@h:1?ssl_cert_reqs=none&db=0')\n"
    (fix,) = fixes(tmp_path, text, "MR203")
    assert fix is not None
    assert fix.safety is Safety.DISPLAY
    (edit,) = fix.edits
    assert text[: edit.start] + edit.text + text[edit.end :] == text.replace("ssl_cert_reqs=none&", "")


FACTORY = "from mooring import create_redis_from_config\n"
FACTORY_CALLS = {
    "create_redis_from_config(ssl_cert_reqs='none', db=1)": "create_redis_from_config(db=1)",
    "create_redis_from_config(ssl_cert_reqs=None)": "create_redis_from_config()",
    "create_redis_from_config(ssl_check_hostname=False, ssl_cert_reqs=ssl.CERT_NONE)": "create_redis_from_config()",
}


@pytest.mark.parametrize(("before", "after"), FACTORY_CALLS.items(), ids=FACTORY_CALLS.keys())
def test_a_factory_that_is_told_not_to_verify_is_reported_and_mended(tmp_path: Path, before: str, after: str) -> None:
    text = f"import ssl\n{FACTORY}c = {before}\n"
    (fix,) = fixes(tmp_path, text, "MR203")
    assert fix is not None
    assert fix.safety is Safety.UNSAFE
    assert mended(tmp_path, text) == text
    assert mended(tmp_path, text, unsafe=True).splitlines()[-1] == f"c = {after}"


def test_a_factory_that_verifies_is_not_reported(tmp_path: Path) -> None:
    assert fixes(tmp_path, f"{FACTORY}c = create_redis_from_config(ssl_cert_reqs='required')\n", "MR203") == []


def test_what_a_site_leaves_unverified_is_still_seen_once_it_is_rewritten(tmp_path: Path) -> None:
    text = "import redis\nc = redis.Redis(ssl=True, ssl_cert_reqs='none')\n"
    safe = mended(tmp_path, text)
    assert "create_redis_from_config(default_url=\"rediss://localhost:6379/0\", ssl_cert_reqs='none')" in safe
    assert len(fixes(tmp_path, safe, "MR203")) == 1
    assert 'create_redis_from_config(default_url="rediss://localhost:6379/0")' in mended(tmp_path, text, unsafe=True)


# --- fallbacks and passwords -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "read", ["os.getenv('REDIS_URL', 'redis://cache')", "os.environ.get('REDIS_URL') or 'redis://cache'"]
)
def test_the_fallback_of_redis_url_steps_back_behind_it(tmp_path: Path, read: str) -> None:
    text = f"import os\nimport redis\nc = redis.from_url({read}, db=1)\n"
    assert mended(tmp_path, text) == (
        "import os\nfrom mooring import create_redis_from_config\n"
        f"c = create_redis_from_config(default_url={read}, db=1)\n"
    )


STRICT = {
    "redis.from_url(os.getenv('CACHE', 'redis://cache'))": 'redis.from_url(os.environ["CACHE"])',
    "redis.from_url(os.environ.get('CACHE', 'redis://cache'), db=1)": 'redis.from_url(os.environ["CACHE"], db=1)',
    "redis.from_url(os.getenv('CACHE') or 'redis://cache')": 'redis.from_url(os.environ["CACHE"])',
    "redis.Redis(host=os.getenv('H', 'cache'), password=U)": 'redis.Redis(host=os.environ["H"], password=U)',
    "redis.Redis(host=U, password=os.getenv('P', 'hunter2'))": 'redis.Redis(host=U, password=os.environ["P"])',
}


@pytest.mark.parametrize(("before", "after"), STRICT.items(), ids=STRICT.keys())
def test_another_variable_is_shown_without_its_fallback(tmp_path: Path, before: str, after: str) -> None:
    text = f"{HEAD}c = {before}\n"
    assert mended(tmp_path, text, unsafe=True) == text
    (fix,) = fixes(tmp_path, text, "MR102") or fixes(tmp_path, text, "MR202")
    assert fix is not None
    assert fix.safety is Safety.DISPLAY
    (edit,) = fix.edits
    assert "hunter2" not in fix.title + edit.text
    assert text[: edit.start] + edit.text + text[edit.end :] == f"{HEAD}c = {after}\n"


def test_a_fallback_out_of_sight_is_left_to_the_variables_of_the_factory(tmp_path: Path) -> None:
    text = "import os\nimport redis\nC = os.getenv('CACHE', 'redis://cache')\nc = redis.from_url(C)\n"
    (fix,) = fixes(tmp_path, text, "MR102")
    assert fix is not None
    assert (fix.safety, fix.edits) == (Safety.DISPLAY, ())


def test_a_setting_of_another_library_has_no_fix(tmp_path: Path) -> None:
    text = (
        "from celery import Celery\nimport os\napp = Celery('a', broker=os.getenv('REDIS_URL', 'redis://:pw@cache'))\n"
    )
    assert fixes(tmp_path, text, "MR102") == [None]


# --- whatever the layout ---------------------------------------------------------------------------------------------

given_options = st.lists(
    st.sampled_from(
        [
            "db=1",
            "ssl_cert_reqs=None",
            "ssl_check_hostname=False",
            "socket_timeout=None",
            "max_connections=None",
            "ssl=x",
        ]
    ),
    unique=True,
    max_size=5,
)
gaps = st.sampled_from(["", " ", "\n    ", "  # why, (this)\n        ", "\n\n"])


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(["from_url", "ConnectionPool.from_url"]), given_options, st.data())
def test_whatever_the_layout_only_the_options_change(name: str, options: list[str], data: Any) -> None:
    inner = "".join(data.draw(gaps) + argument + data.draw(gaps) + "," for argument in ["U", *options])
    text = f"import redis\nfrom elsewhere import U, x\nc = redis.{name}({inner}{data.draw(gaps)})\n"
    with tempfile.TemporaryDirectory() as folder:
        files = {"module.py": text, "requirements.txt": "redis==5.0.4\n"}
        outcome = mend(Path(folder), files, unsafe=True)
        assert outcome.refused == ()
        result = outcome.changes[0].text
        assert mend(Path(folder), {"module.py": result}, unsafe=True).changes == ()
    wanted = {"socket_timeout": "5", "max_connections": "50"} if name == "from_url" else {"socket_timeout": "5"}
    wanted |= {} if name == "from_url" else {"timeout": "5"}
    for option in options:
        key, _, value = option.partition("=")
        wanted[key] = {"max_connections": "50", "socket_timeout": "5", "ssl_check_hostname": "True"}.get(key, value)
    wanted.pop("ssl_cert_reqs", None)
    call = next(node for node in ast.walk(ast.parse(result)) if isinstance(node, ast.Call))
    assert {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords} == wanted
    assert result.count("# why, (this)") == text.count("# why, (this)")


@pytest.mark.parametrize(("command", "offered"), [("client.blpop('jobs', 0)", False), ("client.get('key')", True)])
def test_who_waits_on_purpose_is_given_no_timeout(tmp_path: Path, command: str, *, offered: bool) -> None:
    text = f"{HEAD}client = redis.from_url(U, socket_timeout=None)\n{command}\n"
    (found,) = fixes(tmp_path, text, "MR501")
    assert (found is not None) == offered
