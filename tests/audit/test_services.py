"""Services: the directories with an entry point, and which of them a file belongs to."""

from __future__ import annotations

import pytest

from mooring.audit.facts import Service
from mooring.audit.project.services import find_services, service_of


def found(files: dict[str, bytes]) -> list[tuple[str, str, str, str]]:
    return [(s.name, s.path, s.kind, s.entry) for s in find_services(files, files.__getitem__)]


@pytest.mark.parametrize("entry", ["server.py", "main.py", "app.py", "__main__.py"])
def test_a_directory_with_an_entry_point_is_a_service(entry: str) -> None:
    assert found({f"pay/api/{entry}": b"", "pay/api/other.py": b""}) == [
        ("api", "pay/api", "python", f"pay/api/{entry}")
    ]


def test_a_directory_without_one_is_none() -> None:
    assert found({"lib/a.py": b"", "lib/my_server.py": b"", "lib/server.pyi": b""}) == []


def test_of_several_entry_points_the_server_speaks_for_the_directory() -> None:
    assert found({"a/app.py": b"", "a/server.py": b"", "a/main.py": b""}) == [("a", "a", "python", "a/server.py")]


def test_the_root_can_be_a_service() -> None:
    assert found({"main.py": b""}) == [(".", ".", "python", "main.py")]


def test_services_come_in_the_order_of_their_paths() -> None:
    assert [path for _, path, _, _ in found({"b/app.py": b"", "a/app.py": b"", "a/c/app.py": b""})] == ["a", "a/c", "b"]


@pytest.mark.parametrize(
    ("path", "data", "kind"),
    [
        ("a/server.py", b"from mcp.server.fastmcp import FastMCP\n", "mcp"),
        ("a/server.py", b"import fastmcp\n", "mcp"),
        ("mcp_servers/a/server.py", b"", "mcp"),
        ("a/server.py", b"import fastapi\n", "python"),
    ],
)
def test_a_service_speaks_mcp_if_it_imports_an_sdk_or_its_path_says_so(path: str, data: bytes, kind: str) -> None:
    assert [service[2] for service in found({path: data})] == [kind]


def test_a_file_belongs_to_the_innermost_service_around_it() -> None:
    services = [Service(path, path, "python", f"{path}/main.py") for path in (".", "a", "a/b", "ab")]
    owners = {path: service_of(services, path) for path in ("x.py", "a/x.py", "a/b/c/x.py", "ab/x.py", "abc/x.py")}
    assert {path: owner and owner.path for path, owner in owners.items()} == {
        "x.py": ".",
        "a/x.py": "a",
        "a/b/c/x.py": "a/b",
        "ab/x.py": "ab",
        "abc/x.py": ".",
    }
    assert service_of(services[1:], "x.py") is None
