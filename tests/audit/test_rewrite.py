"""A rewritten constructor connects as it did where nothing is configured, and keeps what changes its behaviour."""

from __future__ import annotations

import inspect
import os
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import redis
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.connection import URL_QUERY_ARGUMENT_PARSERS

from mooring import RedisConnectionManager
from mooring.audit.edits import Safety
from mooring.audit.engine import audit
from mooring.audit.rewrite.aioredis import COUNTERPARTS
from mooring.audit.rewrite.signature import KEYWORDS, POSITIONAL, UNTOLD_OPTIONS, URL_OPTIONS, literal, text_of_option
from mooring.embedded import EmbeddedRedis

from .mending import mended

IMPORT = "from mooring import create_redis_from_config\n"

SAFE = {
    "redis.Redis()": "create_redis_from_config()",
    "redis.StrictRedis(host='localhost')": "create_redis_from_config()",
    "redis.Redis('localhost', 6379, 0)": "create_redis_from_config()",
    "redis.Redis(host='127.0.0.1', port=6379, db=0)": "create_redis_from_config()",
    "redis.Redis(host='::1')": "create_redis_from_config()",
    "redis.Redis(host='localhost', password=None, username=None)": "create_redis_from_config()",
    "redis.Redis(host='localhost', ssl=False)": "create_redis_from_config()",
    "redis.Redis(host='localhost', ssl=True)": 'create_redis_from_config(default_url="rediss://localhost:6379/0")',
    "redis.Redis(db=1, decode_responses=True)": "create_redis_from_config(db=1, decode_responses=True)",
    "redis.Redis('localhost', 6379, 2, None, 0.5)": "create_redis_from_config(db=2, socket_timeout=0.5)",
    "redis.Redis(socket_timeout=None)": "create_redis_from_config(socket_timeout=None)",
    "redis.Redis(charset='latin-1', errors='ignore')": (
        "create_redis_from_config(encoding='latin-1', encoding_errors='ignore')"
    ),
    "redis.Redis(host='localhost', **options)": "create_redis_from_config(**options)",
    "redis.Redis(host='cache')": 'create_redis_from_config(default_url="redis://cache:6379/0")',
    "redis.Redis('cache', 6380, 1)": 'create_redis_from_config(default_url="redis://cache:6380/0", db=1)',
    "redis.Redis(port=6380)": 'create_redis_from_config(default_url="redis://localhost:6380/0")',
    "redis.Redis(host='fd00::1')": 'create_redis_from_config(default_url="redis://[fd00::1]:6379/0")',
    "redis.Redis(host=HOST, port=PORT)": "create_redis_from_config()",
    "redis.Redis(host=f'cache-{REGION}')": 'create_redis_from_config(default_url="redis://cache-eu:6379/0")',
    "redis.Redis(host='localhost', port=int(os.environ['P']))": (
        "create_redis_from_config(default_url=f\"redis://localhost:{int(os.environ['P'])}/0\")"
    ),
    "redis.Redis(unix_socket_path='/run/r.sock', db=3)": (
        'create_redis_from_config(default_url="unix:///run/r.sock", db=3)'
    ),
    "redis.Redis(host=os.environ['H'], port=6379, db=0)": (
        "create_redis_from_config(host=os.environ['H'], port=6379, db=0)"
    ),
    "redis.Redis(os.environ['H'])": "create_redis_from_config(host=os.environ['H'])",
    "redis.Redis(password=os.environ['P'])": "create_redis_from_config(password=os.environ['P'])",
    "redis.from_url('redis://localhost:6379/0')": "create_redis_from_config()",
    "redis.from_url('redis://')": "create_redis_from_config()",
    "redis.Redis.from_url(url='redis://localhost/4', db=9)": "create_redis_from_config(db=4)",
    "redis.from_url('redis://localhost', db=9)": "create_redis_from_config(db=9)",
    "redis.from_url('redis://cache:6380/2?socket_timeout=3&client_name=a', socket_timeout=1)": (
        'create_redis_from_config(default_url="redis://cache:6380/0", db=2, socket_timeout=3.0, client_name="a")'
    ),
    "redis.from_url('redis://localhost?db=5&decode_responses=false')": (
        "create_redis_from_config(db=5, decode_responses=True)"
    ),
    "redis.from_url('rediss://localhost')": 'create_redis_from_config(default_url="rediss://localhost:6379/0")',
    "redis.from_url('unix:///run/r.sock?db=2')": ('create_redis_from_config(default_url="unix:///run/r.sock", db=2)'),
    "redis.from_url(os.getenv('REDIS_URL', 'redis://localhost'))": (
        "create_redis_from_config(default_url=os.getenv('REDIS_URL', 'redis://localhost'))"
    ),
    "redis.Redis(**SETTINGS)": 'create_redis_from_config(db=SETTINGS["db"])',
    "redis.Redis(**{'host': 'cache', 'retry_on_timeout': True})": (
        'create_redis_from_config(default_url="redis://cache:6379/0", retry_on_timeout=True)'
    ),
    "redis.Redis(**{'decode_responses': True})": "create_redis_from_config(**{'decode_responses': True})",
}
HEAD = """\
import os
import redis
from settings import options
HOST, REGION = "localhost", "eu"
PORT = 6379
SETTINGS = {"host": "localhost", "port": 6379, "db": 3}
"""


