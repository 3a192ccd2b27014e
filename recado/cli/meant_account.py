"""The account that a command means that is about no chat."""

from __future__ import annotations

import click
import structlog

from actors.leases.bucket import LeaseBucket, LeasesUnavailable
from actors.leases.gateways import gateways
from events.jetstream.api import stored_message
from events.jetstream.connection import Bus
from events.jetstream.streams import EVENTS
from events.subjects import token
from recado.settings.numbers import accounts_of
from recado.settings.settings import Settings
from recado.settings.whatsapp import UNSET_ACCOUNT

log = structlog.get_logger("recado.cli")


async def meant_account(bus: Bus, settings: Settings, account: str | None) -> str:
    """`account`, if it is known: by the settings, by its gateway, or by an event of the log. Without it RECADO_ACCOUNT,
    or that of the only number. Raises ClickException with the known ones, LogUnavailable."""
    numbers = accounts_of(settings)
    if account is None:
        if settings.account != UNSET_ACCOUNT or not numbers:
            return settings.account
        if len(numbers) > 1:
            raise click.ClickException(f"say in which account, with --account: {', '.join(numbers)}")
        return numbers[0]
    known = {settings.account, *numbers, *await _with_gateway(bus)}
    if account not in known and not await _has_events(bus, account):
        names = ", ".join(sorted(known))
        raise click.ClickException(f"there is no account {account}: check its name, or take one of {names}")
    return account


async def _with_gateway(bus: Bus) -> frozenset[str]:
    try:
        return await gateways(LeaseBucket(bus, makes=False))
    except LeasesUnavailable as error:
        log.warning("gateways_unknown", reason=str(error))
        return frozenset()


async def _has_events(bus: Bus, account: str) -> bool:
    return await stored_message(bus, EVENTS, {"last_by_subj": f"evt.*.{token(account)}.*.*.*"}) is not None
