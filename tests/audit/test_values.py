"""Values: an address is followed through whatever builds it, so far that who decides it is known."""

from __future__ import annotations

import pytest

from .tree import Tree

URLS = {
    "a literal": ("'redis://cache'", "literal"),
    "an f-string with a literal host": ("f'redis://cache:{port}/0'", "literal"),
    "an f-string whose parts are all literal": ("f'redis://{HOST}:{6379}'", "literal"),
    "an f-string with a host from outside": ("f'redis://{os.environ[\"H\"]}:6379'", "external"),
    "an f-string with a fallback for its host": ("f'redis://{os.getenv(\"H\", \"cache\")}:6379'", "fallback"),
    "an f-string with a password from outside": ("f'redis://:{os.environ[\"P\"]}@cache:6379'", "literal"),
    "an f-string with a host behind userinfo": ("f'redis://:{os.environ[\"P\"]}@{os.environ[\"H\"]}/0'", "external"),
    "an f-string with a scheme from outside": ("f'{os.environ[\"S\"]}://cache'", "literal"),
    "an f-string with a format": ("f'redis://{HOST!s:>5}'", "literal"),
    "nested f-strings": ("f'{f\"redis://{HOST}\"}/0'", "literal"),
    "a concatenation": ("'redis://' + HOST + ':' + str(6379)", "literal"),
    "a concatenation with an outside host": ("'redis://' + os.environ['H'] + ':6379'", "external"),
    "implicit concatenation": ("'redis://' 'cache'", "literal"),
    "per cent": ("'redis://%s:%d' % (HOST, 6379)", "literal"),
    "per cent with one value": ("'redis://%s' % os.environ['H']", "external"),
    "per cent with names": ("'redis://%(h)s' % {'h': HOST}", "literal"),
    "format": ("'redis://{}:{}'.format(HOST, 6379)", "literal"),
    "format with numbers": ("'redis://{1}:{0}'.format(6379, os.environ['H'])", "external"),
    "format with names": ("'redis://{h}:{p}'.format(p=6379, h=HOST)", "literal"),
    "format with a fallback by name": ("'redis://{h}'.format(h=os.getenv('H', 'cache'))", "fallback"),
    "format of a named template": ("TEMPLATE.format(HOST)", "literal"),
    "join": ("':'.join(['redis', '//cache'])", "literal"),
    "or": ("os.environ.get('U') or 'redis://cache'", "fallback"),
    "or between literals": ("None or 'redis://cache'", "literal"),
    "or without a literal": ("os.environ.get('U') or os.environ['V']", "external"),
    "or with nothing": ("os.environ.get('U') or ''", "external"),
    "a conditional expression": ("'redis://cache' if DEBUG else os.environ['U']", "fallback"),
    "a conditional expression of literals": ("'redis://a' if DEBUG else 'redis://b'", "literal"),
    "a walrus": ("(url := os.environ['U'])", "external"),
    "a dict literal": ("{'u': 'redis://cache'}['u']", "literal"),
    "a dict literal asked by get": ("{'u': 'redis://cache'}.get('u', 'redis://b')", "literal"),
    "a nested dict": ("CONFIG['redis']['url']", "literal"),
    "a nested dict asked by get": ("CONFIG.get('redis', {}).get('url')", "literal"),
    "a dict call": ("dict(u='redis://cache')['u']", "literal"),
    "a dict with a key from outside": ("{'dev': 'redis://a', 'prod': os.environ['U']}[os.environ['E']]", "fallback"),
    "a list": ("['redis://a', os.environ['U']][0]", "literal"),
    "an enum's member": ("Place.CACHE.value", "literal"),
    "str": ("str('redis://cache')", "literal"),
    "strip": ("os.environ.get('U', 'redis://cache').strip()", "fallback"),
    "replace": ("os.environ['U'].replace('redis://', 'rediss://')", "external"),
    "replace on a literal": ("'redis://HOST'.replace('HOST', 'cache')", "literal"),
    "rstrip on both sides of or": ("(os.environ.get('U') or 'redis://cache').rstrip('/')", "fallback"),
    "a normalising helper of the tree": ("normalise(os.getenv('U', 'redis://cache'))", "fallback"),
    "a normalising helper from elsewhere": ("elsewhere.normalise(os.getenv('U', 'redis://cache'))", "fallback"),
    "bytes": ("b'redis://cache'", "literal"),
    "cast": ("cast(str, 'redis://cache')", "literal"),
}  # fmt: skip