@pytest.mark.parametrize(("before", "after"), SAFE.items(), ids=SAFE.keys())
def test_a_safe_rewrite_keeps_what_changes_behaviour(tmp_path: Path, before: str, after: str | None) -> None:
    result = mended(tmp_path, f"{HEAD}client = {before}\n")
    assert result.splitlines()[-1] == f"client = {after or before}"


UNSAFE = {
    "redis.Redis(password='hunter2')": "create_redis_from_config()",
    "redis.Redis('cache', 6379, 0, 'hunter2')": 'create_redis_from_config(default_url="redis://cache:6379/0")',
    "redis.Redis(password=SECRET)": "create_redis_from_config()",
    "redis.Redis(**{'password': 'hunter2', 'db': 2})": "create_redis_from_config(db=2)",
    "redis.from_url('redis://:hunter2@cache/1')": (
        'create_redis_from_config(default_url="redis://cache:6379/0", db=1)'
    ),
    "redis.from_url('redis://localhost?password=hunter2')": "create_redis_from_config()",
    "redis.from_url(f'redis://localhost/{os.environ[chr(68)]}')": (
        "create_redis_from_config(default_url=f'redis://localhost/{os.environ[chr(68)]}')"
    ),
}


@pytest.mark.parametrize(("before", "after"), UNSAFE.items(), ids=UNSAFE.keys())
def test_a_secret_or_database_leaves_the_code_on_request_only(tmp_path: Path, before: str, after: str) -> None:
    text = f"{HEAD}SECRET = 'hunter2'\nclient = {before}\n"
    assert mended(tmp_path, text) == text
    result = mended(tmp_path, text, unsafe=True)
    assert result.splitlines()[-1] == f"client = {after}"
    assert "hunter2" not in result.splitlines()[-1]


IN_F_STRINGS = {
    """f"it's {redis.Redis(host='cache')}\"""": """f"it's {create_redis_from_config(default_url='redis://cache:6379/0')}\"""",
    """f'{redis.Redis(host="cache")}'""": """f'{create_redis_from_config(default_url="redis://cache:6379/0")}'""",
    '''f"""{redis.Redis(host='cache')}"""''': '''f"""{create_redis_from_config(default_url="redis://cache:6379/0")}"""''',
}


@pytest.mark.parametrize(("before", "after"), IN_F_STRINGS.items(), ids=IN_F_STRINGS.keys())
def test_a_new_literal_in_an_f_string_has_quotes_that_fit(tmp_path: Path, before: str, after: str) -> None:
    assert mended(tmp_path, f"import redis\nprint({before})\n").splitlines()[-1] == f"print({after})"


