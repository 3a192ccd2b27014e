"""`recado accounts`: lists the business numbers and devices."""

from __future__ import annotations

from datetime import datetime

import click
import msgspec

from actors.leases.bucket import LeaseBucket, LeasesUnavailable
from actors.leases.gateways import gateways
from events.account_update import throughput
from events.jetstream.account_updates import stored_updates
from events.jetstream.api import stored_message
from events.jetstream.connection import Bus
from events.jetstream.streams import EVENTS
from events.log import LogUnavailable
from events.profile import DEFAULT
from events.subjects import token
from projections.reads.reader import ProjectionMissing
from projections.reads.trouble_views import DeliveryView
from recado.cli.known import queries
from recado.cli.meant_profile import in_force_on
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.printing import json_text, local, one_line, print_table
from recado.settings.numbers import numbers_of
from recado.settings.settings import Settings
from recado.wiring.connect import connect


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account.

    - `number`: Meta's id of the number, of an account in the settings.
    - `gateway`: whether its gateway runs; None: the bus does not say.
    - `throughput`: the messages a second, in and out together, that its gateway last took as allowed; None: not known.
    - `profile`: the profile of its chats that have none of their own.
    - `queue`: replies that wait to be sent.
    - `undelivered`: replies that are not sent any more by themselves. None, as `queue`, without a projection here.
    - `last_in`, `last_out`: the times of its last message and its last reply.
    """

    account: str
    number: str | None
    gateway: bool | None
    profile: str
    throughput: int | None = None
    queue: int | None = None
    undelivered: int | None = None
    last_in: datetime | None = None
    last_out: datetime | None = None


@click.command()
@json_option
def accounts(as_json: bool) -> None:
    """List the business numbers and devices: those of the settings, those with a gateway, and those with chats.

    PER SECOND are the messages, in and out together, that its gateway takes as allowed, by Meta's word or by
    WHATSAPP_THROUGHPUT. QUEUE are replies that wait to be sent, UNDELIVERED those that are not sent any more by
    themselves. Both, and accounts without a gateway, are known from the projection of RECADO_DATA, if there is one.
    """
    found = run(_look(settings()))
    if as_json:
        click.echo(json_text(found))
        return
    if not found:
        click.echo("There is none yet: see docs/whatsapp.md.", err=True)
        return
    print_table(
        ("ACCOUNT", "NUMBER", "GATEWAY", "PROFILE", "PER SECOND", "QUEUE", "UNDELIVERED", "LAST IN", "LAST OUT"),
        [
            (
                one_line(one.account),
                one.number or "-",
                {True: "yes", False: "no", None: "?"}[one.gateway],
                one.profile,
                "-" if one.throughput is None else one.throughput,
                "-" if one.queue is None else one.queue,
                "-" if one.undelivered is None else one.undelivered,
                local(one.last_in),
                local(one.last_out),
            )
            for one in found
        ],
    )


async def _look(chosen: Settings) -> list[AccountView]:
    numbers = {number.account: number.id for number in numbers_of(chosen)}
    here = _known(chosen)
    bus = await connect(chosen)
    try:
        there, profiles, rates = await _gateways(bus), await in_force_on(bus), await _rates(bus)
        names = sorted({*numbers, *(there or ()), *(here or ())})
        return [
            AccountView(
                account=name,
                number=numbers.get(name),
                gateway=None if there is None else name in there,
                profile=found.ref if (found := profiles.of_account(name)) is not None else DEFAULT,
                throughput=rates.get(name),
                queue=here.get(name, _NONE).waiting if here is not None else None,
                undelivered=_undelivered(here.get(name, _NONE)) if here is not None else None,
                last_in=await _last(bus, name, "i.in"),
                last_out=await _last(bus, name, "o.reply"),
            )
            for name in names
        ]
    finally:
        await bus.close()


_NONE = DeliveryView(account="")


def _known(chosen: Settings) -> dict[str, DeliveryView] | None:
    """The accounts that this machine's projection knows; None if there is none."""
    try:
        with queries(chosen) as projection:
            return dict.fromkeys(projection.accounts(), _NONE) | {one.account: one for one in projection.deliveries()}
    except ProjectionMissing:
        return None


def _undelivered(view: DeliveryView) -> int:
    return view.unsent + view.parked + view.failed


async def _gateways(bus: Bus) -> frozenset[str] | None:
    try:
        return await gateways(LeaseBucket(bus, makes=False))
    except LeasesUnavailable:
        return None


async def _rates(bus: Bus) -> dict[str, int]:
    """The messages a second of each account; none on a bus without news of accounts."""
    try:
        return throughput([note async for note in stored_updates(bus)])
    except LogUnavailable:
        return {}


async def _last(bus: Bus, account: str, which: str) -> datetime | None:
    stored = await stored_message(bus, EVENTS, {"last_by_subj": f"evt.*.{token(account)}.*.{which}"})
    return stored.time if stored is not None else None
