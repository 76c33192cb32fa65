"""GitHub's tools."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mooring.servers.call import Call
from mooring.servers.failures import Missing
from mooring.servers.github import operations as github
from mooring.servers.github.results import (
    CodeMatch,
    Comment,
    Commit,
    Content,
    Found,
    Issue,
    IssueDetails,
    PullRequest,
    PullRequestDetails,
    Repository,
)
from mooring.servers.projection import NumberedPage
from mooring.servers.toolset import Toolset
from mooring.servers.vendor import Answer

__all__ = ["tools"]

tools = Toolset()

Number = Annotated[int, Field(ge=1)]
Limit = Annotated[int, Field(ge=1, le=100)]
State = Literal["open", "closed", "all"]


@tools.read("repos")
async def list_repositories(call: Call, owner: str, page: Number = 1, limit: Limit = 30) -> NumberedPage[Repository]:
    """List the repositories of an organization or user."""
    try:
        answer = await call.read(github.LIST_ORG_REPOS, org=owner, page=page, per_page=limit)
    except Missing:
        answer = await call.read(github.LIST_USER_REPOS, username=owner, page=page, per_page=limit)
    return NumberedPage[Repository].model_validate(_page(answer))


@tools.read("repos")
async def get_repository(call: Call, owner: str, repo: str) -> Repository:
    """Show a repository."""
    answer = await call.read(github.GET_REPO, owner=owner, repo=repo)
    return Repository.model_validate(answer.body)


@tools.read("repos")
async def get_file_content(call: Call, owner: str, repo: str, path: str = "", ref: str | None = None) -> Content:
    """Read a file, or list a folder, at a branch, tag or commit."""
    answer = await call.read(github.GET_CONTENT, owner=owner, repo=repo, path=path, ref=ref)
    return Content.of(path, answer.body)


@tools.read("repos")
async def list_commits(
    call: Call,
    owner: str,
    repo: str,
    sha: str | None = None,
    path: str | None = None,
    page: Number = 1,
    limit: Limit = 30,
) -> NumberedPage[Commit]:
    """List commits of a branch (sha), newest first, also those of one path."""
    answer = await call.read(github.LIST_COMMITS, owner=owner, repo=repo, sha=sha, path=path, page=page, per_page=limit)
    return NumberedPage[Commit].model_validate(_page(answer))


@tools.read("issues")
async def list_issues(
    call: Call,
    owner: str,
    repo: str,
    state: State = "open",
    labels: str | None = None,
    page: Number = 1,
    limit: Limit = 30,
) -> NumberedPage[Issue]:
    """List issues and pull requests, newest first; labels by commas."""
    answer = await call.read(
        github.LIST_ISSUES, owner=owner, repo=repo, state=state, labels=labels, page=page, per_page=limit
    )
    return NumberedPage[Issue].model_validate(_page(answer))


@tools.read("issues")
async def get_issue(call: Call, owner: str, repo: str, number: Number) -> IssueDetails:
    """Read an issue."""
    answer = await call.read(github.GET_ISSUE, owner=owner, repo=repo, issue_number=number)
    return IssueDetails.model_validate(answer.body)


@tools.write("issues")
async def create_issue(
    call: Call,
    owner: str,
    repo: str,
    title: str,
    body: str | None = None,
    labels: list[str] | None = None,
    assignees: list[str] | None = None,
) -> IssueDetails:
    """Open an issue."""
    answer = await call.write(
        github.CREATE_ISSUE, owner=owner, repo=repo, title=title, body=body, labels=labels, assignees=assignees
    )
    return IssueDetails.model_validate(answer.body)


@tools.write("issues")
async def add_issue_comment(call: Call, owner: str, repo: str, number: Number, body: str) -> Comment:
    """Comment on an issue or pull request."""
    answer = await call.write(github.CREATE_COMMENT, owner=owner, repo=repo, issue_number=number, body=body)
    return Comment.model_validate(answer.body)


@tools.read("pulls")
async def list_pull_requests(
    call: Call, owner: str, repo: str, state: State = "open", page: Number = 1, limit: Limit = 30
) -> NumberedPage[PullRequest]:
    """List pull requests, newest first."""
    answer = await call.read(github.LIST_PULLS, owner=owner, repo=repo, state=state, page=page, per_page=limit)
    return NumberedPage[PullRequest].model_validate(_page(answer))


@tools.read("pulls")
async def get_pull_request(call: Call, owner: str, repo: str, number: Number) -> PullRequestDetails:
    """Read a pull request."""
    answer = await call.read(github.GET_PULL, owner=owner, repo=repo, pull_number=number)
    return PullRequestDetails.model_validate(answer.body)


@tools.read("search")
async def search_code(call: Call, query: str, page: Number = 1, limit: Limit = 30) -> Found[CodeMatch]:
    """Search code, in GitHub's syntax (repo:o/r language:python words)."""
    answer = await call.read(github.SEARCH_CODE, q=query, page=page, per_page=limit)
    return Found[CodeMatch].model_validate({**answer.body, "next_page": answer.next})


@tools.read("search")
async def search_issues(call: Call, query: str, page: Number = 1, limit: Limit = 30) -> Found[Issue]:
    """Search issues and pull requests, in GitHub's syntax (is:open label:bug words)."""
    answer = await call.read(github.SEARCH_ISSUES, q=query, page=page, per_page=limit)
    return Found[Issue].model_validate({**answer.body, "next_page": answer.next})


def _page(answer: Answer) -> dict[str, object]:
    return {"items": answer.body, "next_page": answer.next}
