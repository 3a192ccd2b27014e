"""The table `receipts`: every receipt of each reply."""

from __future__ import annotations

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.inbound import Receipt
from events.recorded import Recorded
from projections.database import Row, micros, write_rows
from projections.tables.chat_row import ChatRow

_encoder = msgspec.json.Encoder()


class Receipts:
    """The receipts of a batch."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._added: list[Row] = []

    def fold(self, held: ChatRow, recorded: Recorded, receipt: Receipt) -> None:
        """Keep the receipt, with the provider's time if it gave one."""
        error = _encoder.encode(receipt.error).decode() if receipt.error is not None else None
        pricing = _encoder.encode(receipt.pricing).decode() if receipt.pricing is not None else None
        at = micros(receipt.at or recorded.at)
        self._added.append(
            (
                held.id, receipt.reply, recorded.seq, receipt.state, at, receipt.provider_id, error,
                receipt.part, receipt.parts, receipt.instead, receipt.template, pricing, receipt.file,
            )
        )  # fmt: skip

    def write(self) -> None:
        """Write the receipts."""
        write_rows(self._db, "INSERT INTO receipts", self._added)
        self._added.clear()
