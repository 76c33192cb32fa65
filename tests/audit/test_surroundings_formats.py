"""An edit of a dependency file adds or removes one entry and keeps all that stands around it."""

from __future__ import annotations

import ast
import configparser
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.audit.files import SourceFile
from mooring.audit.surroundings.declarations import Declaration, declared, edited
from mooring.audit.surroundings.disk import Disk
from mooring.audit.surroundings.formats import Package, Unsupported, name_of

MOORING = Package("mooring")
AIOREDIS = frozenset({"aioredis"})


def read(name: str, text: str) -> Declaration:
    disk = Disk(Path("/tree"), {name: text.encode()}.get, lambda folder: [name])
    (one,) = declared(disk, "")
    return one


def after(name: str, text: str, *, dropped: frozenset[str] = AIOREDIS) -> str:
    """The file asking for mooring, and no longer for what is dropped."""
    one = read(name, text)
    assert not one.fault, one.fault
    return edited(one, [MOORING], dropped).text


def becomes(name: str, before: str, expected: str) -> None:
    once = after(name, dedent(before))
    assert once == dedent(expected)
    assert after(name, once) == once


PYPROJECTS = {
    "one line": (
        '[project]\ndependencies = ["flask", "redis>=5"]\n',
        '[project]\ndependencies = ["flask", "mooring", "redis>=5"]\n',
    ),
    "one line, single quotes, tight": (
        "[project]\ndependencies=['redis','aioredis','httpx']\n",
        "[project]\ndependencies=['redis','httpx', 'mooring']\n",
    ),
    "one line with a trailing comma": (
        '[project]\ndependencies = ["zope", "redis",]\n',
        '[project]\ndependencies = ["zope", "redis", "mooring",]\n',
    ),
    "a line each, comments kept": (
        """\
        [project]
        name = "app"  # a name
        dependencies = [  # what it needs
            # the web
            "flask>=3",
            "aioredis>=2",  # the old client
            # the new client
            "redis[hiredis]>=5 ; python_version > '3.8'",  # pinned, too
        ]
        """,
        """\
        [project]
        name = "app"  # a name
        dependencies = [  # what it needs
            # the web
            "flask>=3",
            "mooring",
            # the new client
            "redis[hiredis]>=5 ; python_version > '3.8'",  # pinned, too
        ]
        """,
    ),
    "sorted, no comma at the end": (
        """\
        [project]
        dependencies = [
          'aioredis',
          'flask',
          'redis' # last
        ]
        """,
        """\
        [project]
        dependencies = [
          'flask',
          'mooring',
          'redis' # last
        ]
        """,
    ),
    "unsorted, no comma at the end": (
        """\
        [project]
        dependencies = [
        \t"redis",
        \t"flask"  # last
        ]
        """,
        """\
        [project]
        dependencies = [
        \t"redis",
        \t"flask",  # last
        \t"mooring"
        ]
        """,
    ),
    "the last of several goes": (
        '[project]\ndependencies = [\n    "redis",\n    "aioredis"\n]\n',
        '[project]\ndependencies = [\n    "mooring",\n    "redis"\n]\n',
    ),
    "the only one goes": (
        '[project]\ndependencies = ["aioredis"]\n',
        '[project]\ndependencies = ["mooring"]\n',
    ),
    "several a line": (
        '[project]\ndependencies = [\n    "b", "aioredis",\n    "redis", "a"]\n',
        '[project]\ndependencies = [\n    "b",\n    "redis", "a", "mooring"]\n',
    ),
    "sorted before the first": (
        '[project]\ndependencies = [\n    # the client\n    "redis",\n]\n',
        '[project]\ndependencies = [\n    "mooring",\n    # the client\n    "redis",\n]\n',
    ),
    "empty": ("[project]\ndependencies = []\n", '[project]\ndependencies = ["mooring"]\n'),
    "empty over lines": (
        "[project]\ndependencies = [\n]\n",
        '[project]\ndependencies = [\n    "mooring",\n]\n',
    ),
    "Windows newlines": (
        '[project]\r\ndependencies = [\r\n    "aioredis",\r\n    "redis",\r\n]\r\n',
        '[project]\r\ndependencies = [\r\n    "mooring",\r\n    "redis",\r\n]\r\n',
    ),
    "a dotted key": (
        'project.name = "app"\nproject.dependencies = ["redis"]',
        'project.name = "app"\nproject.dependencies = ["mooring", "redis"]',
    ),
    "an extra": (
        """\
        [project]
        dependencies = ["flask"]
        [project.optional-dependencies]
        docs = ["sphinx"]
        cache = ["redis"]
        all = ["redis", "flask"]
        """,
        """\
        [project]
        dependencies = ["flask"]
        [project.optional-dependencies]
        docs = ["sphinx"]
        cache = ["mooring", "redis"]
        all = ["redis", "flask", "mooring"]
        """,
    ),
    "extras in braces": (
        'project = {name = "a", optional-dependencies = {cache = ["redis"]}}\n',
        'project = {name = "a", optional-dependencies = {cache = ["mooring", "redis"]}}\n',
    ),
    "groups of uv, with tables in the list": (
        """\
        [dependency-groups]
        base = ["redis", "aioredis"]
        dev = [{include-group = "base"}, "aioredis; python_version < '3.11'", "pytest"]
        [tool.uv]
        dev-dependencies = ["ruff"]
        """,
        """\
        [dependency-groups]
        base = ["mooring", "redis"]
        dev = [{include-group = "base"}, "mooring", "pytest"]
        [tool.uv]
        dev-dependencies = ["ruff"]
        """,
    ),
    "strings that look like statements": (
        """\
        [tool.other]
        text = \"\"\"
        [project]
        dependencies = ["redis"]
        \\\"\"\" # ]\"\"\"
        raw = '''dependencies = ['''
        "a.b" . 'c d' = 1979-05-27 07:32:00
        [[tool.list]]
        x = [[1, 2], ["redis", {y = "]"}]]
        [project] # dependencies = ["aioredis"]
        dependencies = ["redis"]
        """,
        """\
        [tool.other]
        text = \"\"\"
        [project]
        dependencies = ["redis"]
        \\\"\"\" # ]\"\"\"
        raw = '''dependencies = ['''
        "a.b" . 'c d' = 1979-05-27 07:32:00
        [[tool.list]]
        x = [[1, 2], ["redis", {y = "]"}]]
        [project] # dependencies = ["aioredis"]
        dependencies = ["mooring", "redis"]
        """,
    ),
    "Poetry": (
        """\
        [tool.poetry.dependencies]
        python = "^3.11"
        flask = "^3"
        aioredis = {version = "^2.0", optional = true}  # old
        redis = {extras = ["hiredis"], version = "^5"}

        [tool.poetry.extras]
        cache = ["aioredis", "redis"]
        """,
        """\
        [tool.poetry.dependencies]
        python = "^3.11"
        flask = "^3"
        mooring = "*"
        redis = {extras = ["hiredis"], version = "^5"}

        [tool.poetry.extras]
        cache = ["redis"]
        """,
    ),
    "Poetry, only the interpreter": (
        '[tool.poetry.dependencies]\npython = "^3.11"\n',
        '[tool.poetry.dependencies]\npython = "^3.11"\nmooring = "*"\n',
    ),
    "Poetry, several releases and a file without a final newline": (
        '[tool.poetry.dependencies]\nredis = [\n  {version = "^5", python = "<3.12"},\n  {version = "^6"},\n]\nb = "1"',
        '[tool.poetry.dependencies]\nredis = [\n  {version = "^5", python = "<3.12"},\n  {version = "^6"},\n]\n'
        'b = "1"\nmooring = "*"',
    ),
    "Poetry's group": (
        '[tool.poetry.dependencies]\npython = "^3.11"\n[tool.poetry.group.cache.dependencies]\nredis = "*"\n',
        '[tool.poetry.dependencies]\npython = "^3.11"\n[tool.poetry.group.cache.dependencies]\n'
        'mooring = "*"\nredis = "*"\n',
    ),
    "Poetry, dotted": (
        '[tool.poetry]\ndependencies.flask = "*"\ndependencies.aioredis = "*"\n',
        '[tool.poetry]\ndependencies.flask = "*"\ndependencies.mooring = "*"\n',
    ),
    "Poetry, a package in a table of its own": (
        '[tool.poetry.dependencies]\nflask = "*"\n[tool.poetry.dependencies.redis]\nversion = "^5"\n',
        '[tool.poetry.dependencies]\nflask = "*"\nmooring = "*"\n[tool.poetry.dependencies.redis]\nversion = "^5"\n',
    ),
    "Poetry, only packages in tables of their own below": (
        '[tool.poetry.dependencies]\n[tool.poetry.dependencies.a]\nversion = "1"\n[other]\nx = 1\n',
        '[tool.poetry.dependencies]\nmooring = "*"\n[tool.poetry.dependencies.a]\nversion = "1"\n[other]\nx = 1\n',
    ),
    "Poetry, a package in several lines": (
        '[tool.poetry.dependencies]\naioredis.version = "^2"\naioredis.optional = true\nredis.version = "^5"\n',
        '[tool.poetry.dependencies]\nmooring = "*"\nredis.version = "^5"\n',
    ),
    "Poetry beside the standard": (
        '[project]\ndependencies = ["redis>=5"]\n[tool.poetry.dependencies]\nredis = {source = "house"}\n',
        '[project]\ndependencies = ["mooring", "redis>=5"]\n[tool.poetry.dependencies]\nredis = {source = "house"}\n',
    ),
}


