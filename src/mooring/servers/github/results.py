"""What the tools answer: of GitHub's fields those that a model works with."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field

from mooring.servers.projection import NumberedPage, Projection, at

__all__ = [
    "CodeMatch",
    "Comment",
    "Commit",
    "Content",
    "Found",
    "Issue",
    "IssueDetails",
    "PullRequest",
    "PullRequestDetails",
    "Repository",
]

_Item = TypeVar("_Item", bound=Projection)


def _names(key: str) -> BeforeValidator:
    """GitHub lists objects, older ones texts, where their names are all that matters."""
    return BeforeValidator(lambda found: [item if isinstance(item, str) else item[key] for item in found or ()])


_Labels = Annotated[list[str], _names("name")]
_Logins = Annotated[list[str], _names("login")]


class Repository(Projection):
    """A repository."""

    full_name: str
    description: str | None = None
    private: bool
    archived: bool = False
    default_branch: str | None = None
    language: str | None = None
    stars: int | None = at("stargazers_count", default=None)
    open_issues: int | None = None
    pushed_at: str | None = None
    url: str = at("html_url")


class Issue(Projection):
    """An issue as lists show it. `pull_request` tells that it is one."""

    number: int
    title: str
    state: str
    author: str | None = at("user", "login", default=None)
    labels: _Labels
    assignees: _Logins = Field(default_factory=list)
    comments: int
    updated_at: str
    pull_request: Annotated[bool, BeforeValidator(bool)] = False
    url: str = at("html_url")


class IssueDetails(Issue):
    """An issue with its text."""

    created_at: str
    closed_at: str | None = None
    body: str | None = None


class Comment(Projection):
    """A comment that was added."""

    id: int
    created_at: str
    url: str = at("html_url")


class PullRequest(Projection):
    """A pull request as lists show it."""

    number: int
    title: str
    state: str
    draft: bool = False
    author: str | None = at("user", "login", default=None)
    head: str = at("head", "ref")
    base: str = at("base", "ref")
    labels: _Labels
    updated_at: str
    merged_at: str | None = None
    url: str = at("html_url")


class PullRequestDetails(PullRequest):
    """A pull request with its text and its numbers."""

    head_sha: str = at("head", "sha")
    created_at: str
    mergeable: bool | None = None
    commits: int
    additions: int
    deletions: int
    changed_files: int
    body: str | None = None


class Content(Projection):
    """A file as text (base64 where it is none), or the names in a folder, sub-folders with a slash."""

    path: str
    type: str
    size: int | None = None
    sha: str | None = None
    encoding: Literal["utf-8", "base64"] | None = None
    text: str | None = None
    entries: list[str] | None = None
    url: str | None = None

    @classmethod
    def of(cls, path: str, body: dict[str, Any] | list[dict[str, Any]]) -> Self:
        """Read GitHub's answer: a list for a folder, an object for all else."""
        if isinstance(body, list):
            names = [entry["name"] + ("/" if entry["type"] == "dir" else "") for entry in body]
            return cls(path=path, type="dir", entries=names)
        same = {key: body[key] for key in ("path", "type", "size", "sha")}
        if body.get("encoding") != "base64":  # a link, a submodule, or a file above 1 MB, which GitHub gives no text of
            return cls(**same, text=body.get("target"), url=body["html_url"])
        encoding, text = _decoded(body["content"])
        return cls(**same, encoding=encoding, text=text, url=body["html_url"])


class CodeMatch(Projection):
    """A file that a search found."""

    repository: str = at("repository", "full_name")
    path: str
    sha: str
    url: str = at("html_url")


class Found(NumberedPage[_Item], Generic[_Item]):
    """A page of what a search found."""

    total: int = at("total_count")
    incomplete: bool = at("incomplete_results")


class Commit(Projection):
    """A commit. `author` is a login where GitHub knows one, `author_name` what the commit says."""

    sha: str
    message: str = at("commit", "message")
    author: str | None = at("author", "login", default=None)
    author_name: str | None = at("commit", "author", "name", default=None)
    date: str | None = at("commit", "author", "date", default=None)
    url: str = at("html_url")


def _decoded(content: str) -> tuple[Literal["utf-8", "base64"], str]:
    try:
        return "utf-8", base64.b64decode(content).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "base64", content
