"""What the stand-in for GitHub holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from mooring.servers.fakes.github.links import API

__all__ = ["Comment", "Issue", "Repo", "beginning"]


@dataclass(slots=True)
class Comment:
    """A comment on an issue."""

    id: int
    author: str
    body: str


@dataclass(slots=True)
class Issue:
    """An issue, or with `head` a pull request."""

    number: int
    title: str
    author: str
    body: str | None = None
    state: str = "open"
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    head: str | None = None


@dataclass(slots=True)
class Repo:
    """A repository: its issues by number, its files by path, its commits, newest first."""

    id: int
    owner: str
    name: str
    private: bool = False
    description: str = ""
    issues: dict[int, Issue] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        """Where the API has it."""
        return f"{API}/repos/{self.full_name}"


def beginning() -> list[Repo]:
    """Return the repositories that there are at first."""
    rocket = Repo(1, "acme", "rocket", description="Flies")
    rocket.files = {"README.md": "# Rocket\n\nIt flies.\n", "src/engine.py": "def ignite() -> None: ...\n"}
    rocket.commits = ["Ignite the engine", "Begin"]
    rocket.issues = {
        number: Issue(number, f"Leak in tank {number}", "bob", "It drips.", labels=["bug"]) for number in range(1, 6)
    }
    rocket.issues[6] = Issue(6, "Seal the tank", "ada", "Closes #1.", head="seal")
    secret = Repo(2, "acme", "secret", private=True)
    secret.issues = {1: Issue(1, "Nobody may know", "ada", "Hush.")}
    return [rocket, secret, Repo(3, "ada", "notes")]
