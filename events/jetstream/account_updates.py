"""Reads the stream ACCOUNTS. Any gateway may write there, so what stands in it is shown and never acted on."""

from __future__ import annotations

from collections.abc import AsyncIterator

from events.account_update import AccountUpdate, decoded
from events.jetstream.api import stored_message
from events.jetstream.connection import Bus
from events.subjects import account_subject, untoken

STREAM = "ACCOUNTS"


async def stored_updates(bus: Bus, account: str | None = None) -> AsyncIterator[tuple[str, AccountUpdate]]:
    """The kept news of one account or of all, the oldest first, each with its account. Raises LogUnavailable."""
    subject = "wa.account.*" if account is None else account_subject(account)
    seq = 1
    while (stored := await stored_message(bus, STREAM, {"seq": seq, "next_by_subj": subject})) is not None:
        raw = stored.raw()
        update = decoded(raw.body)
        if update is not None:
            yield untoken(raw.subject.removeprefix("wa.account.")), update
        seq = raw.seq + 1