UNTOUCHED = [
    "redis.ConnectionPool(redis.SSLConnection, host='localhost')",
    "redis.BlockingConnectionPool(host='localhost', timeout=3)",
    "redis.Connection(host='localhost')",
    "redis.RedisCluster(host='localhost', replicas=True)",
    "redis.Sentinel([('localhost', 26379)])",
    "redis.Redis(*arguments)",
    "redis.Redis('localhost', 6379, 0, None, 1, 1, 65536)",
    "redis.Redis(host='localhost', minsize=5)",
    "redis.from_url('redis://localhost', None)",
    "redis.from_url('redis://localhost?retry_on_error=x')",
    "redis.from_url('redis://localhost?nonsense=x')",
    "Mine(host='localhost')",
    "redis.Redis(host=('localhost'  # comment\n    ))",
    "(redis.\n    # comment\n    Redis)()",
]


@pytest.mark.parametrize("call", UNTOUCHED)
def test_what_the_factory_cannot_do_is_left_alone(tmp_path: Path, call: str) -> None:
    text = f"{HEAD}class Mine(redis.Redis): ...\nclient = {call}\n"
    assert mended(tmp_path, text, unsafe=True) == text


def test_the_flavour_follows_the_name(tmp_path: Path) -> None:
    text = "import redis\nimport redis.asyncio as aredis\na, b = redis.Redis(), aredis.Redis()\n"
    assert mended(tmp_path, text) == (
        "from mooring import create_async_redis_from_config, create_redis_from_config\n"
        "a, b = create_redis_from_config(), create_async_redis_from_config()\n"
    )


def test_an_import_lost_in_the_docstring_tells_the_flavour(tmp_path: Path) -> None:
    text = '"""Server.\n\nimport redis.asyncio as redis\n"""\nimport os\n\nclient = redis.Redis(host="localhost")\n'
    assert mended(tmp_path, text) == (
        '"""Server.\n\nimport redis.asyncio as redis\n"""\nimport os\n'
        "from mooring import create_async_redis_from_config\n\nclient = create_async_redis_from_config()\n"
    )


def test_a_flavour_that_nothing_tells_is_only_shown(tmp_path: Path) -> None:
    text = 'client = redis.Redis(host="localhost")\n'
    assert mended(tmp_path, text, unsafe=True) == text
    found = audit([tmp_path]).findings[0].problem.fix
    assert found is not None
    assert found.safety is Safety.DISPLAY


def test_awaiting_and_contexts_stay(tmp_path: Path) -> None:
    text = (
        "import redis.asyncio as redis\n\n\nasync def f():\n    a = await redis.from_url('redis://localhost')\n"
        "    async with redis.Redis() as b:\n        return await a.get('x'), await b.get('x')\n"
    )
    assert mended(tmp_path, text) == (
        "from mooring import create_async_redis_from_config\n\n\nasync def f():\n"
        "    a = await create_async_redis_from_config()\n"
        "    async with create_async_redis_from_config() as b:\n        return await a.get('x'), await b.get('x')\n"
    )


@pytest.mark.parametrize(
    ("fallback", "argument"),
    [
        ("os.getenv('REDIS_URL', 'redis://localhost')", "default_url"),
        ("os.environ.get('REDIS_URL') or 'redis://localhost'", "default_url"),
        ("os.getenv('CACHE_ADDRESS', 'redis://localhost')", "url"),
        ("os.environ['REDIS_URL']", "url"),
    ],
)
def test_what_is_read_from_redis_url_steps_back_behind_it(tmp_path: Path, fallback: str, argument: str) -> None:
    text = f"import os\nimport redis\n\n\ndef client():\n    return redis.from_url({fallback}, db=1)\n"
    assert (
        mended(tmp_path, text).splitlines()[-1] == f"    return create_redis_from_config({argument}={fallback}, db=1)"
    )


