"""`mooring watch`: see from outside how a Redis answers, and who is connected to it."""

from __future__ import annotations

import contextlib
import importlib.util
import time
from collections.abc import Callable, Iterator

import click

from mooring.cli.audit import has_color
from mooring.cli.watch.endpoints import read_pools
from mooring.cli.watch.sight import Watcher
from mooring.config.settings import RedisSettings
from mooring.doctor import Outcome, Scale, Target, examine
from mooring.report.diagnosis import headline
from mooring.report.watch import Sight, render_json, render_text

__all__ = ["command"]


@click.command("watch", short_help="Watch a Redis: round trips, the server, its clients.")
@click.argument("name", default="default")
@click.option("--url", help="Watch what this URL names. A password in it shows in the list of processes.")
@click.option("--interval", type=click.FloatRange(0.1, 3600), default=2.0, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Look once.")
@click.option("as_json", "--json", is_flag=True, help="One line of JSON a look (docs/schema/watch-1.json).")
@click.option("endpoints", "--endpoint", multiple=True, metavar="URL", help="A service's /metrics, for its pools.")
@click.pass_context
def command(
    context: click.Context,
    name: str,
    url: str | None,
    interval: float,
    once: bool,
    as_json: bool,
    endpoints: tuple[str, ...],
) -> None:
    """Watch a Redis: round trips, the server, its clients by name, and the pools of services that tell of them.

    On a terminal the view is live; elsewhere each look is written below the last. Ctrl-C ends it.

    Exits with 0; with 2 on wrong usage or settings; and where the first look fails, with the class that `mooring
    doctor` finds: 3 DNS, 4 TCP, 5 TLS, 6 authentication or rights, 7 the state of the server.
    """
    settings = RedisSettings.load(name, overrides={"url": url} if url else {})
    with Watcher(settings, {"url": url} if url else {}) as watcher:

        def look() -> Sight:
            return watcher.look(read_pools(endpoints))

        try:
            first = look()
            if not first.round_trips and (outcome := _explained(settings)) > Outcome.USAGE:
                context.exit(int(outcome))
            with _shown(as_json=as_json, live=not once) as show:
                show(first)
                while not once:
                    time.sleep(interval)
                    show(look())
        except KeyboardInterrupt:
            # How a view is left is no failure.
            context.exit(0)


def _explained(settings: RedisSettings) -> Outcome:
    """Tell on standard error why there is nothing to see."""
    diagnosis = examine(Target.of(settings), Scale())
    click.echo(f"mooring: error: {headline(diagnosis)}", err=True)
    return diagnosis.outcome


@contextlib.contextmanager
def _shown(*, as_json: bool, live: bool) -> Iterator[Callable[[Sight], None]]:
    """Give what shows a look: in place on a terminal that can, else below the last."""
    if live and not as_json and has_color() and importlib.util.find_spec("rich") is not None:
        from rich.live import Live  # noqa: PLC0415 - of an extra, and slow to load
        from rich.text import Text  # noqa: PLC0415

        with Live(auto_refresh=False, vertical_overflow="crop") as view:
            yield lambda sight: view.update(Text(render_text(sight)), refresh=True)
        return
    render = render_json if as_json else render_text
    yield lambda sight: click.echo(render(sight), nl=not as_json)
