"""Reads the accounts with replies that are not with their person."""

from __future__ import annotations

from pysqlite3 import dbapi2 as sqlite3

from projections.reads.entries import moment_or_none
from projections.reads.trouble_views import DeliveryView

_DELIVERIES = (
    "SELECT account, EXISTS (SELECT 1 FROM first_receipts WHERE first_receipts.account = accounts.account), unsent,"
    " waiting, (SELECT at FROM undelivered WHERE undelivered.account = accounts.account AND state = 'waiting'"
    " ORDER BY seq LIMIT 1), parked, failed, (SELECT last_at FROM chats INDEXED BY listed"
    " WHERE marks >= 0 AND chats.account = accounts.account ORDER BY last_at DESC LIMIT 1)"
    " FROM accounts ORDER BY account"
)


def deliveries(db: sqlite3.Connection) -> tuple[DeliveryView, ...]:
    return tuple(
        DeliveryView(
            account=account,
            began=bool(began),
            unsent=unsent,
            waiting=waiting,
            oldest_at=moment_or_none(oldest),
            parked=parked,
            failed=failed,
            last_at=moment_or_none(last),
        )
        for account, began, unsent, waiting, oldest, parked, failed, last in db.execute(_DELIVERIES).fetchall()
    )