@pytest.mark.parametrize(("before", "expected"), PYPROJECTS.values(), ids=PYPROJECTS.keys())
def test_a_pyproject_gains_mooring_and_loses_aioredis(before: str, expected: str) -> None:
    becomes("pyproject.toml", before, expected)


OTHERS = {
    "Pipfile": (
        "Pipfile",
        '[[source]]\nurl = "https://pypi.org/simple"\n\n[packages]\naioredis = "*"\nredis = "*"\n\n[dev-packages]\n',
        '[[source]]\nurl = "https://pypi.org/simple"\n\n[packages]\nmooring = "*"\nredis = "*"\n\n[dev-packages]\n',
    ),
    "requirements, unsorted": (
        "requirements.txt",
        "# what it needs\nredis==5.0.4  # the client\n\nflask\naioredis  # old\n",
        "# what it needs\nredis==5.0.4  # the client\n\nflask\nmooring\n",
    ),
    "requirements, sorted": (
        "requirements.txt",
        "-r base.txt\n--index-url https://example.com\naioredis==2.0\nflask\nredis\n",
        "-r base.txt\n--index-url https://example.com\nflask\nmooring\nredis\n",
    ),
    "requirements, sorted, before the first": ("requirements.txt", "# all\nredis\n", "# all\nmooring\nredis\n"),
    "requirements, continued lines": (
        "requirements.txt",
        'flask\naioredis \\\n  ==2.0 \\\n  ; python_version < "3.11"\nredis \\\n  >=5\nb\n',
        "flask\nredis \\\n  >=5\nb\nmooring\n",
    ),
    "requirements without a final newline": ("requirements.txt", "b\na\naioredis", "b\na\nmooring"),
    "requirements, Windows newlines": (
        "requirements.txt",
        "redis\r\nb\r\naioredis\r\n",
        "redis\r\nb\r\nmooring\r\n",
    ),
    "requirements, nothing yet": ("requirements.txt", "# none", "# none\nmooring"),
    "requirements with addresses": (
        "requirements.txt",
        "redis @ https://example.com/redis.whl\n-e git+https://example.com/aioredis#egg=x\ngit+https://e.com/a\n",
        "redis @ https://example.com/redis.whl\n-e git+https://example.com/aioredis#egg=x\ngit+https://e.com/a\n"
        "mooring\n",
    ),
    "setup.cfg": (
        "setup.cfg",
        "[metadata]\nname = app\n[options]\ninstall_requires =\n    flask\n    # the client\n    redis>=5\n"
        "    aioredis\npython_requires = >=3.11\n",
        "[metadata]\nname = app\n[options]\ninstall_requires =\n    flask\n    mooring\n"
        "    # the client\n    redis>=5\npython_requires = >=3.11\n",
    ),
    "setup.cfg, on one line": (
        "setup.cfg",
        "[options]\ninstall_requires = redis\npackages = find:\n",
        "[options]\ninstall_requires = redis\n    mooring\npackages = find:\n",
    ),
    "setup.cfg, extras, tabs": (
        "setup.cfg",
        "[options]\ninstall_requires =\n\tflask\n[options.extras_require]\ncache =\n\taioredis\n\tredis\ndocs = a",
        "[options]\ninstall_requires =\n\tflask\n[options.extras_require]\ncache =\n\tmooring\n\tredis\ndocs = a",
    ),
    "setup.py": (
        "setup.py",
        "from setuptools import setup\n\nsetup(\n    name='app',\n    install_requires=[\n        'redis>=5',  # new\n"
        "        u'aioredis',\n    ],\n    keywords=['aioredis'],\n)\n",
        "from setuptools import setup\n\nsetup(\n    name='app',\n    install_requires=[\n        'mooring',\n"
        "        'redis>=5',  # new\n    ],\n    keywords=['aioredis'],\n)\n",
    ),
    "setup.py, by a name, with other code": (
        "setup.py",
        "import setuptools\nNEEDS = ['redis', 'ä', *MORE]\nsetuptools.setup(install_requires=NEEDS)\n",
        "import setuptools\nNEEDS = ['mooring', 'redis', 'ä', *MORE]\nsetuptools.setup(install_requires=NEEDS)\n",
    ),
    "setup.py, an extra": (
        "setup.py",
        'from setuptools import setup\nsetup(extras_require={"cache": ["redis"], "docs": ["sphinx"]})\n',
        'from setuptools import setup\nsetup(extras_require={"cache": ["mooring", "redis"], "docs": ["sphinx"]})\n',
    ),
}