HANDED = {
    "a parameter": "def f(redis_url='redis://localhost'):\n    return redis.from_url(redis_url)\n",
    "a parameter of the object": (
        "class Store:\n    def __init__(self, redis_url='redis://localhost'):\n"
        "        self.redis_url = redis_url\n        self.client = redis.from_url(self.redis_url)\n"
    ),
    "an option of argparse": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--redis-url', default='redis://localhost')\n"
        "c = redis.from_url(p.parse_args().redis_url)\n"
    ),
    "an option of click that may stand in the variable": (
        "import click\n@click.command()\n"
        "@click.option('--redis-url', default='redis://localhost', envvar='REDIS_URL')\n"
        "def main(redis_url):\n    redis.from_url(redis_url).ping()\n"
    ),
    "a parameter before the variable": (
        "import os\ndef f(redis_url=None):\n    return redis.from_url(redis_url or os.getenv('REDIS_URL', 'redis://x'))\n"
    ),
}


@pytest.mark.parametrize("text", HANDED.values(), ids=HANDED.keys())
def test_what_a_caller_or_the_command_line_gives_still_outweighs_redis_url(tmp_path: Path, text: str) -> None:
    assert "default_url" not in mended(tmp_path, f"import redis\n{text}", unsafe=True)


PREFIXED = "    model_config = SettingsConfigDict(env_prefix='{}')\n"
# The body of the settings class S, what gives the address, and the name of the connection that is told by it.
FIELDS = {
    "by its name": ("    redis_url: str = 'redis://c'\n", "S().redis_url", ""),
    "by an alias": ("    url: str = Field('redis://c', alias='REDIS_URL')\n", "S().url", ""),
    "by a prefix": (PREFIXED.format("REDIS_") + "    url: str = 'redis://c'\n", "S().url", ""),
    "by a prefix in a dict": (
        "    model_config = {'env_prefix': 'REDIS_'}\n    url: str = 'redis://c'\n",
        "S().url",
        "",
    ),
    "another, by a prefix": (PREFIXED.format("APP_") + "    redis_url: str = 'redis://c'\n", "S().redis_url", "app"),
    "another, by a prefix of pydantic 1": (
        "    class Config:\n        env_prefix = 'app_'\n    redis_url: str = 'redis://c'\n",
        "S().redis_url",
        "app",
    ),
    "another, by a prefix that is inherited": (
        PREFIXED.format("APP_") + "class T(S):\n    redis_url: str = 'redis://c'\n",
        "T().redis_url",
        "app",
    ),
    "another, by a name": ("    redis_url: str = Field('redis://c', env='CACHE_ADDRESS')\n", "S().redis_url", None),
}


@pytest.mark.parametrize(("body", "address", "name"), FIELDS.values(), ids=FIELDS.keys())
def test_a_field_steps_back_behind_the_variable_that_it_is_read_from(
    tmp_path: Path, body: str, address: str, name: str | None
) -> None:
    head = "import redis\nfrom pydantic import Field\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n"
    text = f"{head}class S(BaseSettings):\n{body}c = redis.from_url({address})\n"
    named = f'name="{name}", ' if name else ""
    after = f"redis.from_url({address})" if name is None else f"create_redis_from_config({named}default_url={address})"
    assert mended(tmp_path, text).splitlines()[-1] == f"c = {after}"


def test_a_variable_of_a_connection_of_its_own_names_it(tmp_path: Path) -> None:
    text = "import os, redis\nc = redis.from_url(os.getenv('PAGE_CACHE_REDIS_URL', 'redis://cache'))\n"
    after = "default_url=os.getenv('PAGE_CACHE_REDIS_URL', 'redis://cache')"
    assert mended(tmp_path, text).splitlines()[-1] == f'c = create_redis_from_config(name="page_cache", {after})'


def test_a_file_that_does_not_parse_is_only_shown_its_fix(tmp_path: Path) -> None:
    text = "import redis\nclient = redis.Redis(host='localhost')\nprint 'moored'\n"
    assert mended(tmp_path, text, unsafe=True) == text
    found = audit([tmp_path]).findings[0].problem.fix
    assert found is not None
    assert found.safety is Safety.DISPLAY


