"""The tables `undelivered`, `first_receipts` and `accounts`: the replies that are not with the person, by account.

A reply has a row only while it waits, or after it was parked, failed or arrived in part. A reply from before the
account's first receipt has none: no gateway had begun, and one that begins later does not send it
(docs/decisions/0051). It is only counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Literal

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.receipts import Progress
from events.decisions import Reply
from events.inbound import Receipt, ReceiptState
from events.recorded import Recorded
from projections.database import Row, micros, moment, rows_for, write_rows
from projections.tables.chat_row import ChatRow

_HELD = 8192
"""Replies that the writer keeps between batches (about 300 B each)."""

Place = Literal["unsent", "waiting", "parked", "failed"]
"""The counter of a reply; one that is with the person, or with WhatsApp, has none."""

_PLACES: dict[ReceiptState, Place | None] = {
    "sending": "waiting",
    "in_doubt": "waiting",
    "parked": "parked",
    "failed": "failed",
    "accepted": None,
    "sent": None,
    "delivered": None,
    "read": None,
}

_REPLIES = (
    ") SELECT wanted.id, wanted.chat, wanted.account, max(history.seq), history.at FROM wanted CROSS JOIN history"
    " ON history.id = wanted.id AND history.chat = wanted.chat AND author <> 'person' GROUP BY wanted.id, wanted.chat"
)
_RECEIPTS = (
    ") SELECT wanted.id, wanted.chat, receipts.seq, state, part, parts, template, file FROM wanted CROSS JOIN receipts"
    " ON receipts.reply = wanted.id AND receipts.chat = wanted.chat"
)
_ACCOUNT = (
    "SELECT (SELECT min(seq) FROM first_receipts WHERE account = ?1), coalesce(max(unsent), 0),"
    " coalesce(max(waiting), 0), coalesce(max(parked), 0), coalesce(max(failed), 0) FROM accounts WHERE account = ?1"
)
_UNSENT = (
    "SELECT count(*) FROM history WHERE chat = ?1 AND author <> 'person' AND seq < ?2 AND NOT EXISTS (SELECT 1"
    " FROM receipts WHERE receipts.chat = ?1 AND reply = history.id AND receipts.seq > history.seq)"
)
_EVER = 2**63 - 1


class AccountRow(msgspec.Struct, gc=False):
    """A row of `accounts`.

    - `began`: the sequence of the account's first receipt; None: there is none.
    - `unsent`: replies without a receipt from before that.
    - `changed`: the file has other counts.
    """

    account: str
    began: int | None = None
    unsent: int = 0
    waiting: int = 0
    parked: int = 0
    failed: int = 0
    changed: bool = False

    def count(self, place: Place | None, by: int) -> None:
        self.changed = True
        if place is not None:
            setattr(self, place, getattr(self, place) + by)


_NOTHING = Progress()


class Way(msgspec.Struct, gc=False):
    """A reply on its way; `kept`: it has a row in the file."""

    seq: int
    chat: int
    at: datetime
    account: AccountRow
    progress: Progress = _NOTHING
    kept: bool = False

    @property
    def place(self) -> Place | None:
        if (state := self.progress.counts_as) is not None:
            return _PLACES[state]
        return "waiting" if self.account.began is not None and self.seq > self.account.began else "unsent"


class Deliveries:
    """The replies that a batch names, and the counts of their accounts."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._accounts: dict[str, AccountRow] = {}
        self._known: dict[tuple[str, int], Way] = {}
        self._changed: dict[int, Way] = {}
        self._begun: dict[int, Row] = {}

    def load(self, wanted: Iterable[tuple[str, int, str]]) -> None:
        """Load the replies (id, chat, account) that the batch has receipts of, and not the replies themselves."""
        missing = [one for one in wanted if one[:2] not in self._known]
        if not missing:
            return
        found: dict[tuple[str, int], Way] = {}
        with_name = "WITH wanted (id, chat, account) AS ("
        for id_, chat, account, seq, at in rows_for(self._db, with_name, missing, _REPLIES):
            found[id_, chat] = Way(seq, chat, moment(at), self._account(account))
        named = [one for one in missing if one[:2] in found]
        for id_, chat, seq, *said in rows_for(self._db, with_name, named, _RECEIPTS):
            way = found[id_, chat]
            if seq > way.seq:
                way.progress = way.progress.after(*said)
        for way in found.values():
            way.kept = way.place not in (None, "unsent")
        self._known.update(found)

    def replied(self, held: ChatRow, recorded: Recorded, event: Reply) -> None:
        """Add a reply."""
        account = self._accounts.get(held.key.account) or self._account(held.key.account)
        way = self._known[event.id, held.id] = Way(recorded.seq, held.id, recorded.at, account)
        account.changed = True
        if account.began is None:
            account.unsent += 1
        else:
            account.waiting += 1
            self._changed[way.seq] = way

    def receipt(self, held: ChatRow, recorded: Recorded, receipt: Receipt) -> None:
        """Bring a reply up to a receipt."""
        if not held.has_receipts:
            held.has_receipts = True
            account = self._account(held.key.account)
            self._begun[held.id] = (held.id, account.account, recorded.seq)
            if account.began is None:
                account.began = recorded.seq
        way = self._known.get((receipt.reply, held.id))
        if way is None:
            return
        progress = way.progress.after(receipt.state, receipt.part, receipt.parts, receipt.template, receipt.file)
        if progress is way.progress:
            return
        before, way.progress = way.place, progress
        if (after := way.place) != before:
            way.account.count(before, -1)
            way.account.count(after, 1)
            self._changed[way.seq] = way

    def forget(self, chat: int, name: str) -> None:
        """Count nothing of a chat that is erased. Everything of the batch is in the other tables already."""
        account = self._account(name)
        account.changed = True
        unsent = _EVER if account.began is None else account.began
        account.unsent -= self._db.execute(_UNSENT, (chat, unsent)).fetchone()[0]
        for state, count in self._db.execute(
            "SELECT state, count(*) FROM undelivered WHERE chat = ? GROUP BY state", (chat,)
        ).fetchall():
            account.count(state, -count)
        self._db.execute("DELETE FROM undelivered WHERE chat = ?", (chat,))
        self._db.execute("DELETE FROM first_receipts WHERE chat = ?", (chat,))
        self._begins_later(account)

    def write(self) -> None:
        """Write the replies that changed, and the first receipts of chats."""
        kept, gone = [], []
        for way in self._changed.values():
            place = way.place
            if place not in (None, "unsent"):
                kept.append((way.seq, way.chat, way.account.account, micros(way.at), place))
                way.kept = True
            elif way.kept:
                gone.append((way.seq,))
                way.kept = False
        after = "ON CONFLICT (seq) DO UPDATE SET state = excluded.state"
        write_rows(self._db, "INSERT INTO undelivered", kept, after)
        write_rows(self._db, "DELETE FROM undelivered WHERE seq IN (", gone, ")")
        first = list(self._begun.values())
        write_rows(self._db, "INSERT INTO first_receipts", first, "ON CONFLICT (chat) DO NOTHING")
        self._changed.clear()
        self._begun.clear()
        if len(self._known) > 2 * _HELD:
            self._known = dict(islice(self._known.items(), len(self._known) - _HELD, None))

    def write_accounts(self) -> None:
        """Write the counts that changed; an account without any has no row."""
        rows: list[Row] = []
        for one in self._accounts.values():
            if not one.changed:
                continue
            one.changed = False
            counts = (one.unsent, one.waiting, one.parked, one.failed)
            if any(counts):
                rows.append((one.account, *counts))
            else:
                self._db.execute("DELETE FROM accounts WHERE account = ?", (one.account,))
        write_rows(self._db, "INSERT OR REPLACE INTO accounts", rows)
        if len(self._accounts) > _HELD:
            self._known.clear()
            self._accounts.clear()

    def _account(self, name: str) -> AccountRow:
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = AccountRow(name, *self._db.execute(_ACCOUNT, (name,)).fetchone())
        return account

    def _begins_later(self, account: AccountRow) -> None:
        """Look for the account's first receipt again; replies without one that are older are no longer waiting."""
        where = "SELECT min(seq) FROM first_receipts WHERE account = ?"
        began = self._db.execute(where, (account.account,)).fetchone()[0]
        if began == account.began:
            return
        account.began = began
        older = (account.account, _EVER if began is None else began)
        without = (
            " FROM undelivered WHERE account = ? AND seq < ? AND state = 'waiting' AND NOT EXISTS (SELECT 1 FROM"
            " history JOIN receipts ON receipts.chat = history.chat AND receipts.reply = history.id"
            " AND receipts.seq > history.seq WHERE history.seq = undelivered.seq)"
        )
        count = self._db.execute(f"SELECT count(*){without}", older).fetchone()[0]
        self._db.execute(f"DELETE{without}", older)
        account.waiting -= count
        account.unsent += count
        self._known.clear()