@pytest.mark.parametrize(("name", "before", "expected"), OTHERS.values(), ids=OTHERS.keys())
def test_every_other_kind_of_file_gains_mooring_and_loses_aioredis(name: str, before: str, expected: str) -> None:
    becomes(name, before, expected)


PRESENT = {
    "a bound": ("pyproject.toml", '[project]\ndependencies = ["redis", "Mooring>=0.1"]\n'),
    "an extra": (
        "pyproject.toml",
        '[project]\ndependencies = ["mooring[metrics] ; python_version > \'3\'", "redis"]\n',
    ),
    "Poetry": ("pyproject.toml", '[tool.poetry.dependencies]\nMOORING = {path = "../mooring"}\nredis = "*"\n'),
    "requirements": ("requirements.txt", "mooring @ https://example.com/mooring.whl\nredis\n"),
    "setup.cfg": ("setup.cfg", "[options]\ninstall_requires =\n  redis\n  mooring[all]~=0.1\n"),
    "setup.py": ("setup.py", "setup(install_requires=['mooring==0.1', 'redis'])\n"),
}


@pytest.mark.parametrize(("name", "text"), PRESENT.values(), ids=PRESENT.keys())
def test_mooring_is_never_asked_for_twice(name: str, text: str) -> None:
    assert after(name, text) == text