AIOREDIS = {
    "constructor and import": (
        "import aioredis\nc = aioredis.from_url('redis://localhost')\n",
        "from mooring import create_async_redis_from_config\nc = create_async_redis_from_config()\n",
    ),
    "an exception is still caught": (
        "import aioredis\nc = aioredis.Redis()\ntry: ...\nexcept aioredis.RedisError: ...\n",
        "from redis import asyncio as aioredis\nfrom mooring import create_async_redis_from_config\n"
        "c = create_async_redis_from_config()\ntry: ...\nexcept aioredis.RedisError: ...\n",
    ),
    "names and modules": (
        "from aioredis import Redis\nfrom aioredis.exceptions import RedisError as E\nx: Redis\ny: E\n",
        "from redis.asyncio import Redis\nfrom redis.exceptions import RedisError as E\nx: Redis\ny: E\n",
    ),
    "an alias among others": (
        "import os, aioredis as a\nx: a.Redis = os\n",
        "import os, redis.asyncio as a\nx: a.Redis = os\n",
    ),
    "in a try": (
        "try:\n    import aioredis\nexcept ImportError:\n    aioredis = None\nx = aioredis\n",
        "try:\n    from redis import asyncio as aioredis\nexcept ImportError:\n    aioredis = None\nx = aioredis\n",
    ),
    "unused": ("import aioredis\nx = 1\n", "x = 1\n"),
    "a submodule": (
        "import aioredis\nx = aioredis.client.PubSub\n",
        "from redis import asyncio as aioredis\nx = aioredis.client.PubSub\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), AIOREDIS.values(), ids=AIOREDIS.keys())
def test_aioredis_becomes_redis_asyncio(tmp_path: Path, before: str, after: str) -> None:
    assert mended(tmp_path, before) == after
    assert mended(tmp_path, after) == after


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import aioredis\np = aioredis.create_redis_pool('redis://localhost')\n", "create_redis_pool"),
        ("from aioredis import create_redis, Redis\n", "create_redis"),
        ("import aioredis\ntry: ...\nexcept aioredis.client.Script: ...\n", "Script"),
        ("import aioredis.exceptions\nimport aioredis\nx = aioredis.Redis\n", "aioredis.exceptions"),
    ],
)
def test_aioredis_that_lives_on_nowhere_is_named_and_left(tmp_path: Path, text: str, names: str) -> None:
    assert mended(tmp_path, text, unsafe=True) == text
    (found,) = (f.problem.fix for f in audit([tmp_path]).findings if f.rule == "MR401")
    assert found is not None
    assert found.safety is Safety.DISPLAY
    assert f"it has no {names}, which" in found.title


