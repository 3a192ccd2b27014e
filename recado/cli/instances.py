"""`recado instances`: lists the instances that answer chats."""

from __future__ import annotations

import click

from actors.leases.roster import InstanceView, look
from projections.reads.reader import ProjectionMissing
from recado.cli.known import queries
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.printing import json_text, local, print_table
from recado.settings.settings import Settings
from recado.wiring.connect import connect


@click.command()
@json_option
def instances(as_json: bool) -> None:
    """List the instances that answer chats, each with its share of them and its state.

    CHATS are counted in the projection of RECADO_DATA, if there is one.
    """
    found = run(_look(settings()))
    if as_json:
        click.echo(json_text(found))
        return
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
                one.state,
            )
            for one in found
        ],
    )


async def _look(chosen: Settings) -> list[InstanceView]:
    bus = await connect(chosen)
    try:
        return await look(bus, _chats(chosen))
    finally:
        await bus.close()


def _chats(chosen: Settings) -> dict[int, int] | None:
    try:
        with queries(chosen) as projection:
            return projection.chats_by_partition()
    except ProjectionMissing:
        return None
