"""Issues, pull requests and comments, with every field that GitHub's description requires."""

from __future__ import annotations

from typing import Any

from mooring.servers.fakes.github.links import WEB, WHEN, sha
from mooring.servers.fakes.github.repositories import repository, user
from mooring.servers.fakes.github.state import Comment, Issue, Repo

__all__ = ["comment", "issue", "pull"]


def issue(repo: Repo, entry: Issue, *, score: float | None = None) -> dict[str, Any]:
    """Return an issue; with a score, as a search finds it."""
    url = f"{repo.url}/issues/{entry.number}"
    body = {
        **_common(repo, entry, url),
        "repository_url": repo.url,
        "labels_url": f"{url}/labels{{/name}}",
        "events_url": f"{url}/events",
        "html_url": _web(repo, entry),
        "comments": len(entry.comments),
    }
    if entry.head:
        body["pull_request"] = {
            "url": f"{repo.url}/pulls/{entry.number}",
            "html_url": _web(repo, entry),
            "diff_url": f"{_web(repo, entry)}.diff",
            "patch_url": f"{_web(repo, entry)}.patch",
        }
    return body if score is None else body | {"score": score}


def comment(repo: Repo, entry: Issue, one: Comment) -> dict[str, Any]:
    """Return a comment."""
    return {
        "id": one.id,
        "node_id": f"IC_{one.id}",
        "url": f"{repo.url}/issues/comments/{one.id}",
        "html_url": f"{_web(repo, entry)}#issuecomment-{one.id}",
        "issue_url": f"{repo.url}/issues/{entry.number}",
        "user": user(one.author),
        "body": one.body,
        "created_at": WHEN,
        "updated_at": WHEN,
        "author_association": "MEMBER",
    }


def pull(repo: Repo, entry: Issue, *, full: bool = False) -> dict[str, Any]:
    """Return a pull request as lists show it, or in full."""
    url = f"{repo.url}/pulls/{entry.number}"
    link = {"href": url}
    whole = repository(repo, full=True)
    head = entry.head or "topic"
    web = _web(repo, entry)
    body = {
        **_common(repo, entry, url),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": f"{repo.url}/issues/{entry.number}",
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{repo.url}/pulls/comments{{/number}}",
        "statuses_url": f"{repo.url}/statuses/{sha(head)}",
        "merge_commit_sha": None,
        "merged_at": None,
        "draft": False,
        "auto_merge": None,
        "head": _branch(repo, head, whole),
        "base": _branch(repo, "main", whole),
        "_links": dict.fromkeys(
            ("self", "html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses"), link
        ),
    }
    if not full:
        return body
    return body | {
        "merged": False,
        "mergeable": True,
        "mergeable_state": "clean",
        "merged_by": None,
        "maintainer_can_modify": False,
        "comments": len(entry.comments),
        "review_comments": 0,
        "commits": 1,
        "additions": 10,
        "deletions": 2,
        "changed_files": 1,
    }


def _common(repo: Repo, entry: Issue, url: str) -> dict[str, Any]:
    """Return what issues and pull requests share."""
    assignees = [user(login) for login in entry.assignees]
    return {
        "id": repo.id * 1_000 + entry.number,
        "node_id": f"I_{entry.number}",
        "number": entry.number,
        "url": url,
        "title": entry.title,
        "state": entry.state,
        "locked": False,
        "user": user(entry.author),
        "labels": [_label(repo, name) for name in entry.labels],
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "comments_url": f"{repo.url}/issues/{entry.number}/comments",
        "created_at": WHEN,
        "updated_at": WHEN,
        "closed_at": None if entry.state == "open" else WHEN,
        "author_association": "MEMBER",
        "body": entry.body,
    }


def _label(repo: Repo, name: str) -> dict[str, Any]:
    number = int(sha(name)[:6], 16)
    url = f"{repo.url}/labels/{name}"
    told = {"id": number, "node_id": f"L_{number}", "url": url, "name": name}
    return told | {"description": None, "color": "ededed", "default": False}


def _branch(repo: Repo, name: str, whole: dict[str, Any]) -> dict[str, Any]:
    return {
        "label": f"{repo.owner}:{name}",
        "ref": name,
        "sha": sha(name),
        "user": user(repo.owner),
        "repo": whole,
    }


def _web(repo: Repo, entry: Issue) -> str:
    return f"{WEB}/{repo.full_name}/{'pull' if entry.head else 'issues'}/{entry.number}"
