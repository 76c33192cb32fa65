"""`mooring serve`: run an MCP server for a vendor's API."""

from __future__ import annotations

import click

from mooring.errors import MissingExtra
from mooring.runtime.manager import RedisConnectionManager

__all__ = ["command"]


@click.command("serve")
@click.argument("server", type=click.Choice(["github", "slack", "hubspot", "gong"]))
@click.option("--fake", is_flag=True, help="Use a stand-in instead of the vendor: needs no token and no network.")
@click.option("--transport", type=click.Choice(["stdio", "http"]), help="Standard streams, or HTTP at /mcp.  [stdio]")
@click.option("--host", help="Address that HTTP listens at.  [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port that HTTP listens at, 0 for a free one.  [8000]")
@click.option("--read-only", is_flag=True, default=None, help="Leave out the tools that write.")
@click.option("--toolsets", metavar="NAMES", help="Offer only these groups of tools, separated by commas.")
def command(
    server: str,
    fake: bool,
    transport: str | None,
    host: str | None,
    port: int | None,
    read_only: bool | None,
    toolsets: str | None,
) -> None:
    """Serve the API of a vendor to MCP clients, cached in Redis.

    Takes the token from GITHUB_TOKEN, SLACK_TOKEN, HUBSPOT_TOKEN or GONG_TOKEN, over HTTP also from each request
    (Authorization: Bearer). Where Redis is, and what else can be set, is read from the environment: MOORING_REDIS,
    MOORING_RESPONSE_BUDGET and others (mooring.servers.settings). Without Redis all works, uncached. Logs are
    JSON lines on standard error. HTTP also has /livez, /readyz and /metrics; SIGTERM lets calls under way end.

    Exits with 0 after an orderly end, 2 on wrong usage or settings.
    """
    try:
        from mooring.servers.app import App  # noqa: PLC0415 - comes with an extra
        from mooring.servers.running import serve  # noqa: PLC0415
        from mooring.servers.settings import Settings  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{error.name}, which a server needs,", "servers") from error
    settings = Settings.load(transport=transport, host=host, port=port, read_only=read_only, toolsets=toolsets)
    with RedisConnectionManager() as manager:
        manager.async_client(settings.redis)  # connects to nothing; a fault in the settings is better told now
    serve(App.on_fake(server, settings) if fake else App(server, settings))