@pytest.mark.parametrize(("expression", "provenance"), URLS.values(), ids=URLS.keys())
def test_a_url_is_followed_through(expression: str, provenance: str, tree: Tree) -> None:
    site = tree.site(f"""
import enum, os, sys
from typing import cast
import elsewhere, redis
HOST, DEBUG, port = "cache", "DEBUG" in os.environ, sys.argv[1]
TEMPLATE = "redis://{{}}"
CONFIG = {{"redis": {{"url": "redis://cache"}}}}
class Place(enum.Enum):
    CACHE = "redis://cache"
def normalise(url):
    return url if url.startswith("redis") else f"redis://{{url}}"
client = redis.from_url({expression})
""")
    assert site.provenance.value == provenance


HOSTS = {
    "a literal": ("'cache'", "literal"),
    "a constant": ("HOST", "literal"),
    "a split literal": ("'cache:6379'.split(':')[0]", "literal"),
    "a split fallback": ("os.getenv('A', 'cache:6379').split(':')[0]", "fallback"),
    "a partition of what comes from outside": ("os.environ['A'].partition(':')[0]", "external"),
    "the host of a literal URL": ("urlparse('redis://cache:6379').hostname", "literal"),
    "the host of a URL with a fallback": ("urlparse(os.getenv('U', 'redis://cache')).hostname", "fallback"),
    "the host of a URL from outside": ("urlparse(os.environ['U']).hostname", "external"),
    "the host of a URL or a literal": ("urlparse(os.environ['U']).hostname or 'localhost'", "fallback"),
    "a computed name": ("socket.gethostname()", "external"),
    "an argument of the program": ("sys.argv[1]", "external"),
    "what the user types": ("input('host: ')", "external"),
    "a loaded file": ("json.load(open('config.json'))['host']", "external"),
    "a loaded file with a fallback": ("json.load(open('config.json')).get('host', 'localhost')", "fallback"),
    "a parsed file": ("PARSER.get('redis', 'host')", "external"),
    "a parsed file with a fallback": ("PARSER.get('redis', 'host', fallback='localhost')", "fallback"),
    "a section of a parsed file": ("PARSER['redis']['host']", "external"),
    "a section of a parsed file with a fallback": ("PARSER['redis'].get('host', 'localhost')", "fallback"),
    "a namespace": ("SPACE.host", "literal"),
    "a name that nothing binds": ("NOWHERE", "unknown"),
    "a sum": ("1 + 2 - 3", "unknown"),
}


@pytest.mark.parametrize(("expression", "provenance"), HOSTS.values(), ids=HOSTS.keys())
def test_a_host_is_followed_through(expression: str, provenance: str, tree: Tree) -> None:
    site = tree.site(f"""
import configparser, json, os, socket, sys, types
from urllib.parse import urlparse
import redis
HOST = "cache"
PARSER = configparser.ConfigParser()
SPACE = types.SimpleNamespace(host="cache")
client = redis.Redis(host={expression})
""")
    assert site.provenance.value == provenance