def test_an_import_that_another_module_takes_stays(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text("from module import redis\n")
    assert mended(tmp_path, "import redis\nc = redis.Redis()\n") == (
        "import redis\nfrom mooring import create_redis_from_config\nc = create_redis_from_config()\n"
    )


def test_the_tables_are_those_of_the_installed_redis() -> None:
    for client in (redis.Redis, redis.asyncio.Redis):
        assert set(inspect.signature(client).parameters) <= KEYWORDS
    assert tuple(inspect.signature(redis.Redis).parameters)[: len(POSITIONAL)] == POSITIONAL
    known = set(URL_OPTIONS) | UNTOLD_OPTIONS
    # `timeout` is a blocking pool's, not a client's; `decode_responses` has no reader there, as our table says.
    assert set(URL_QUERY_ARGUMENT_PARSERS) - {"timeout"} == known - {"decode_responses"}


@pytest.mark.parametrize(("name", "text"), [("socket_keepalive", t) for t in ("0", "no", "False", "1", "yes", "x")])
def test_a_url_option_means_what_redis_reads(name: str, text: str) -> None:
    read: Any = URL_QUERY_ARGUMENT_PARSERS[name]
    assert text_of_option(name, text) == repr(read(text))


@given(st.text())
def test_a_literal_is_read_back_as_it_was(text: str) -> None:
    assert eval(literal(text)) == text


@pytest.mark.parametrize("module", COUNTERPARTS)
def test_each_counterpart_of_aioredis_exists(module: str) -> None:
    target, names = COUNTERPARTS[module]
    found = __import__(target, fromlist=["*"])
    assert [name for name in names if not hasattr(found, name)] == []


def endpoint(client: Any) -> dict[str, Any]:
    """What a client would connect to, and how it reads replies; this machine by any name is `localhost`."""
    given = client.connection_pool.connection_kwargs
    local = ("127.0.0.1", "::1", "0.0.0.0", None)
    return {
        "at": given.get("path")
        or ("localhost" if given.get("host") in local else given["host"], given.get("port") or 6379),
        "db": given.get("db") or 0,
        "tls": issubclass(client.connection_pool.connection_class, redis.SSLConnection),
        "decodes": bool(given.get("decode_responses")),
        "encoding": given.get("encoding", "utf-8"),
        # Where none is given, redis-py's own; the factory has a deadline for the whole call instead.
        "timeout": given.get("socket_timeout") or 5,
        "name": given.get("client_name"),
        "user": given.get("username"),
    }


def made(code: str) -> dict[str, Any]:
    """What the client that `code` makes would connect to, with no variable set."""
    bare = {key: value for key, value in os.environ.items() if "REDIS" not in key and "KUBERNETES" not in key}
    names: dict[str, Any] = {}
    with mock.patch.dict(os.environ, bare, clear=True):
        exec(code, names)
        try:
            return endpoint(names["client"])
        finally:
            RedisConnectionManager.instance().close()


OPTION_VALUES = {"decode_responses": "True", "encoding": "'latin-1'", "socket_timeout": "2.5", "client_name": "'me'"}
hosts = st.sampled_from(["localhost", "127.0.0.1", "0.0.0.0", "cache", "10.1.2.3"])
ports = st.sampled_from([6379, 6380])
databases = st.sampled_from([0, 1, 15])
options = st.dictionaries(st.sampled_from(list(OPTION_VALUES)), st.none(), max_size=4).map(
    lambda names: {name: OPTION_VALUES[name] for name in names}
)


@st.composite
def constructors(draw: st.DrawFn) -> str:
    """A call that makes a synchronous client, all in literals."""
    extra = [f"{name}={value}" for name, value in draw(options).items()]
    host, port, db = draw(hosts), draw(ports), draw(databases)
    match draw(st.integers(0, 3)):
        case 0:
            named = [f"host={host!r}", f"port={port}", f"db={db}"]
            chosen = draw(st.lists(st.sampled_from(named), unique=True))
            return f"redis.Redis({', '.join(draw(st.permutations([*chosen, *extra])))})"
        case 1:
            count = draw(st.integers(0, 3))
            return f"redis.Redis({', '.join([repr(host), str(port), str(db)][:count] + extra)})"
        case 2:
            path = draw(st.sampled_from(["", f"/{db}"]))
            query = draw(st.sampled_from(["", "?socket_timeout=1.5", "?db=7", "?client_name=x&decode_responses=1"]))
            scheme = draw(st.sampled_from(["redis", "rediss"]))
            place = draw(st.sampled_from([host, f"{host}:{port}"]))
            return f"redis.from_url({', '.join([repr(f'{scheme}://{place}{path}{query}'), *extra])})"
        case _:
            socket = f"unix_socket_path='/run/{host}'"
            return f"redis.Redis({', '.join([socket, f'db={db}', *extra])})"


@settings(max_examples=150, deadline=None)
@given(constructors())
def test_unconfigured_a_rewritten_client_connects_as_before(call: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = f"import redis\nclient = {call}\n"
        after = mended(Path(folder), before)
    assert after.startswith(IMPORT)
    assert "import redis\n" not in after.replace(IMPORT, "")
    assert made(after) == made(before)


def test_configured_a_rewritten_client_reaches_the_real_server(
    tmp_path: Path, secure_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", secure_redis.url)
    code = mended(tmp_path, "import redis\nclient = redis.Redis('localhost', 6379, 2, decode_responses=True)\n")
    names: dict[str, Any] = {}
    try:
        exec(code, names)
        names["client"].set("boat", "moored")
        assert names["client"].get("boat") == "moored"
        with redis.Redis.from_url(secure_redis.url, db=2) as other:
            assert other.info("keyspace")["db2"]["keys"] == 1
    finally:
        RedisConnectionManager.instance().close()
