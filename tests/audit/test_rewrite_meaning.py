"""What a program means survives the fix: its several Redises, its pools, its tests, its wish for no new dependency."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.edits import Safety
from mooring.audit.engine import audit
from mooring.audit.options import Options, Target
from mooring.embedded import EmbeddedRedis

from .mending import mend, mended

TWO = """\
import redis
sessions = redis.Redis(host="sessions-redis", db=1)
locks = redis.Redis(host="cache-redis")
prices = redis.from_url("redis://cache-redis")
"""


def changed(
    folder: Path, files: dict[str, str], *, unsafe: bool = False, options: Options | None = None
) -> dict[str, str]:
    outcome = mend(folder, files, unsafe=unsafe, options=options or Options())
    assert not outcome.refused
    return {change.path: change.text for change in outcome.changes}


# --- names ---


def test_a_second_redis_of_a_program_gets_a_name(tmp_path: Path) -> None:
    assert mended(tmp_path, TWO) == (
        "from mooring import create_redis_from_config\n"
        'sessions = create_redis_from_config(name="sessions", default_url="redis://sessions-redis:6379/0", db=1)\n'
        'locks = create_redis_from_config(default_url="redis://cache-redis:6379/0")\n'
        'prices = create_redis_from_config(default_url="redis://cache-redis:6379/0")\n'
    )


def test_one_redis_needs_no_name_however_its_address_is_spelt(tmp_path: Path) -> None:
    text = "import redis\na = redis.Redis()\nb = redis.Redis(host='127.0.0.1', db=3)\nc = redis.from_url('redis://localhost')\n"
    assert "name=" not in mended(tmp_path, text)


def test_a_redis_has_one_name_in_all_files_of_its_service(tmp_path: Path) -> None:
    files = {
        "shop/server.py": "import redis\n" + "main = redis.Redis(host='main')\n" * 3,
        "shop/jobs.py": "import redis\nqueue = redis.Redis(host='jobs-redis')\n",
        "shop/more.py": "import redis\nclient = redis.Redis(host='jobs-redis', db=2)\n",
        "stock/server.py": "import redis\nclient = redis.Redis(host='jobs-redis')\n",
    }
    texts = changed(tmp_path, files)
    assert 'create_redis_from_config(name="queue", default_url="redis://jobs-redis:6379/0")' in texts["shop/jobs.py"]
    assert (
        'create_redis_from_config(name="queue", default_url="redis://jobs-redis:6379/0", db=2)' in texts["shop/more.py"]
    )
    assert "name=" not in texts["shop/server.py"]
    # A service of its own has a Redis of its own.
    assert "name=" not in texts["stock/server.py"]


def test_what_an_earlier_run_has_fixed_keeps_its_name_and_the_next_gets_another(tmp_path: Path) -> None:
    files = {
        "shop/server.py": (
            "from mooring import create_redis_from_config as make\na = make()\n"
            "b = make('queue', default_url='redis://:x@jobs:6380/0')\nc = make(host='elsewhere')\n"
            "d = make(default_url='redis://[::1')\n"
        ),
        "shop/jobs.py": "import redis\nqueue = redis.Redis(host='jobs', port=6380)\nmore = redis.Redis(host='cache')\n",
        "shop/local.py": "import redis\nclient = redis.Redis()\n",
    }
    texts = changed(tmp_path, files)
    assert 'queue = create_redis_from_config(name="queue", default_url="redis://jobs:6380/0")' in texts["shop/jobs.py"]
    assert 'more = create_redis_from_config(name="more", default_url="redis://cache:6379/0")' in texts["shop/jobs.py"]
    assert "client = create_redis_from_config()" in texts["shop/local.py"]


def test_a_client_that_is_called_nothing_is_named_for_its_host(tmp_path: Path) -> None:
    text = "import redis\nr = redis.Redis()\ns = redis.Redis()\nclient = redis.Redis(host='events-master.svc')\n"
    assert 'create_redis_from_config(name="events", default_url=' in mended(tmp_path, text)


def test_two_that_would_be_called_alike_are_told_apart(tmp_path: Path) -> None:
    text = "import redis\na = redis.Redis()\nb = redis.Redis()\n" + "".join(
        f"jobs = redis.Redis(host='redis', port={port})\n" for port in (6380, 6381)
    )
    result = mended(tmp_path, text)
    assert 'name="jobs", default_url="redis://redis:6380/0"' in result
    assert 'name="module", default_url="redis://redis:6381/0"' in result


# --- tests ---


@pytest.mark.parametrize(
    "test",
    [
        "@patch('shop.app.redis.Redis')\ndef test_a(fake): ...\n",
        "def test_a(monkeypatch):\n    monkeypatch.setattr(app.redis, 'Redis', Fake)  # patch\n",
        "def test_a():\n    with patch.object(app.redis, 'Redis'): ...\n",
        "def test_a():\n    with patch('redis.Redis'): ...\n",
    ],
)
def test_a_constructor_that_a_test_patches_is_not_renamed_unasked(tmp_path: Path, test: str) -> None:
    files = {"shop/app.py": "import redis\nclient = redis.Redis()\n", "tests/test_app.py": test}
    (found,) = {f.problem.fix for f in _audited(tmp_path, files) if f.problem.fix}
    assert found.safety is Safety.UNSAFE
    assert "; a test patches " in found.title
    assert changed(tmp_path, files) == {}
    assert list(changed(tmp_path, files, unsafe=True)) == ["shop/app.py"]


def test_what_a_test_patches_elsewhere_is_no_matter(tmp_path: Path) -> None:
    test = "@patch('shop.other.redis.Redis')\n@patch('shop.app.requests.get')\ndef test_a(fake): ...\n"
    files = {"shop/app.py": "import redis\nclient = redis.Redis()\n", "tests/test_app.py": test}
    assert list(changed(tmp_path, files)) == ["shop/app.py"]


def _audited(folder: Path, files: dict[str, str]) -> tuple:  # type: ignore[type-arg]
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return audit([folder], root=folder).findings


# --- pools ---

POOL = """\
import redis
pool = redis.ConnectionPool(host="localhost", max_connections=3, decode_responses=True)
client = redis.Redis(connection_pool=pool)
print(client.set("key", "value"), client.get("key"), client.incr("n"))
"""


def test_a_pool_becomes_the_shared_one_when_that_is_asked_for(tmp_path: Path) -> None:
    assert mended(tmp_path, POOL) == POOL
    fixed = mended(tmp_path, POOL, unsafe=True)
    assert fixed.splitlines()[1:3] == [
        "from mooring import create_redis_from_config",
        "pool = create_redis_from_config(max_connections=3, decode_responses=True).connection_pool",
    ]
    assert mended(tmp_path, fixed, unsafe=True) == fixed


def test_a_client_on_the_shared_pool_does_what_it_did(
    tmp_path: Path, secure_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", secure_redis.url)
    exec(compile(mended(tmp_path, POOL, unsafe=True), "module.py", "exec"), {})
    assert capsys.readouterr().out == "True value 1\n"


# --- redis-py itself ---

PLAIN = Options(target=Target(plain=True))


@pytest.mark.parametrize(
    ("call", "fixed"),
    [
        ("redis.Redis()", 'redis.Redis.from_url(os.environ["REDIS_URL"])'),
        ("redis.StrictRedis('localhost', 6379, 3)", 'redis.StrictRedis.from_url(os.environ["REDIS_URL"], db=3)'),
        (
            "redis.Redis(decode_responses=True, host='h', password='x')",
            'redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)',
        ),
        ("redis.from_url('redis://h')", 'redis.from_url(os.environ["REDIS_URL"])'),
        (
            "redis.ConnectionPool(host='h')",
            'redis.BlockingConnectionPool.from_url(os.environ["REDIS_URL"], timeout=5)',
        ),
        ("redis.Redis(**{'host': 'h'})", "redis.Redis(**{'host': 'h'})"),
        ("redis.Redis(host=os.environ['H'])", "redis.Redis(host=os.environ['H'])"),
    ],
)
def test_who_wants_no_new_dependency_gets_plain_redis_py(tmp_path: Path, call: str, fixed: str) -> None:
    text = f"import os\nimport redis\nclient = {call}\n"
    result = changed(tmp_path, {"module.py": text}, unsafe=True, options=PLAIN)
    assert result.get("module.py", text) == f"import os\nimport redis\nclient = {fixed}\n"


def test_plain_redis_py_connects_where_the_variable_says(
    tmp_path: Path, secure_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "import redis\nclient = redis.Redis('localhost', 1, 0, decode_responses=True)\nprint(client.ping())\n"
    (fixed,) = changed(tmp_path, {"module.py": text}, unsafe=True, options=PLAIN).values()
    monkeypatch.setenv("REDIS_URL", secure_redis.url)
    exec(compile(fixed, "module.py", "exec"), {})
    assert capsys.readouterr().out == "True\n"


def test_a_named_connection_has_a_variable_of_its_own_there_too(tmp_path: Path) -> None:
    (fixed,) = changed(tmp_path, {"module.py": TWO}, unsafe=True, options=PLAIN).values()
    assert 'sessions = redis.Redis.from_url(environ["SESSIONS_REDIS_URL"], db=1)' in fixed


def test_fixed_code_imports_from_the_module_of_the_house(tmp_path: Path) -> None:
    house = Options(target=Target("acme.redis"))
    text = "import redis\nclient = redis.Redis()\n"
    (fixed,) = changed(tmp_path, {"module.py": text}, options=house).values()
    assert fixed == "from acme.redis import create_redis_from_config\nclient = create_redis_from_config()\n"
    assert changed(tmp_path, {"module.py": fixed}, options=house) == {}
