"""A stand-in for GitHub: two users, an organization with a public and a private repository, issues that change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.servers.fakes.github.issues import comment, issue, pull
from mooring.servers.fakes.github.links import WHEN, sha
from mooring.servers.fakes.github.repositories import commit, content, folder, match, repository, user
from mooring.servers.fakes.github.state import Comment, Issue, Repo, beginning
from mooring.servers.fakes.vendor import Fake, Limit, Stop

__all__ = ["TOKENS", "FakeGitHub", "fake"]

TOKENS = {"default": "ghp_ada"}
"""What a try-out works with."""


class FakeGitHub(Fake):
    """GitHub's REST API, as far as the tools use it. `secondary` writes are let through before the secondary limit."""

    accounts: ClassVar[Mapping[str, str]] = {
        "ghp_ada": "ada",
        "ghp_ada_2": "ada",
        "ghp_bob": "bob",
        "ghs_app": "rocket[bot]",
    }

    def __init__(self) -> None:
        super().__init__()
        self.limits = {"core": Limit(5_000, 3_600), "search": Limit(30, 60), "code_search": Limit(10, 60)}
        self.secondary: int | None = None
        self.repos = {repo.full_name: repo for repo in beginning()}

    def routes(self) -> list[tuple[str, str, str, Callable[..., Awaitable[Response]]]]:
        """List the operations."""
        repo = "/repos/{owner}/{repo}"
        return [
            ("GET", "/user", "core", self._user),
            ("GET", "/orgs/{org}/repos", "core", self._org_repos),
            ("GET", "/users/{username}/repos", "core", self._user_repos),
            ("GET", "/search/code", "code_search", self._search_code),
            ("GET", "/search/issues", "search", self._search_issues),
            ("GET", repo, "core", self._repo),
            ("GET", f"{repo}/issues", "core", self._issues),
            ("POST", f"{repo}/issues", "core", self._create_issue),
            ("GET", f"{repo}/issues/{{issue_number:int}}", "core", self._issue),
            ("POST", f"{repo}/issues/{{issue_number:int}}/comments", "core", self._create_comment),
            ("GET", f"{repo}/pulls", "core", self._pulls),
            ("GET", f"{repo}/pulls/{{pull_number:int}}", "core", self._pull),
            ("GET", f"{repo}/contents/{{path:path}}", "core", self._content),
            ("GET", f"{repo}/commits", "core", self._commits),
        ]

    def refused(self, reason: str) -> Response:
        """Refuse a request without a valid token."""
        del reason
        return JSONResponse({"message": "Bad credentials", "documentation_url": _DOCS, "status": "401"}, 401)

    def limited(self, limit: Limit, wait: float) -> Response:
        """Refuse a call too many: 403, without Retry-After, as GitHub does."""
        del wait
        body = {"message": "API rate limit exceeded for user ID 1.", "documentation_url": _DOCS}
        return JSONResponse(body, 403, _limit_headers(limit, 0))

    def finished(self, request: Request, response: Response, budget: str, left: int | None) -> Response:
        """Add the headers of the rate limit, and the scopes of a classic token."""
        del request
        if left is not None:
            response.headers.update(_limit_headers(self.limits[budget], left))
        response.headers["x-oauth-scopes"] = "repo"
        return response

    async def _user(self, account: str, _: dict[str, Any]) -> Response:
        if account.endswith("[bot]"):  # an installation of an app is no user
            told = {"message": "Resource not accessible by integration", "documentation_url": _DOCS, "status": "403"}
            raise Stop(JSONResponse(told, 403))
        nothing = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
        counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
        body = {**user(account), **nothing, **counts, "user_view_type": "public"}
        return _tagged(body | {"created_at": WHEN, "updated_at": WHEN})

    async def _org_repos(self, account: str, given: dict[str, Any]) -> Response:
        if given["org"] != "acme":
            raise Stop(_missing())
        return self._page(given, [repository(repo) for repo in self._visible(account) if repo.owner == "acme"])

    async def _user_repos(self, account: str, given: dict[str, Any]) -> Response:
        if given["username"] not in self.accounts.values():
            raise Stop(_missing())
        mine = [repository(repo) for repo in self._visible(account) if repo.owner == given["username"]]
        return self._page(given, mine)

    async def _repo(self, account: str, given: dict[str, Any]) -> Response:
        return _tagged(repository(self._found(account, given), full=True))

    async def _issues(self, account: str, given: dict[str, Any]) -> Response:
        repo = self._found(account, given)
        state, labels = given.get("state", "open"), set(filter(None, given.get("labels", "").split(",")))
        chosen = [one for one in _newest(repo) if state in {one.state, "all"} and labels <= set(one.labels)]
        return self._page(given, [issue(repo, one) for one in chosen])

    async def _issue(self, account: str, given: dict[str, Any]) -> Response:
        repo = self._found(account, given)
        return _tagged(issue(repo, _numbered(repo, given["issue_number"])))

    async def _create_issue(self, account: str, given: dict[str, Any]) -> Response:
        repo = self._writable(account, given)
        if not isinstance(given.get("title"), str) or not given["title"]:
            raise Stop(_invalid("Issue", "title", "missing_field"))
        one = Issue(max(repo.issues, default=0) + 1, given["title"], account, given.get("body"))
        one.labels, one.assignees = list(given.get("labels", ())), list(given.get("assignees", ()))
        repo.issues[one.number] = one
        return JSONResponse(issue(repo, one), 201)

    async def _create_comment(self, account: str, given: dict[str, Any]) -> Response:
        repo = self._writable(account, given)
        entry = _numbered(repo, given["issue_number"])
        if not isinstance(given.get("body"), str) or not given["body"]:
            raise Stop(_invalid("IssueComment", "body", "missing_field"))
        one = Comment(entry.number * 1_000 + len(entry.comments) + 1, account, given["body"])
        entry.comments.append(one)
        return JSONResponse(comment(repo, entry, one), 201)

    async def _pulls(self, account: str, given: dict[str, Any]) -> Response:
        repo = self._found(account, given)
        chosen = [one for one in _newest(repo) if one.head and given.get("state", "open") in {one.state, "all"}]
        return self._page(given, [pull(repo, one) for one in chosen])

    async def _pull(self, account: str, given: dict[str, Any]) -> Response:
        repo = self._found(account, given)
        one = _numbered(repo, given["pull_number"])
        if one.head is None:
            raise Stop(_missing())
        return _tagged(pull(repo, one, full=True))

    async def _content(self, account: str, given: dict[str, Any]) -> Response:
        repo = self._found(account, given)
        path = given["path"].strip("/")
        body = content(repo, path) if path in repo.files else folder(repo, path)
        return _tagged(body) if body else _missing()

    async def _commits(self, account: str, given: dict[str, Any]) -> Response:
        repo = self._found(account, given)
        return self._page(given, [commit(repo, message) for message in repo.commits])

    async def _search_code(self, account: str, given: dict[str, Any]) -> Response:
        words = _words(given)
        found = [
            match(repo, path)
            for repo in self._visible(account)
            for path, text in repo.files.items()
            if all(word in f"{path} {text}".lower() for word in words)
        ]
        return self._page(given, found, search=True)

    async def _search_issues(self, account: str, given: dict[str, Any]) -> Response:
        words = _words(given)
        found = [
            issue(repo, one, score=1.0)
            for repo in self._visible(account)
            for one in _newest(repo)
            if all(word in f"{one.title} {one.body}".lower() for word in words)
        ]
        return self._page(given, found, search=True)

    def _visible(self, account: str) -> list[Repo]:
        """List what an account may see: private repositories are ada's."""
        return [repo for repo in self.repos.values() if not repo.private or account == "ada"]

    def _found(self, account: str, given: dict[str, Any]) -> Repo:
        wanted = f"{given['owner']}/{given['repo']}".lower()
        for repo in self._visible(account):
            if repo.full_name == wanted:
                return repo
        raise Stop(_missing())

    def _writable(self, account: str, given: dict[str, Any]) -> Repo:
        if self.secondary is not None:
            self.secondary -= 1
            if self.secondary < 0:
                told = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
                raise Stop(JSONResponse({"message": told, "documentation_url": _DOCS}, 403))
        return self._found(account, given)

    def _page(self, given: dict[str, Any], items: list[dict[str, Any]], *, search: bool = False) -> Response:
        """Cut a page out of a list, with a Link header while there is more."""
        try:
            page, size = int(given.get("page", 1)), min(100, int(given.get("per_page", 30)))
        except ValueError:
            raise Stop(_invalid("Search", "page", "invalid")) from None
        end = page * size
        part: Any = items[end - size : end]
        if search:
            part = {"total_count": len(items), "incomplete_results": False, "items": part, "search_type": "lexical"}
        response = _tagged(part)
        if end < len(items):
            response.headers["link"] = f'<https://api.github.com/x?per_page={size}&page={page + 1}>; rel="next"'
        return response