def test_bom_and_encoding_stay() -> None:
    data = b"\xef\xbb\xbfredis\r\n# \xc3\xa4\r\n"
    disk = Disk(Path("/tree"), {"requirements.txt": data}.get, lambda _: ["requirements.txt"])
    source = edited(declared(disk, "")[0], [MOORING], AIOREDIS)
    assert source.encode(source.text) == b"\xef\xbb\xbfmooring\r\nredis\r\n# \xc3\xa4\r\n"


UNSUPPORTED = {
    "a table in braces": ("pyproject.toml", '[tool.poetry]\ndependencies = {redis = "*"}\n'),
    "no TOML": ("pyproject.toml", "[project\n"),
    "deep TOML": ("pyproject.toml", "a = " + "[" * 5000 + "]" * 5000),
    "no configuration": ("setup.cfg", "[options]\n[options]\n"),
    "no Python": ("setup.py", "setup(\n"),
    "a computed list": ("setup.py", "setup(install_requires=open('requirements.txt').read().split())\n"),
    "a list that is changed": ("setup.py", "R = ['redis']\nR = R + ['x']\nsetup(install_requires=R)\n"),
    "computed extras": ("setup.py", "setup(install_requires=['redis'], extras_require=extras())\n"),
    "no text": ("requirements.txt", "# coding: klingon\n"),
}


