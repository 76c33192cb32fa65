"""Which claims about a tree are true, and what shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.claims import Answer, Ground, Mend, Verdict, judge, read_claims
from mooring.audit.claims.address import Address
from mooring.audit.engine import examine
from mooring.audit.options import Options
from mooring.audit.walk import walk
from mooring.errors import UsageError

from .tree import Files, Tree

FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
RIGHT = "import os\nimport redis\nclient = redis.from_url(os.environ['REDIS_URL'])\n"
ASYNC = "import redis.asyncio\nclient = redis.asyncio.Redis(host='cache')\n"
FLEET: Files = {
    "mcp-a/server.py": FAULTY,
    "mcp-b/server.py": f"{FAULTY}other = redis.Redis(host='cache')\n",
    "mcp-c/server.py": RIGHT,
    "web/app.py": ASYNC,
}


def ground(tree: Tree, files: Files, *, include_tests: bool = False) -> Ground:
    tree.write(files)
    listing = [path for path in walk(tree.folder, [tree.folder]) if not path.endswith("claims.toml")]
    return Ground(examine(tree.folder, listing, options=Options(include_tests=include_tests)), listing, include_tests)


def answer(tree: Tree, files: Files, keys: str, *, include_tests: bool = False) -> Answer:
    """The answer to one claim with these keys about these files."""
    looked_at = ground(tree, files, include_tests=include_tests)
    (tree.folder / "claims.toml").write_text(f"[[claim]]\ntext = 'a claim'\n{keys}\n", newline="")
    (claim,) = read_claims(tree.folder / "claims.toml").claims
    return judge(claim, looked_at)


@pytest.mark.parametrize(
    ("keys", "verdict", "found"),
    [
        ("rules = ['MR101']", Verdict.CONFIRMED, "4 findings"),
        ("rules = ['MR101']\ncount = 4", Verdict.CONFIRMED, "4 findings"),
        ("rules = ['MR101']\ncount = 3", Verdict.UNDER, "4 findings"),
        ("rules = ['MR101']\ncount = 5", Verdict.OVER, "4 findings"),
        ("rules = ['MR101']\ncount = 0", Verdict.REFUTED, "4 findings"),
        ("rules = ['MR403']\ncount = 2", Verdict.REFUTED, "0 findings"),
        ("rules = ['MR403']", Verdict.REFUTED, "0 findings"),
        ("rules = ['MR403']\ncount = 0", Verdict.CONFIRMED, "0 findings"),
        ("family = 'endpoint'\nunit = 'files'\ncount = 3", Verdict.CONFIRMED, "3 of 4 files"),
        ("family = 'endpoint'\nunit = 'services'\ncount = 3", Verdict.CONFIRMED, "3 of 4 services"),
        ("rules = ['MR101', 'MR201']\nunit = 'sites'\ncount = 4", Verdict.CONFIRMED, "4 of 5 sites"),
        ("rules = ['MR101']\nendpoint = 'localhost:6379'", Verdict.CONFIRMED, "2 findings"),
        ("endpoint = 'cache'\ncount = 2", Verdict.CONFIRMED, "2 of 5 sites"),
        ("endpoint = 'cache:6380'", Verdict.REFUTED, "0 of 5 sites"),
        ("count = 3\nunit = 'services'\nkind = 'mcp'", Verdict.CONFIRMED, "3 services"),
        ("count = 1\nunit = 'services'\nkind = 'python'", Verdict.CONFIRMED, "1 service"),
        ("count = 5\nunit = 'sites'", Verdict.CONFIRMED, "5 sites"),
        ("count = 4\nunit = 'files'", Verdict.CONFIRMED, "4 files"),
        ("count = 8\nunit = 'findings'", Verdict.CONFIRMED, "8 findings"),
    ],
)
def test_a_number_is_right_or_too_small_or_too_large(tree: Tree, keys: str, verdict: Verdict, found: str) -> None:
    told = answer(tree, FLEET, keys)
    assert (told.verdict, told.found) == (verdict, found)


@pytest.mark.parametrize(
    ("keys", "verdict"),
    [
        ("all = true\nservices = ['mcp-a', 'mcp-b']", Verdict.CONFIRMED),
        ("all = true\nservices = ['mcp-*']", Verdict.PARTLY),
        ("all = true\ncount = 2\nkind = 'mcp'", Verdict.PARTLY),
        ("all = true\ncount = 1\nkind = 'mcp'", Verdict.UNDER),
        ("all = true\nkind = 'mcp'\npaths = ['mcp-c']", Verdict.REFUTED),
        ("all = true\nunit = 'files'\npaths = ['mcp-[ab]/*.py']", Verdict.CONFIRMED),
        ("all = true\nunit = 'files'", Verdict.PARTLY),
        ("all = true\nunit = 'sites'", Verdict.PARTLY),
        ("all = true\nunit = 'sites'\npaths = ['web/']", Verdict.CONFIRMED),
    ],
)
def test_all_holds_only_where_none_is_without(tree: Tree, keys: str, verdict: Verdict) -> None:
    assert answer(tree, FLEET, f"rules = ['MR101']\n{keys}").verdict is verdict


def test_those_without_are_evidence_against_all(tree: Tree) -> None:
    told = answer(tree, FLEET, "rules = ['MR101']\nkind = 'mcp'\nall = true\ncount = 2")
    against = [(one.path, one.line, one.message) for one in told.evidence if one.against]
    assert against == [("mcp-c/server.py", 1, "nothing of the kind in service mcp-c (mcp)")]
    assert told.why == "2 of 3 services with MR101; 1 without."
    assert told.claimed == "all 2 services"


@pytest.mark.parametrize(
    ("keys", "verdict", "why"),
    [
        ("paths = ['mcp-a/server.py', 'mcp-c/server.py']", Verdict.PARTLY, "none in mcp-c/server.py."),
        ("services = ['mcp-a', 'mcp-c']", Verdict.PARTLY, "none in mcp-c."),
        ("paths = ['*/server.py', '!mcp-c/']", Verdict.CONFIRMED, "3 findings of MR101."),
        ("paths = ['nowhere/*.py']", Verdict.REFUTED, "No file is at nowhere/*.py."),
        ("services = ['nobody']\nkind = 'mcp'", Verdict.REFUTED, "No file is at service nobody, mcp."),
        ("paths = ['nowhere/*.py']\ncount = 0", Verdict.REFUTED, "No file is at nowhere/*.py."),
        ("paths = ['mcp-c/', 'nowhere/']\ncount = 0", Verdict.PARTLY, "0 findings of MR101."),
        ("paths = ['mcp-a/', 'nowhere/']", Verdict.PARTLY, "No file is at nowhere/."),
    ],
)
def test_every_place_that_is_named_must_be_hit(tree: Tree, keys: str, verdict: Verdict, why: str) -> None:
    told = answer(tree, FLEET, f"rules = ['MR101']\n{keys}")
    assert told.verdict is verdict
    assert why in told.why


def test_evidence_tells_the_place_and_whether_it_can_be_mended(tree: Tree) -> None:
    told = answer(tree, {"a.py": "import redis\n\nc = redis.Redis(password='hunter2')\n"}, "rules = ['MR101', 'MR202']")
    assert [(one.path, one.line, one.what, one.mend) for one in told.evidence] == [
        ("a.py", 3, "MR101", Mend.UNSAFE),
        ("a.py", 3, "MR202", Mend.UNSAFE),
    ]
    assert told.fixed.offers == {Mend.SAFE: 0, Mend.UNSAFE: 2, Mend.NO: 0}
    assert (told.fixed.gone, told.fixed.of) == (None, 2)


QUOTED = {
    "a.py": "import redis\n\nc = redis.Redis(\n    host='localhost',  # the laptop\n    port=6379,\n)\n",
    "b.py": '"""Once: client = redis.StrictRedis()"""\n# aioredis.create_pool()\nx = "# no comment"\n',
    "test_c.py": "import redis\nt = redis.Redis(host='tests')\n",
    "compose.yaml": "services:\n  api:\n    environment:  # REDIS_URL: off\n      REDIS_HOST: cache\n",
}


@pytest.mark.parametrize(
    ("quote", "where"),
    [
        ("redis.Redis(host='localhost', port=6379", "in code"),
        ("  redis.Redis(\\n\\thost = 'localhost',  # the laptop", "in a comment or docstring only"),
        ("redis . Redis(", "in code"),
        ("redis.Red", "nowhere"),
        ("redis.Redis(host='elsewhere'", "nowhere"),
        ("redis.StrictRedis()", "in a comment or docstring only"),
        ("aioredis.create_pool", "in a comment or docstring only"),
        ("# no comment", "in code"),
        ("redis.Redis(host='tests')", "in a test only"),
        ("REDIS_HOST: cache", "in code"),
        ("REDIS_URL: off", "in a comment or docstring only"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_quote_counts_where_it_is_code(tree: Tree, quote: str, where: str, newline: str) -> None:
    files = {path: text.replace("\n", newline).encode() for path, text in QUOTED.items()}
    told = answer(tree, files, f'quotes = ["{quote}"]')
    assert told.why.endswith(f"` stands {where}.")
    assert (told.verdict is Verdict.CONFIRMED) == (where == "in code")
    assert all(one.against == (where != "in code") for one in told.evidence)


def test_a_quote_is_shown_on_the_line_where_it_begins(tree: Tree) -> None:
    told = answer(tree, QUOTED, "quotes = [\"port=6379\", '# aioredis']")
    assert [(one.path, one.line, one.against) for one in told.evidence] == [("a.py", 5, False), ("b.py", 2, True)]
    assert told.verdict is Verdict.PARTLY
    assert told.evidence[0].mend is Mend.SAFE


def test_a_quote_is_found_in_a_file_that_does_not_parse(tree: Tree) -> None:
    broken = "import redis\n# old = 1\ndef f(:\n    c = redis.Redis(db=2)\n"
    assert answer(tree, {"a.py": broken, "b.py": ""}, "quotes = ['redis.Redis(db=2)']").verdict is Verdict.CONFIRMED
    assert answer(tree, {"a.py": broken, "b.py": ""}, "quotes = ['old = 1']").verdict is Verdict.REFUTED


def test_a_quote_outside_the_place_is_told(tree: Tree) -> None:
    told = answer(tree, FLEET, "quotes = [\"host='cache'\"]\npaths = ['mcp-a/']")
    assert told.verdict is Verdict.REFUTED
    assert "in code, but not where the claim looks" in told.why
    assert {one.path for one in told.evidence} == {"mcp-b/server.py", "web/app.py"}


def test_tests_count_on_request(tree: Tree) -> None:
    files = {"a.py": RIGHT, "tests/test_a.py": FAULTY}
    assert answer(tree, files, "rules = ['MR101']").verdict is Verdict.REFUTED
    assert answer(tree, files, "rules = ['MR101']", include_tests=True).verdict is Verdict.CONFIRMED
    quoted = "quotes = [\"redis.Redis(host='localhost')\"]"
    assert answer(tree, files, quoted).verdict is Verdict.REFUTED
    assert answer(tree, files, quoted, include_tests=True).verdict is Verdict.CONFIRMED
    assert answer(tree, files, "count = 1\nunit = 'files'").verdict is Verdict.CONFIRMED


def test_several_things_in_one_claim_are_checked_each(tree: Tree) -> None:
    keys = "rules = ['MR101']\ncount = {}\nquotes = [{}]"
    there, nowhere = "\"redis.Redis(host='localhost')\"", "'redis.Nothing'"
    assert answer(tree, FLEET, keys.format(4, there)).verdict is Verdict.CONFIRMED
    assert answer(tree, FLEET, keys.format(1, there)).verdict is Verdict.UNDER
    assert answer(tree, FLEET, keys.format(4, nowhere)).verdict is Verdict.PARTLY
    assert answer(tree, FLEET, keys.format(0, nowhere)).verdict is Verdict.REFUTED
    assert answer(tree, FLEET, keys.format(4, there)).found == "4 findings; 1 of 1 quotes"


@pytest.mark.parametrize(
    ("libraries", "verdict"),
    [
        ("'redis', 'redis.asyncio'", Verdict.CONFIRMED),
        ("'redis'", Verdict.UNDER),
        ("'redis', 'redis.asyncio', 'aioredis'", Verdict.OVER),
        ("'redis', 'aioredis'", Verdict.PARTLY),
        ("'aioredis', 'valkey'", Verdict.REFUTED),
    ],
)
def test_libraries_are_those_that_clients_are_made_with(tree: Tree, libraries: str, verdict: Verdict) -> None:
    assert answer(tree, FLEET, f"libraries = [{libraries}]").verdict is verdict


def test_a_client_of_a_library_that_is_not_claimed_is_evidence_against(tree: Tree) -> None:
    told = answer(tree, FLEET, "libraries = ['redis']")
    assert [one.path for one in told.evidence if one.against] == ["web/app.py"]
    assert told.why == "Clients are made with redis, redis.asyncio; redis.asyncio not claimed."


def test_an_import_that_makes_no_client_is_told(tree: Tree) -> None:
    files = {"a.py": f"from redis import asyncio\nfrom aioredis.client import Redis, Pipeline\n{FAULTY}"}
    told = answer(tree, files, "libraries = ['redis', 'redis.asyncio', 'aioredis']")
    assert told.verdict is Verdict.OVER
    assert [(one.line, one.message) for one in told.evidence if one.against] == [
        (1, "redis.asyncio is imported, but makes no client"),
        (2, "aioredis is imported, but makes no client"),
    ]


def test_the_flavour_of_a_missing_import_is_that_of_the_neighbours(tree: Tree) -> None:
    files = {"fleet/a/server.py": "c = redis.Redis()\n", "fleet/b/server.py": ASYNC}
    assert answer(tree, files, "libraries = ['redis.asyncio']").verdict is Verdict.CONFIRMED


GIVEN = "import redis\nclient = redis.Redis(host='h', password=secret())\n"
POOL = (
    "import os\nimport redis\npool = redis.ConnectionPool.from_url(os.environ['REDIS_URL'])\n"
    "client = redis.Redis(connection_pool=pool)\n"
)
SETTING = "from celery import Celery\napp = Celery(broker='redis://localhost')\n"


@pytest.mark.parametrize(
    ("sources", "none", "given"),
    [
        ([FAULTY, ASYNC], Verdict.CONFIRMED, Verdict.REFUTED),
        ([GIVEN, GIVEN], Verdict.REFUTED, Verdict.CONFIRMED),
        ([GIVEN, FAULTY], Verdict.PARTLY, Verdict.PARTLY),
        ([FAULTY, RIGHT], Verdict.PARTLY, Verdict.PARTLY),
        ([RIGHT], Verdict.PARTLY, Verdict.PARTLY),
        ([POOL], Verdict.PARTLY, Verdict.PARTLY),
        ([FAULTY, SETTING], Verdict.CONFIRMED, Verdict.REFUTED),
        (["x = 1\n"], Verdict.REFUTED, Verdict.REFUTED),
    ],
)
def test_credentials_are_given_to_all_sites_or_to_none(
    tree: Tree, sources: list[str], none: Verdict, given: Verdict
) -> None:
    files = {f"m{number}.py": source for number, source in enumerate(sources)}
    assert answer(tree, files, "credentials = false").verdict is none
    assert answer(tree, files, "credentials = true").verdict is given


def test_what_is_gone_is_told_by_the_second_tree(tmp_path: Path) -> None:
    before, after = Tree(tmp_path / "before"), Tree(tmp_path / "after")
    (tmp_path / "claims.toml").write_text("[[claim]]\ntext = 'x'\nrules = ['MR101']\n")
    (claim,) = read_claims(tmp_path / "claims.toml").claims
    moved = f"\n\n{FAULTY.replace('localhost', 'cache')}"
    told = judge(claim, ground(before, FLEET), ground(after, {**dict(FLEET), "mcp-b/server.py": moved}))  # type: ignore[arg-type]
    assert (told.fixed.gone, told.fixed.of) == (1, 4)


@pytest.mark.parametrize(
    ("claimed", "endpoint", "same"),
    [
        ("localhost:6379", "localhost:6379", True),
        ("localhost:6379", "127.0.0.1:6379", True),
        ("[::1]:6379", "redis://localhost", True),
        ("localhost", "localhost:7000", True),
        ("localhost:6379", "localhost:7000", False),
        ("localhost:6379", "redis://localhost/0", True),
        ("redis://LOCALHOST", "localhost:6379", True),
        ("redis://localhost", "localhost:7000", False),
        ("localhost", "redis://:***@localhost:6379/0", True),
        ("localhost", "localhost.example.com:6379", False),
        ("cache:6379", "$REDIS_HOST or cache:$REDIS_PORT or 6379", True),
        ("cache:6380", "$REDIS_HOST or cache:$REDIS_PORT or 6379", False),
        ("cache:6380", "redis://cache or redis://other:6380", False),
        ("unix:///run/redis.sock", "unix:///run/redis.sock", True),
        ("unix:///run/redis.sock", "unix:///run/other.sock", False),
        ("cache", "its pool", False),
    ],
)
def test_an_endpoint_is_the_same_under_other_names(claimed: str, endpoint: str, same: bool) -> None:
    address = Address.parse(claimed)
    assert address is not None
    assert address.reached_by(endpoint) is same


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no claim; each begins with [[claim]]"),
        ("claim = []", "holds no claim"),
        ("[claim]\ntext = 'x'", "holds no claim"),
        ("claim = [1]", "claim 1: must be a table"),
        ("[[claim]", "is no TOML: "),
        ("trees = 'x'", "a file of claims has no 'trees'; there are tree, claim"),
        ("tree = 1\n[[claim]]\ntext = 'x'\ncount = 1", "tree must be a text that is not empty"),
        ("[[claim]]\nrules = ['MR101']", "claim 1: text is missing"),
        ("[[claim]]\ntext = ' '", "claim 1: text must be a text that is not empty"),
        ("[[claim]]\ntext = 'x'", "claim 1: nothing to check; give rules, "),
        ("[[claim]]\ntext = 'x'\nkind = 'mcp'\npaths = ['a']", "claim 1: nothing to check"),
        ("[[claim]]\ntext = 'x'\nrule = 'MR101'", "claim 1: a claim has no 'rule'; there are text, rules, "),
        ("[[claim]]\ntext = 'x'\nrules = ['MR999']", "claim 1: rules: 'MR999' must be one of MR101, "),
        ("[[claim]]\ntext = 'x'\nrules = 'MR101'", "claim 1: rules must be a list of texts"),
        ("[[claim]]\ntext = 'x'\nquotes = ['']", "claim 1: quotes must be a list of texts"),
        ("[[claim]]\ntext = 'x'\nfamily = 'sins'", "claim 1: family must be one of endpoint, credentials, "),
        ("[[claim]]\ntext = 'x'\nlibraries = ['jedis']", "claim 1: libraries: 'jedis' must be one of redis.asyncio, "),
        ("[[claim]]\ntext = 'x'\ncredentials = 'no'", "claim 1: credentials must be true or false"),
        ("[[claim]]\ntext = 'x'\nendpoint = 'a b'", "claim 1: endpoint must be a host, host:port, "),
        ("[[claim]]\ntext = 'x'\nendpoint = 'a:b'", "claim 1: endpoint must be a host, host:port, "),
        ("[[claim]]\ntext = 'x'\nrules = ['MR101']\ncount = true", "claim 1: count must be a whole number"),
        ("[[claim]]\ntext = 'x'\nrules = ['MR101']\ncount = -1", "claim 1: count must be a whole number"),
        ("[[claim]]\ntext = 'x'\ncount = 1", "claim 1: count: of what? give unit"),
        ("[[claim]]\ntext = 'x'\nquotes = ['a']\nunit = 'files'", "claim 1: unit: nothing is counted"),
        ("[[claim]]\ntext = 'x'\ncount = 1\nunit = 'lines'", "claim 1: unit must be one of findings, "),
        ("[[claim]]\ntext = 'x'\nquotes = ['a']\nall = true", "claim 1: all: what have they all?"),
        ("[[claim]]\ntext = 'x'\nrules = ['MR101']\nall = true\nunit = 'findings'", "claim 1: all: goes with unit "),
        ("[[claim]]\ntext = 'x'\nrules = ['MR101']\nall = true\ncount = 0", "claim 1: all: contradicts count = 0"),
        ("[[claim]]\ntext = 'x'\nrules = ['MR101']\npaths = ['!']", "claim 1: paths: '!' is no pattern"),
        ("[[claim]]\ntext = 'x'\ncount = 1\nunit = 'sites'\n[[claim]]\ntext = 1", "claim 2: text must be"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_claims(file)
    assert str(raised.value).startswith(f"{file}: {message}")


@pytest.mark.parametrize("name", ["nowhere.toml", "."])
def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_claims(tmp_path / name)


def test_bytes_that_are_no_text_are_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is no TOML"):
        read_claims(tmp_path / "claims.toml")


def test_the_tree_is_named_relative_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "claims.toml"
    file.write_bytes(b"\xef\xbb\xbftree = 'fleet'\n[[claim]]\ntext = 'x'\ncredentials = false\n")
    assert read_claims(file).tree == tmp_path / "fleet"