def fake() -> FakeGitHub:
    """Return a stand-in with something in it."""
    return FakeGitHub()


_DOCS = "https://docs.github.com/rest"


def _newest(repo: Repo) -> list[Issue]:
    return sorted(repo.issues.values(), key=lambda one: -one.number)


def _numbered(repo: Repo, number: int) -> Issue:
    if number not in repo.issues:
        raise Stop(_missing())
    return repo.issues[number]


def _words(given: dict[str, Any]) -> list[str]:
    if not given.get("q"):
        raise Stop(_invalid("Search", "q", "missing"))
    return [word for word in str(given["q"]).lower().split() if ":" not in word]


def _tagged(body: Any) -> Response:
    response = JSONResponse(body)
    response.headers["etag"] = f'W/"{sha(bytes(response.body).decode())}"'
    return response


def _missing() -> Response:
    return JSONResponse({"message": "Not Found", "documentation_url": _DOCS, "status": "404"}, 404)


def _invalid(resource: str, name: str, code: str) -> Response:
    errors = [{"resource": resource, "field": name, "code": code}]
    return JSONResponse({"message": "Validation Failed", "documentation_url": _DOCS, "errors": errors}, 422)


def _limit_headers(limit: Limit, left: int) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit.calls),
        "x-ratelimit-remaining": str(max(0, left)),
        "x-ratelimit-used": str(limit.calls - left),
        "x-ratelimit-reset": str(round(limit.ends)),
    }
