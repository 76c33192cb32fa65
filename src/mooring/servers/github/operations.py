"""The operations of GitHub's REST API that the tools use, by GitHub's own operation ids.

Tags: `repo:o/r` is the repository itself, `issues:o/r` and `pulls:o/r` its lists, `issue:o/r#1` one issue or pull
request, `search` every search. GitHub counts most operations against 5,000 an hour, searches against 30 a minute and
code searches against 10 (https://docs.github.com/en/rest/search/search#rate-limit).
"""

from __future__ import annotations

from mooring.cache import Policy
from mooring.servers.failures import Limited, Unavailable
from mooring.servers.operation import Operation, Read, Write

__all__ = [
    "CREATE_COMMENT",
    "CREATE_ISSUE",
    "GET_CONTENT",
    "GET_ISSUE",
    "GET_PULL",
    "GET_REPO",
    "GET_USER",
    "LIST_COMMITS",
    "LIST_ISSUES",
    "LIST_ORG_REPOS",
    "LIST_PULLS",
    "LIST_USER_REPOS",
    "OPERATIONS",
    "SEARCH_CODE",
    "SEARCH_ISSUES",
]

_HOUR = 3_600.0
_FAILING = (Limited, Unavailable)

# An answer older than its ttl costs no quota to confirm: GitHub gives ETags, and a 304 is free.
_LIVELY = Policy(ttl=30, stale_if_error=_HOUR, stale_on=_FAILING)
_CALM = Policy(ttl=300, stale_while_revalidate=60, stale_if_error=24 * _HOUR, stale_on=_FAILING)
_SEARCH = Policy(ttl=60, stale_if_error=_HOUR, stale_on=_FAILING)

GET_USER = Read(name="users/get-authenticated", path="/user", policy=_CALM, tags=())
LIST_ORG_REPOS = Read(name="repos/list-for-org", path="/orgs/{org}/repos", policy=_CALM, tags=("repos:{org}",))
LIST_USER_REPOS = Read(
    name="repos/list-for-user", path="/users/{username}/repos", policy=_CALM, tags=("repos:{username}",)
)
GET_REPO = Read(name="repos/get", path="/repos/{owner}/{repo}", policy=_CALM, tags=("repo:{owner}/{repo}",))
LIST_ISSUES = Read(
    name="issues/list-for-repo", path="/repos/{owner}/{repo}/issues", policy=_LIVELY, tags=("issues:{owner}/{repo}",)
)
GET_ISSUE = Read(
    name="issues/get",
    path="/repos/{owner}/{repo}/issues/{issue_number}",
    policy=_LIVELY,
    tags=("issue:{owner}/{repo}#{issue_number}",),
)
CREATE_ISSUE = Write(
    name="issues/create",
    path="/repos/{owner}/{repo}/issues",
    touches=(
        "issues:{owner}/{repo}",
        "issue:{owner}/{repo}#{number}",
        "repo:{owner}/{repo}",
        "repos:{owner}",
        "search",
    ),
)
CREATE_COMMENT = Write(
    name="issues/create-comment",
    path="/repos/{owner}/{repo}/issues/{issue_number}/comments",
    # A pull request is an issue too: its own pages count its comments.
    touches=("issue:{owner}/{repo}#{issue_number}", "issues:{owner}/{repo}", "pulls:{owner}/{repo}", "search"),
)
LIST_PULLS = Read(name="pulls/list", path="/repos/{owner}/{repo}/pulls", policy=_LIVELY, tags=("pulls:{owner}/{repo}",))
GET_PULL = Read(
    name="pulls/get",
    path="/repos/{owner}/{repo}/pulls/{pull_number}",
    policy=_LIVELY,
    tags=("issue:{owner}/{repo}#{pull_number}",),
)
GET_CONTENT = Read(
    name="repos/get-content",
    path="/repos/{owner}/{repo}/contents/{+path}",
    policy=_CALM,
    tags=("code:{owner}/{repo}",),
)
LIST_COMMITS = Read(
    name="repos/list-commits", path="/repos/{owner}/{repo}/commits", policy=_LIVELY, tags=("code:{owner}/{repo}",)
)
SEARCH_CODE = Read(name="search/code", path="/search/code", policy=_SEARCH, tags=("search",), budget="code_search")
SEARCH_ISSUES = Read(
    name="search/issues-and-pull-requests", path="/search/issues", policy=_SEARCH, tags=("search",), budget="search"
)

OPERATIONS: tuple[Operation, ...] = (
    GET_USER,
    LIST_ORG_REPOS,
    LIST_USER_REPOS,
    GET_REPO,
    LIST_ISSUES,
    GET_ISSUE,
    CREATE_ISSUE,
    CREATE_COMMENT,
    LIST_PULLS,
    GET_PULL,
    GET_CONTENT,
    LIST_COMMITS,
    SEARCH_CODE,
    SEARCH_ISSUES,
)
"""All of them: what the contract test holds against GitHub's description."""
