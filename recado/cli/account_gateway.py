"""The gateway of an account, as the leases and the receipts on the bus show it."""

from __future__ import annotations

import click
import structlog

from actors.leases.bucket import LeaseBucket, LeasesUnavailable
from actors.leases.members import holder_in
from events import codec
from events.inbound import Receipt
from events.jetstream.api import stored_message
from events.jetstream.connection import Bus
from events.jetstream.streams import EVENTS
from events.subjects import ChatKey, token
from recado.printing import person
from recado.settings.numbers import accounts_of
from recado.settings.settings import Settings
from recado.settings.whatsapp import UNSET_ACCOUNT

_REAL = ("cloud-", "device-")
"""Beginnings of the names under which gateways of real numbers hold their lease."""

log = structlog.get_logger("recado.cli")


async def is_running(bus: Bus, account: str) -> bool:
    """True if a gateway holds the lease of the account. False also if the bus does not say."""
    return await _holder(bus, account) is not None


async def last_receipt(bus: Bus, account: str) -> Receipt | None:
    """The last receipt of the account that can be read; None if no gateway has ever written one. Raises
    LogUnavailable."""
    stored = await stored_message(bus, EVENTS, {"last_by_subj": f"evt.*.{token(account)}.*.i.receipt"})
    if stored is None:
        return None
    raw = stored.raw()
    event = codec.read(raw.seq, raw.subject, stored.time, raw.headers, raw.body).event
    return event if isinstance(event, Receipt) else Receipt(id="?", reply="?", state="sending")


async def is_real(bus: Bus, settings: Settings, account: str) -> bool:
    """True if replies of the account go to real phones: by the settings, by the lease, or because its last receipt
    bears an id of WhatsApp's. No gateway of a real number takes the account of the simulated phones. Raises
    LogUnavailable."""
    if account == UNSET_ACCOUNT:
        return False
    if account == settings.whatsapp_phone_number_id or account in accounts_of(settings):
        return True
    if (await _holder(bus, account) or "").startswith(_REAL):
        return True
    receipt = await last_receipt(bus, account)
    return receipt is not None and receipt.provider_id is not None


async def refuse_real(bus: Bus, settings: Settings, key: ChatKey) -> None:
    """Refuse to write as the person of a chat whose answers go to a real phone. Raises ClickException,
    LogUnavailable."""
    if await is_real(bus, settings, key.account):
        raise click.ClickException(
            f"account {key.account} is that of a real number: {person(key.chat)} would get the answer on their phone. "
            "Add --yes if that is meant, or take another --account"
        )


async def _holder(bus: Bus, account: str) -> str | None:
    """The name of the holder of the account's lease; None if it is free, or the bus does not say."""
    key = f"g.{token(account)}"
    try:
        holder = holder_in(key, await LeaseBucket(bus, makes=False).read(key))
    except LeasesUnavailable as error:
        log.warning("lease_unknown", lease=key, reason=str(error))
        return None
    return holder.instance if holder is not None else None
