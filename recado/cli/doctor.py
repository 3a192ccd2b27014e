"""`recado doctor`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from actors.leases.roster import all_read
from events.codec import JOINS
from recado import logs
from recado.cli.control import by_user
from recado.cli.known import queries
from recado.cli.log import open_log
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.doctor.aliases import Double, doubles, order_join
from recado.doctor.doctor import examine
from recado.doctor.finding import Finding
from recado.printing import json_text, person, print_finding, print_table
from recado.wiring.local_model import LocalModelFailed


@click.command()
@click.option("--model", "tries_model", is_flag=True, help="Ask the model itself, and judge its answers. Costs tokens.")
@click.option("--aliases", is_flag=True, help="Find people who have two chats, and nothing else.")
@click.option("--yes", is_flag=True, help="With --aliases: join the chats that were found.")
@json_option
def doctor(tries_model: bool, aliases: bool, yes: bool, as_json: bool) -> None:
    """Check settings, data folder, bus, log, projection and model, and say what to do. The exit status is 1 if
    something fails.

    With --model it asks the model itself a dozen questions, in under a minute, and judges its answers.

    With --aliases it lists the people who have two chats, because an older version met them under two names. With --yes
    the younger chat closes into the older one; the exit status is 1 if chats were found and not joined.
    """
    if yes and not aliases:
        raise click.UsageError("--yes belongs to --aliases")
    if aliases and tries_model:
        raise click.UsageError("--model and --aliases are two different checks: give one of them")
    if tries_model:
        sys.exit(_try_model(as_json=as_json))
    if aliases:
        sys.exit(_join_doubles(join=yes, as_json=as_json))
    findings = run(_examine(quiet=as_json))
    if as_json:
        click.echo(json_text(findings))
    sys.exit(any(finding.state == "failure" for finding in findings))


def _join_doubles(*, join: bool, as_json: bool) -> bool:
    """True if chats were found and not joined."""
    found = run(_doubles(join=join))
    if as_json:
        click.echo(json_text(found))
    else:
        for one in found:
            click.echo(f"{one.account}: {person(one.other)} is {person(one.chat)} ({one.because})")
        what = "are ordered to become one" if join else "may become one: add --yes"
        click.echo(f"{len(found)} pair{'s' * (len(found) != 1)} of chats {what}." if found else "None.", err=True)
    return bool(found) and not join


async def _doubles(*, join: bool) -> list[Double]:
    chosen = settings()
    with queries(chosen) as projection:
        found = list(doubles(projection))
    if found and join:
        async with open_log(chosen) as (log, bus):
            if not await all_read(bus, JOINS):
                raise click.ClickException("an instance of an older version runs, or none: upgrade all of them first")
            for one in found:
                await order_join(log, one, by_user())
    return found


async def _examine(*, quiet: bool) -> list[Finding]:
    findings = []
    async for finding in examine(os.environ, Path(".env")):
        findings.append(finding)
        if not quiet:
            print_finding(finding)
    return findings


_STATES = {"works": "✓", "fails": "✗", "not_tried": "–"}


def _try_model(*, as_json: bool) -> bool:
    """True if something fails that the configured mode needs."""
    from recado.doctor.trial import trial  # noqa: PLC0415 - it loads the client of every mode

    chosen = settings()
    if not chosen.mode.has_provider:
        click.echo(json_text(trial.NOTHING) if as_json else "scripted replies need no model")
        return False
    cost = trial.estimate(chosen)
    if not as_json:
        click.echo(f"Asking the model in mode {chosen.openai_api_mode}: about {cost:,} tokens, a minute at most.\n")
    try:
        report = run(trial.tried(chosen))
    except LocalModelFailed as failed:
        raise click.ClickException(str(failed)) from failed
    if as_json:
        click.echo(json_text(report))
        return not report.is_well
    rows = [
        (_STATES[one.state], f"{one.what}{' (needed)' if one.needed else ''}", logs.redacted(one.says))
        for one in report.tried
    ]
    print_table(("", f"{report.model} at {report.server}", ""), rows)
    for name, says in report.quirks.items():
        click.echo(f"! it {says} ({name}): recado asks without, and remembers it while it runs")
    click.echo(
        f"\n{report.input_tokens + report.output_tokens:,} tokens were used: {report.input_tokens:,} in, "
        f"{report.output_tokens:,} out."
    )
    return not report.is_well
