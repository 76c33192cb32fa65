"""`mooring doctor`: say what keeps a service from its Redis, step by step.

The steps: DNS, TCP, TLS, authentication and rights (asked for by ACL DRYRUN, or with a transaction that is discarded),
round trips, version, role, limits, memory, persistence, exposure, and what the Sentinels or the Cluster say.
"""

from __future__ import annotations

import time

import click

from mooring.cli.audit import has_color
from mooring.config.settings import RedisSettings
from mooring.doctor import Diagnosis, Outcome, Scale, Target, examine
from mooring.report.diagnosis import headline, render_json, render_text

__all__ = ["command"]

_PAUSE = 1.0
"""Seconds between two examinations of --wait."""
_ABOVE_ZERO = click.FloatRange(min=0, min_open=True, max=3600)


@click.command("doctor")
@click.argument("name", default="default")
@click.option("--url", help="Examine what this URL names. A password in it shows in the list of processes.")
@click.option("--replicas", type=click.IntRange(min=1), default=1, show_default=True, help="Replicas of the service.")
@click.option("--pool", type=click.IntRange(min=1), help="Connections of each.  [default: max_connections]")
@click.option("as_json", "--json", is_flag=True, help="Write JSON (docs/schema/doctor-1.json).")
@click.option("--timeout", type=_ABOVE_ZERO, default=5.0, show_default=True, help="Seconds a step.")
@click.option("--wait", type=_ABOVE_ZERO, help="Seconds to keep trying.")
@click.pass_context
def command(
    context: click.Context,
    name: str,
    url: str | None,
    replicas: int,
    pool: int | None,
    as_json: bool,
    timeout: float,
    wait: float | None,
) -> None:
    """Examine the way to a Redis and the state of the server.

    Tells the settings with their origins, then each step on the way and what the server says of itself, each failure
    with its remedy. Writes nothing to the server, and shows no password.

    Exits with 0 if all is well, 1 if clients work and there is something to mend, 2 on wrong usage or settings, 3 if
    the name does not resolve, 4 without a connection (TCP), 5 without TLS, 6 on authentication or rights, 7 on the
    state of the server. In an init container: mooring doctor --wait 60 || test $? = 1
    """
    overrides = {"url": url} if url else {}
    target = Target.of(RedisSettings.load(name, overrides=overrides))
    diagnosis = _awaited(target, Scale(pool, replicas, timeout), wait or 0.0)
    rendered = render_json(diagnosis) if as_json else render_text(diagnosis, color=has_color())
    click.echo(rendered, nl=False)
    context.exit(int(diagnosis.outcome))


def _awaited(target: Target, scale: Scale, patience: float) -> Diagnosis:
    """Examine until clients can work or patience ends; tell on standard error what is waited for, when it changes."""
    end = time.monotonic() + patience
    told = ""
    while True:
        diagnosis = examine(target, scale)
        left = end - time.monotonic()
        if diagnosis.outcome < Outcome.USAGE or left <= 0:
            return diagnosis
        if told != (told := headline(diagnosis)):
            click.echo(f"mooring: waiting: {told}", err=True)
        time.sleep(min(_PAUSE, left))
