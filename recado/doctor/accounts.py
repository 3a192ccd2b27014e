"""Shows what WhatsApp has said of the accounts (stream ACCOUNTS): numbers that do not send, and the news of a week."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from events.account_update import SENDING, AccountUpdate, newest, paused, text_of
from events.jetstream.account_updates import stored_updates
from events.jetstream.connection import Bus
from events.log import LogUnavailable
from recado.doctor.finding import Finding
from recado.printing import one_line

TOLD_FOR = timedelta(days=7)
"""Age up to which news is shown."""

_BAD = frozenset({
    "FLAGGED", "DOWNGRADE", "REJECTED", "PAUSED", "DISABLED", "RED", "YELLOW", "LOW", "LIMITED", "CRITICAL", "WARNING",
    "ACCOUNT_RESTRICTION", "ACCOUNT_VIOLATION", "ACCOUNT_DELETED", "DISABLED_UPDATE", "PARTNER_REMOVED", "BANNED",
    "DEFERRED", "IN_APPEAL", "PENDING_DELETION", "TWO_STEP_VERIFICATION_DISABLED", "NEEDS_ACTION",
})  # fmt: skip
"""Words of Meta's for news that a person has to look at."""


async def account_findings(bus: Bus, now: datetime | None) -> AsyncIterator[Finding]:
    """Findings about accounts. None on a bus without ACCOUNTS, as of an older recado."""
    try:
        notes = [note async for note in stored_updates(bus)]
    except LogUnavailable:
        return
    for account, update in paused(notes).items():
        value = update.value
        says = f"{one_line(account)} does not send since {update.at:%Y-%m-%d %H:%M} UTC, code {value.get('code')}"
        detail, do = one_line(str(value.get("detail") or "")), one_line(str(value.get("do") or ""))
        yield Finding("account", "warning", f"{says}: {detail}; its replies wait", do or "see the WhatsApp Manager")
    for account, update in newest(notes):
        if update.field != SENDING and (now is None or now - update.at <= TOLD_FOR):
            yield _news(account, update)


def _news(account: str, update: AccountUpdate) -> Finding:
    says = f"{one_line(account)}, {update.at:%Y-%m-%d %H:%M} UTC, {one_line(update.field)}: {one_line(text_of(update))}"
    if _is_bad(update.value):
        return Finding("account", "warning", says, "see the WhatsApp Manager")
    return Finding("account", "ok", says)


def _is_bad(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_is_bad(one) for one in value.values())
    if isinstance(value, list):
        return any(_is_bad(one) for one in value)
    return isinstance(value, str) and value.upper() in _BAD
