"""`recado doctor`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from actors.leases.roster import all_read
from events.codec import READS
from recado.cli.control import by_user
from recado.cli.known import queries
from recado.cli.log import open_log
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.doctor.aliases import Double, doubles, order_join
from recado.doctor.doctor import examine
from recado.doctor.finding import Finding
from recado.printing import json_text, person, print_finding


@click.command()
@click.option("--aliases", is_flag=True, help="Find people who have two chats, and nothing else.")
@click.option("--yes", is_flag=True, help="With --aliases: join the chats that were found.")
@json_option
def doctor(aliases: bool, yes: bool, as_json: bool) -> None:
    """Check settings, data folder, bus, log, projection and model, and say what to do. The exit status is 1 if
    something fails.

    With --aliases it lists the people who have two chats, because an older version met them under two names. With --yes
    the younger chat closes into the older one; the exit status is 1 if chats were found and not joined.
    """
    if yes and not aliases:
        raise click.UsageError("--yes belongs to --aliases")
    if aliases:
        found = run(_doubles(join=yes))
        if as_json:
            click.echo(json_text(found))
        else:
            for one in found:
                click.echo(f"{one.account}: {person(one.other)} is {person(one.chat)} ({one.because})")
            what = "are ordered to become one" if yes else "may become one: add --yes"
            click.echo(f"{len(found)} pair{'s' * (len(found) != 1)} of chats {what}." if found else "None.", err=True)
        sys.exit(bool(found) and not yes)
    findings = run(_examine(quiet=as_json))
    if as_json:
        click.echo(json_text(findings))
    sys.exit(any(finding.state == "failure" for finding in findings))


async def _doubles(*, join: bool) -> list[Double]:
    chosen = settings()
    with queries(chosen) as projection:
        found = list(doubles(projection))
    if found and join:
        async with open_log(chosen) as (log, bus):
            if not await all_read(bus, READS):
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