@pytest.mark.parametrize(("name", "text"), UNSUPPORTED.values(), ids=UNSUPPORTED.keys())
def test_what_cannot_be_edited_is_told(name: str, text: str) -> None:
    assert read(name, text).fault


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.poetry.dependencies.aioredis]\nversion = '1'\n"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nb = '1'\n[tool.poetry.dependencies.aioredis]\nversion = '1'\n"),
        ("pyproject.toml", "[tool.poetry.dependencies.redis]\nversion = '1'\n"),
        ("pyproject.toml", "[tool.poetry]\ndependencies = {}\n"),
        ("pyproject.toml", "[tool.poetry]\ndependencies.aioredis = '*'\n"),
        ("pyproject.toml", "[project]\nname = 'x'\ndynamic = ['dependencies']\n"),
        ("setup.cfg", "[options]\ninstall_requires = redis; flask\n"),
        ("setup.cfg", "[options]\ninstall_requires = file: requirements.txt\n"),
        ("setup.py", "setup()\n"),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused(name: str, text: str) -> None:
    with pytest.raises(Unsupported):
        edited(read(name, text), [MOORING], AIOREDIS)


# Generated files.

PACKAGES = st.sampled_from(
    ["aioredis", "redis", "Redis[hiredis]>=5,<6", "flask", "a", "zope.interface", "aioredis==2.0 ; python_version>'3'"]
)
COMMENTS = st.sampled_from(["", "  # why", " # ]", ' # "redis",', " # it's"])
BREAKS = st.sampled_from(["", "\n", "\n    ", "\n    # a line\n    ", "\n\n\t"])


@st.composite
def arrays(draw: st.DrawFn) -> str:
    """A list in brackets as people lay them out."""
    entries = draw(st.lists(PACKAGES, max_size=5))
    if draw(st.booleans()):
        entries.sort()
    quote = draw(st.sampled_from("\"'"))
    text = "[" + draw(BREAKS)
    for number, entry in enumerate(entries):
        last = number == len(entries) - 1
        inner = entry.replace(quote, "`") if quote in entry else entry
        text += quote + inner.replace("`", "") + quote
        text += "" if last and draw(st.booleans()) else ","
        text += draw(st.sampled_from([" ", "", *(f"{c}{b}" for c in ["", " # why", " # ]"] for b in ["\n  ", "\n"])]))
    return text + "]"


def requirement_names(entries: list[str]) -> list[str]:
    return [name_of(entry) or "" for entry in entries]


def expected_names(entries: list[str]) -> set[str]:
    return (set(requirement_names(entries)) - AIOREDIS) | {"mooring"}


@given(array=arrays(), newline=st.sampled_from(["\n", "\r\n"]))
def test_of_any_list_of_toml_only_the_asked_for_changes(array: str, newline: str) -> None:
    text = f'[project]\nname = "x"  # the name\ndependencies = {array}\nversion = "1"\n'.replace("\n", newline)
    result = after("pyproject.toml", text)
    was, now = tomllib.loads(text), tomllib.loads(result)
    old, new = was["project"].pop("dependencies"), now["project"].pop("dependencies")
    assert was == now
    kept = [entry for entry in old if name_of(entry) != "aioredis"]
    assert [entry for entry in new if entry != "mooring"] == kept
    assert new.count("mooring") == 1
    if requirement_names(kept) == sorted(requirement_names(kept)) and old == sorted(
        old, key=lambda e: name_of(e) or ""
    ):
        assert requirement_names(new) == sorted(requirement_names(new))
    assert result.count("\n") == result.count(newline)
    assert after("pyproject.toml", result) == result


@given(array=arrays())
def test_of_any_list_of_python_only_the_asked_for_changes(array: str) -> None:
    text = f"from setuptools import setup\nsetup(name='x', install_requires={array}, zip_safe=False)  # end\n"
    result = after("setup.py", text)

    def needs(code: str) -> list[str]:
        found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.keyword)]
        value: list[str] = next(ast.literal_eval(node.value) for node in found if node.arg == "install_requires")
        return value

    kept = [entry for entry in needs(text) if name_of(entry) != "aioredis"]
    assert [entry for entry in needs(result) if entry != "mooring"] == kept
    assert needs(result).count("mooring") == 1
    assert after("setup.py", result) == result


