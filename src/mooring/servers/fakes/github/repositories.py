"""Users, repositories and what is in them, with every field that GitHub's description requires."""

from __future__ import annotations

import base64
from typing import Any

from mooring.servers.fakes.github.links import API, REPO_LINKS, USER_LINKS, WEB, WHEN, links, sha
from mooring.servers.fakes.github.state import Repo

__all__ = ["commit", "content", "folder", "match", "repository", "user"]


def user(login: str) -> dict[str, Any]:
    """Return a simple user."""
    url = f"{API}/users/{login}"
    number = int(sha(login)[:6], 16)
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{login}",
        "type": "User",
        "site_admin": False,
        **links(url, USER_LINKS),
    }


def repository(repo: Repo, *, full: bool = False) -> dict[str, Any]:
    """Return a repository as lists show it, or in full."""
    web = f"{WEB}/{repo.full_name}"
    waiting = sum(1 for issue in repo.issues.values() if issue.state == "open")
    body = {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "owner": user(repo.owner),
        "private": repo.private,
        "html_url": web,
        "description": repo.description or None,
        "fork": False,
        "url": repo.url,
        "default_branch": "main",
        "language": "Python",
        "stargazers_count": 7,
        "open_issues_count": waiting,
        "open_issues": waiting,
        "archived": False,
        "pushed_at": WHEN,
        **links(repo.url, REPO_LINKS),
    }
    if not full:
        return body
    return body | {
        "clone_url": f"{web}.git",
        "git_url": f"git://github.com/{repo.full_name}.git",
        "ssh_url": f"git@github.com:{repo.full_name}.git",
        "svn_url": web,
        "mirror_url": None,
        "homepage": None,
        "license": None,
        "size": 1,
        "disabled": False,
        "created_at": WHEN,
        "updated_at": WHEN,
        **dict.fromkeys(("forks", "forks_count", "network_count"), 0),
        **dict.fromkeys(("watchers", "watchers_count", "subscribers_count"), 7),
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True),
        **dict.fromkeys(("has_pages", "has_discussions"), False),
    }


def content(repo: Repo, path: str) -> dict[str, Any]:
    """Return a file."""
    text = repo.files[path].encode()
    return _entry(repo, path, "file", len(text)) | {
        "content": base64.encodebytes(text).decode(),
        "encoding": "base64",
    }


def folder(repo: Repo, path: str) -> list[dict[str, Any]]:
    """Return the entries of a folder; none if there is no such folder."""
    prefix = f"{path}/" if path else ""
    names: dict[str, str] = {}
    for file in sorted(repo.files):
        if file.startswith(prefix):
            name, _, deeper = file.removeprefix(prefix).partition("/")
            names[name] = "dir" if deeper else "file"
    return [_entry(repo, prefix + name, kind, 0) for name, kind in names.items()]


def match(repo: Repo, path: str) -> dict[str, Any]:
    """Return a file as a search finds it."""
    entry = _entry(repo, path, "file", 0)
    return {key: entry[key] for key in ("name", "path", "sha", "url", "git_url", "html_url")} | {
        "repository": repository(repo),
        "score": 1.0,
    }


def commit(repo: Repo, message: str) -> dict[str, Any]:
    """Return a commit."""
    name = sha(message)
    url = f"{repo.url}/commits/{name}"
    who = {"name": repo.owner, "email": f"{repo.owner}@example.com", "date": WHEN}
    return {
        "sha": name,
        "node_id": f"C_{name[:8]}",
        "url": url,
        "html_url": f"{WEB}/{repo.full_name}/commit/{name}",
        "comments_url": f"{url}/comments",
        "author": user(repo.owner),
        "committer": user(repo.owner),
        "parents": [],
        "commit": {
            "url": f"{repo.url}/git/commits/{name}",
            "message": message,
            "author": who,
            "committer": who,
            "comment_count": 0,
            "tree": {"sha": name, "url": f"{repo.url}/git/trees/{name}"},
        },
    }


def _entry(repo: Repo, path: str, kind: str, size: int) -> dict[str, Any]:
    name = sha(f"{repo.full_name}/{path}")
    url, web = f"{repo.url}/contents/{path}?ref=main", f"{WEB}/{repo.full_name}/blob/main/{path}"
    git = f"{repo.url}/git/blobs/{name}"
    return {
        "type": kind,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": name,
        "size": size,
        "url": url,
        "html_url": web,
        "git_url": git,
        "download_url": None if kind == "dir" else f"https://raw.githubusercontent.com/{repo.full_name}/main/{path}",
        "_links": {"self": url, "git": git, "html": web},
    }
