"""`python fastmcp_github.py PORT REDIS_URL API_URL`: the rival of `mooring serve github`, by fastmcp.

Three of the tools with the results of ours, to the letter, behind fastmcp's caching middleware on py-key-value's Redis
store. It is set to its fastest: no session, no stream, no log of each request, results as plain dicts.
"""

from __future__ import annotations

import base64
import re
import sys
from typing import Any

import httpx2
from fastmcp import FastMCP  # type: ignore[import-not-found]
from fastmcp.server.middleware.caching import ResponseCachingMiddleware  # type: ignore[import-not-found]
from key_value.aio.stores.redis import RedisStore  # type: ignore[import-not-found]

_NEXT = re.compile(r'[?&]page=(\d+)[^>]*>;\s*rel="next"')


def main(port: int, redis_url: str, api_url: str) -> None:
    """Serve until told to stop."""
    headers = {"authorization": "Bearer ghp_bob", "accept": "application/vnd.github+json"}
    # It gives a connection up before the stand-in does, which closes it after 5 s; in doubt it would not try again.
    limits = httpx2.Limits(keepalive_expiry=2.0)
    github = httpx2.AsyncClient(base_url=api_url, headers=headers, limits=limits)

    async def get(path: str, **query: Any) -> httpx2.Response:
        return (await github.get(path, params=query)).raise_for_status()

    async def get_issue(owner: str, repo: str, number: int) -> dict[str, Any]:
        """Read an issue."""
        issue = (await get(f"/repos/{owner}/{repo}/issues/{number}")).json()
        return _given(_listed(issue) | {key: issue[key] for key in ("created_at", "closed_at", "body")})

    async def list_issues(owner: str, repo: str, page: int = 1, limit: int = 30) -> dict[str, Any]:
        """List issues and pull requests, newest first."""
        answer = await get(f"/repos/{owner}/{repo}/issues", state="open", page=page, per_page=limit)
        following = _NEXT.search(answer.headers.get("link", ""))
        items = [_given(_listed(issue)) for issue in answer.json()]
        return _given({"items": items, "next_page": int(following[1]) if following else None})

    async def get_file_content(owner: str, repo: str, path: str, ref: str) -> dict[str, Any]:
        """Read a file, at a branch, tag or commit."""
        file = (await get(f"/repos/{owner}/{repo}/contents/{path}", ref=ref)).json()
        same = {key: file[key] for key in ("path", "type", "size", "sha")}
        return {
            **same,
            "encoding": "utf-8",
            "text": base64.b64decode(file["content"]).decode(),
            "url": file["html_url"],
        }

    mcp = FastMCP("fastmcp-github", middleware=[ResponseCachingMiddleware(RedisStore(url=redis_url))])
    for tool in (get_issue, list_issues, get_file_content):
        mcp.tool(tool)
    mcp.run(
        transport="http",
        host="127.0.0.1",
        port=port,
        stateless_http=True,
        json_response=True,
        show_banner=False,
        log_level="warning",
        uvicorn_config={"access_log": False},
    )


def _listed(issue: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": issue["number"],
        "title": issue["title"],
        "state": issue["state"],
        "author": (issue["user"] or {}).get("login"),
        "labels": [label["name"] for label in issue["labels"]],
        "assignees": [user["login"] for user in issue["assignees"]],
        "comments": issue["comments"],
        "updated_at": issue["updated_at"],
        "pull_request": "pull_request" in issue,
        "url": issue["html_url"],
    }


def _given(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if value is not None}


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