LINES = st.lists(
    st.sampled_from(
        [
            "redis", "redis[hiredis]>=5  # why", "aioredis", "aioredis \\\n    ==2.0", "flask", "", "# a comment",
            "  indented ; python_version > '3'", "-r other.txt", "--no-binary :all:", "-e ./local", "./wheel.whl",
        ]
    ),
    max_size=6,
)  # fmt: skip


@given(lines=LINES, final=st.booleans(), newline=st.sampled_from(["\n", "\r\n"]))
def test_of_any_requirements_only_the_asked_for_changes(lines: list[str], final: bool, newline: str) -> None:
    text = ("\n".join(lines) + ("\n" if final else "")).replace("\n", newline)
    newline = newline if "\n" in text else "\n"
    result = after("requirements.txt", text)
    kept = [line.replace("\n", newline) for line in lines if not line.startswith("aioredis")]
    shown = [line for line in result.replace(f"\\{newline}", "\0").split(newline) if line]
    assert [line for line in shown if line.strip() != "mooring"] == [line for line in kept if line]
    assert len(shown) == len([line for line in kept if line]) + 1
    assert after("requirements.txt", result) == result
    if text.strip():
        assert result.endswith(newline) == text.endswith(newline)


@given(entries=st.lists(PACKAGES, max_size=5), inline=st.booleans(), blanks=st.sampled_from(["  ", "\t"]))
def test_of_any_setup_cfg_only_the_asked_for_changes(entries: list[str], inline: bool, blanks: str) -> None:
    first = entries[0] if inline and entries and ";" not in entries[0] else ""
    rest = entries[1:] if first else entries
    value = "".join(f"\n{blanks}{entry}" for entry in rest)
    text = f"[metadata]\nname = x\n[options]\ninstall_requires = {first}{value}\nzip_safe = no\n"
    result = after("setup.cfg", text)

    def needs(content: str) -> list[str]:
        file = configparser.ConfigParser(interpolation=None)
        file.read_string(content)
        assert file.get("options", "zip_safe") == "no"
        return [line for line in file.get("options", "install_requires").split("\n") if line]

    kept = [entry for entry in needs(text) if name_of(entry) != "aioredis"]
    assert [entry for entry in needs(result) if entry != "mooring"] == kept
    assert set(requirement_names(needs(result))) == expected_names(needs(text))
    assert after("setup.cfg", result) == result


KEYS = st.lists(st.sampled_from(["python", "redis", "aioredis", "flask", "Zope", '"quoted"']), unique=True, max_size=5)
VALUES = st.sampled_from(
    ['"*"', '{version = "^5", extras = ["hiredis"]}', '[\n  {version = "1"}, # ]\n  "2",\n]', "'^1'"]
)


@given(keys=KEYS, data=st.data())
def test_of_any_table_of_poetry_only_the_asked_for_changes(keys: list[str], data: st.DataObject) -> None:
    body = "".join(f"{key} = {data.draw(VALUES)}{data.draw(COMMENTS)}\n" for key in keys)
    text = f"[tool.poetry]\nname = 'x'\n\n[tool.poetry.dependencies]  # needs\n{body}\n[tool.ruff]\nline-length = 100\n"
    result = after("pyproject.toml", text)
    was, now = tomllib.loads(text), tomllib.loads(result)
    was["tool"]["poetry"]["dependencies"].pop("aioredis", None)
    assert now["tool"]["poetry"]["dependencies"].pop("mooring") == "*"
    assert was == now
    assert after("pyproject.toml", result) == result


@given(
    st.text(alphabet="[]{}\"'#=,.\\\n\r ab1", max_size=40), st.sampled_from(["pyproject.toml", "setup.cfg", "setup.py"])
)
def test_no_text_at_all_makes_an_editor_fail(text: str, name: str) -> None:
    try:
        edited(read(name, text), [MOORING], AIOREDIS)
    except Unsupported:
        return


def test_the_source_of_an_edit_is_the_file_itself() -> None:
    one = read("requirements.txt", "redis\n")
    assert edited(one, [MOORING], AIOREDIS) == SourceFile(
        "requirements.txt", Path("/tree/requirements.txt"), "mooring\nredis\n"
    )
