"""Addresses and names as GitHub gives them: its answers consist of links for the greater part."""

from __future__ import annotations

import hashlib

__all__ = ["API", "REPO_LINKS", "USER_LINKS", "WEB", "WHEN", "links", "sha"]

API = "https://api.github.com"
WEB = "https://github.com"

USER_LINKS = (
    "followers_url:followers",
    "following_url:following{/other_user}",
    "gists_url:gists{/gist_id}",
    "starred_url:starred{/owner}{/repo}",
    "subscriptions_url:subscriptions",
    "organizations_url:orgs",
    "repos_url:repos",
    "events_url:events{/privacy}",
    "received_events_url:received_events",
)
REPO_LINKS = (
    "archive_url:{archive_format}{/ref}",
    "assignees_url:assignees{/user}",
    "blobs_url:git/blobs{/sha}",
    "branches_url:branches{/branch}",
    "collaborators_url:collaborators{/collaborator}",
    "comments_url:comments{/number}",
    "commits_url:commits{/sha}",
    "compare_url:compare/{base}...{head}",
    "contents_url:contents/{+path}",
    "contributors_url:contributors",
    "deployments_url:deployments",
    "downloads_url:downloads",
    "events_url:events",
    "forks_url:forks",
    "git_commits_url:git/commits{/sha}",
    "git_refs_url:git/refs{/sha}",
    "git_tags_url:git/tags{/sha}",
    "hooks_url:hooks",
    "issue_comment_url:issues/comments{/number}",
    "issue_events_url:issues/events{/number}",
    "issues_url:issues{/number}",
    "keys_url:keys{/key_id}",
    "labels_url:labels{/name}",
    "languages_url:languages",
    "merges_url:merges",
    "milestones_url:milestones{/number}",
    "notifications_url:notifications{?since,all,participating}",
    "pulls_url:pulls{/number}",
    "releases_url:releases{/id}",
    "stargazers_url:stargazers",
    "statuses_url:statuses/{sha}",
    "subscribers_url:subscribers",
    "subscription_url:subscription",
    "tags_url:tags",
    "teams_url:teams",
    "trees_url:git/trees{/sha}",
)
WHEN = "2026-01-02T03:04:05Z"
"""When everything happened."""


def sha(text: str) -> str:
    """Return a name such as git gives."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def links(url: str, below: tuple[str, ...]) -> dict[str, str]:
    """Return the links below a URL: each is written `name:path`, a path that begins with a brace has its own slash."""
    pairs = (link.partition(":") for link in below)
    return {name: f"{url}/{path}" for name, _, path in pairs}
