"""Reads the receipts of an account from the log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

from events.log import Tail
from events.recorded import Recorded
from events.subjects import account_filter
from gateways.delivery.undeliverable import set_aside


async def fold_receipts(tail: Tail, account: str, after: int, fold: Callable[[Recorded], None]) -> None:
    """Give `fold` every receipt of the account after the sequence `after`, now and as they come. A receipt at which it
    raises is skipped. Raises LogMismatch, LogUnavailable."""
    subject = account_filter(account).removesuffix(".*.*") + ".i.receipt"
    async with aclosing(tail(after, subject)) as batches:
        async for batch in batches:
            for recorded in batch:
                try:
                    fold(recorded)
                except Exception as defect:  # noqa: BLE001 - set_aside logs it
                    set_aside(account, "receipts", recorded.seq, defect)
