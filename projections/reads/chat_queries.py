"""Queries for lists of chats, for one chat, and for the names of people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from events.subjects import ChatKey
from events.teamwork import State
from events.users import Takers
from projections.reads.accounts import within
from projections.reads.chat_list import ONLY, Asked, ChatPage, Only, page
from projections.reads.chat_rows import of_key
from projections.reads.filters import LabelCount, counts, labels, number_of, unassigned
from projections.reads.notes import NoteView, notes
from projections.reads.reader import Reader
from projections.reads.views import ChatView

_STANDS_FOR = "SELECT account, chat FROM names WHERE name = ?"
_STANDS_FOR_IN = "SELECT chat FROM names WHERE account = ? AND name = ?"
_MOST_HOPS = 16
_OPEN = "SELECT id, account, chat FROM chats WHERE closed_into IS NULL ORDER BY id"

_KNOWN = (
    "SELECT account, messages, replies FROM chats WHERE account IN (SELECT value FROM json_each(?)) AND chat = ?"
    " AND marks >= 0"
)
_ACCOUNTS = (
    "WITH RECURSIVE each (account) AS (SELECT min(account) FROM chats UNION ALL"
    " SELECT (SELECT min(account) FROM chats WHERE account > each.account) FROM each WHERE account NOT NULL)"
    " SELECT account FROM each WHERE account NOT NULL"
)


class ChatQueries:
    """Answers about chats as of the projection's checkpoint. Every method may raise ProjectionMissing."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def page(self, asked: Asked, now: datetime, limit: int) -> ChatPage:
        """A page of the list of chats, as of `now`."""
        with self._reader.transaction() as db:
            return page(db, asked, now, limit)

    def marked(
        self,
        now: datetime,
        accounts: Sequence[str] | None = None,
        state: State | None = None,
        me: str = "",
        takers: Takers | None = None,
    ) -> dict[Only, int]:
        """The number of chats that each filter leaves at `now`, of these accounts and in this state (None: of all, in
        any); `me` is the user of `mine`, `takers` are those who may have chats (None: any name)."""
        with self._reader.transaction() as db:
            found = counts(db, now, accounts, state, me, takers)
        return {only: found[only] for only in ONLY}

    def waiting_for(self, me: str | None, now: datetime, accounts: Sequence[str] | None, takers: Takers | None) -> int:
        """The number of open chats of these accounts (None: of all) that wait for us, and that the user `me` or nobody
        has; None: that any user has."""
        narrow = [within(accounts)]
        if me is not None:
            free, names = unassigned(takers)
            narrow.append((f"(assigned = ? OR {free})", [me, *names]))
        with self._reader.transaction() as db:
            return number_of(db, now, "open", "waiting", narrow, me or "", takers)

    def labels(
        self, now: datetime, accounts: Sequence[str] | None = None, state: State | None = None
    ) -> tuple[LabelCount, ...]:
        """The labels of these chats, and how many have each, in the order of the alphabet."""
        with self._reader.transaction() as db:
            return labels(db, now, accounts, state)

    def chat(self, key: ChatKey, now: datetime | None = None) -> ChatView | None:
        """One chat as of `now` (None: one that was put off still is); None if it has no event."""
        with self._reader.transaction() as db:
            return of_key(db, key, now)

    def notes(self, key: ChatKey) -> tuple[NoteView, ...]:
        """The notes about the chat, oldest first."""
        with self._reader.transaction() as db:
            return notes(db, key)

    def known(self, chat: str) -> dict[str, dict[str, int]]:
        """The accounts that know the chat, as EventLog.known gives them: in each, the numbers of its messages (`in`)
        and replies (`reply`). `control` is 1: a chat that has orders alone is known too."""
        accounts = msgspec.json.encode(self.accounts()).decode()
        found = self._reader.connection().execute(_KNOWN, (accounts, chat)).fetchall()
        return {account: {"in": messages, "reply": replies, "control": 1} for account, messages, replies in found}

    def open_by_age(self) -> tuple[tuple[int, ChatKey], ...]:
        """Every chat that has not closed into another one, with the sequence of its first event, the oldest first."""
        rows = self._reader.connection().execute(_OPEN).fetchall()
        return tuple((first, ChatKey(account, chat)) for first, account, chat in rows)

    def names(self) -> tuple[tuple[str, str, str], ...]:
        """Every account, other name of a person, and that person's chat."""
        return tuple(self._reader.connection().execute("SELECT account, name, chat FROM names").fetchall())

    def open_chats(self, names: Collection[str]) -> dict[str, str]:
        """The chats of the person with one of these names, by account; only where another name is theirs."""
        db, found = self._reader.connection(), dict[str, str]()
        for name in names:
            for account, chat in db.execute(_STANDS_FOR, (name,)).fetchall():
                hops = 0
                while (row := db.execute(_STANDS_FOR_IN, (account, chat)).fetchone()) and hops < _MOST_HOPS:
                    chat, hops = row[0], hops + 1  # noqa: PLW2901
                found.setdefault(account, chat)
        return found

    def open_chat(self, key: ChatKey) -> ChatKey:
        """The chat of the person with this name."""
        return ChatKey(key.account, self.open_chats((key.chat,)).get(key.account, key.chat))

    def accounts(self) -> tuple[str, ...]:
        """Every account that has chats."""
        rows = self._reader.connection().execute(_ACCOUNTS).fetchall()
        return tuple(account for (account,) in rows)
