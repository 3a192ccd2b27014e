"""`recado instances`: lists the instances that answer chats."""

from __future__ import annotations

import click

from actors.leases.bucket import LeaseBucket
from actors.leases.gateways import gateways
from actors.leases.roster import InstanceView, look
from projections.reads.reader import ProjectionMissing
from projections.reads.trouble_views import DeliveryView
from projections.story.deliveries import DeliveryState, told
from recado.cli.bus_time import now_on
from recado.cli.known import queries
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.printing import json_text, local, one_line, print_table
from recado.settings.settings import Settings
from recado.wiring.connect import connect


@click.command()
@json_option
def instances(as_json: bool) -> None:
    """List the instances that answer chats, each with its share of them and its state.

    CHATS are counted in the projection of RECADO_DATA, if there is one. Accounts with replies that are not sent are
    named on stderr.
    """
    found, replies = run(_look(settings()))
    if as_json:
        click.echo(json_text(found))
        return
    for line in replies:
        click.echo(f"Account {one_line(line.account)}: {line.says}.", err=True)
    if not found:
        click.echo("Nobody answers chats: start an instance with recado up or recado serve.", err=True)
        return
    print_table(
        ("INSTANCE", "VERSION", "SINCE", "PARTITIONS", "CHATS", "AWAKE", "RUNS", "LAG", "STATE"),
        [
            (
                one.instance,
                one.version or "-",
                local(one.since),
                len(one.partitions),
                "-" if one.chats is None else one.chats,
                one.awake,
                one.runs,
                one.lag,
                _state(one),
            )
            for one in found
        ],
    )


def _state(one: InstanceView) -> str:
    second = f", second model ({one.fallback})" if one.fallback else ""
    lacks = f", cannot answer by {', '.join(one.lacks)}" if one.lacks else ""
    return f"{one.state}{second}{lacks}"


async def _look(chosen: Settings) -> tuple[list[InstanceView], list[DeliveryState]]:
    """The instances, and what there is to say about replies that are not sent."""
    bus = await connect(chosen)
    chats, views = _known(chosen)
    try:
        there = await gateways(LeaseBucket(bus, makes=False))
        return await look(bus, chats), told(views, there, await now_on(bus)) if views else []
    finally:
        await bus.close()


def _known(chosen: Settings) -> tuple[dict[int, int] | None, tuple[DeliveryView, ...]]:
    try:
        with queries(chosen) as projection:
            return projection.chats_by_partition(), projection.deliveries()
    except ProjectionMissing:
        return None, ()