def test_assignments_count_in_their_order(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis
        url = "redis://cache"
        redis.from_url(url)  # -> literal
        url = os.environ["REDIS_URL"]
        redis.from_url(url)  # -> external
        if not url:
            url = "redis://localhost"
        redis.from_url(url)  # -> fallback
        url += "/1"
        redis.from_url(url)  # -> fallback
        url = "redis://"
        url += os.environ["HOST"]
        redis.from_url(url)  # -> external
    """)


def test_branches_count_together(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis

        if os.environ.get("DEBUG"):
            HOST = "localhost"
        else:
            HOST = os.environ["REDIS_HOST"]
        redis.Redis(host=HOST)  # -> fallback

        try:
            NAME = os.environ["REDIS_NAME"]
        except KeyError:
            NAME = "localhost"
        redis.Redis(host=NAME)  # -> fallback

        if os.environ.get("DEBUG"):
            PLACE = "a"
        else:
            PLACE = "b"
        redis.Redis(host=PLACE)  # -> literal

        match os.environ["ENV"]:
            case "prod":
                WHERE = os.environ["REDIS_HOST"]
            case _:
                WHERE = "localhost"
        redis.Redis(host=WHERE)  # -> fallback
    """)


def test_unpacking_gives_each_name_its_part(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis
        host, port = "cache", int(os.environ["PORT"])
        redis.Redis(host=host, port=port)  # -> literal
        (one, *rest), two = (os.environ["A"], "x"), "y"
        redis.Redis(host=one)  # -> external
        redis.Redis(host=two)  # -> literal
        name, number = os.getenv("ADDRESS", "localhost:6379").split(":")
        redis.Redis(host=name, port=int(number))  # -> fallback
        for place in ("a", "b"):
            redis.Redis(host=place)  # -> literal
        for other in os.environ["PLACES"].split(","):
            redis.Redis(host=other)  # -> external
    """)


def test_globals_that_a_function_sets_are_seen(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis
        URL = None

        def configure():
            global URL
            URL = os.environ["REDIS_URL"]

        def connect():
            return redis.from_url(URL)  # -> external
    """)


def test_a_dict_that_is_unpacked_gives_its_entries(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "conf.py": """
            import os
            LITERAL = {"host": "cache", "port": 6379}
            CALLED = dict(host="cache")
            MERGED = {**LITERAL, "host": os.environ["HOST"]}
            JOINED = LITERAL | {"host": os.getenv("HOST", "cache")}
            NESTED = {"redis": {"host": os.getenv("HOST", "cache")}}
            PORTED = {"port": 6380}

            def options(host="cache"):
                return {"host": host}
        """,
            "app.py": """
            import redis
            import conf
            from conf import options
            redis.Redis(**conf.LITERAL)  # -> literal
            redis.Redis(**conf.CALLED)  # -> literal
            redis.Redis(**conf.MERGED)  # -> external
            redis.Redis(**conf.JOINED)  # -> fallback
            redis.Redis(**conf.NESTED["redis"])  # -> fallback
            redis.Redis(**conf.PORTED)  # -> default
            redis.Redis(**options())  # -> fallback
            redis.Redis(**options("other"))  # -> literal
            redis.Redis(**{"host": "cache"}, db=1)  # -> literal
            redis.Redis(**conf.UNKNOWN)  # -> external
        """,
        }
    )


def test_what_is_put_into_a_dict_later_counts(tree: Tree) -> None:
    tree.shows_provenances("""
        import os
        import redis

        def one():
            options = {"port": 6379}
            options["host"] = "cache"
            return redis.Redis(**options)  # -> literal

        def two(host=None):
            options = {"host": "cache"}
            if host:
                options["host"] = host
            return redis.Redis(**options)  # -> fallback

        def three():
            options = dict(port=6379)
            options.update(host=os.environ["HOST"])
            return redis.Redis(**options)  # -> external

        def four():
            options = {}
            options.update({"host": "cache"})
            options.setdefault("port", 6379)
            return redis.Redis(**options)  # -> literal

        def five():
            options = {"host": "cache"}
            options["host"] = os.environ["HOST"]
            return redis.Redis(host=options["host"])  # -> external
    """)


def test_a_circle_of_bases_comes_to_an_end(tree: Tree) -> None:
    tree.shows_provenances(
        {
            "a.py": "# redis\nfrom b import Twin as Base\nclass Twin(Base): pass\nTwin().client()\n",
            "b.py": "import redis\nfrom a import Twin as B\nclass Twin(B): pass\nc = redis.Redis()  # -> default\n",
        }
    )
