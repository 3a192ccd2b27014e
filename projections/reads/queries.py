"""Queries for commands and pages: chats, histories, threads, turns, usage, and a search through all text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from chat.context import readable
from chat.gates import pairing_code
from chat.state import Chat
from events.decisions import Attention
from events.subjects import ChatKey
from projections.database import micros, moment, rows_for
from projections.reads.entries import entries, moment_or_none, turns
from projections.reads.reader import Reader
from projections.reads.views import (
    AttentionView,
    ChatView,
    Counts,
    DeliveryView,
    Entry,
    Found,
    ThreadView,
    TroubleView,
    TurnView,
    UsageView,
    Why,
)
from projections.reads.volume import Volume, volume
from projections.reads.why import last_message, why
from projections.tables.chats import decode_snapshot
from projections.trouble import ended_or_passed, stuck

log = structlog.get_logger("recado.projections")

ATTENTION = ".h"
"""The end of an attention's id, after the id of the turn or the order that asked for it."""

_CHAT = "(SELECT id FROM chats WHERE account = ? AND chat = ?)"
_CHATS = (
    "SELECT account, chat, partition, name, last_at, messages, replies, owes, attention, snapshot,"
    " (SELECT iif(revoked_at IS NULL, coalesce(edited, text), NULL) FROM history WHERE history.chat = chats.id"
    " ORDER BY seq DESC LIMIT 1)"
    " FROM chats {} ORDER BY last_at DESC, id LIMIT ?"
)
_FIRST_OF = (
    ") SELECT wanted.id, history.seq FROM wanted CROSS JOIN chats USING (account, chat) CROSS JOIN history"
    " ON history.id = wanted.id AND history.chat = chats.id AND history.author = 'person'"
)
_THREADS = (
    "SELECT account, chats.chat, seq, backend, thread, reason, at, ended IS NULL AS current, threads.messages,"
    " threads.replies, input_tokens, output_tokens FROM threads JOIN chats ON chats.id = threads.chat"
    " WHERE ? IN (account, '') AND ? IN (chats.chat, '') ORDER BY account, chats.chat, seq"
)
_USAGE = (
    "SELECT account, chats.chat, day, backend, model, usage.replies, input_tokens, output_tokens, cached_tokens,"
    " seconds FROM usage JOIN chats ON chats.id = usage.chat WHERE ? IN (account, '') AND ? IN (chats.chat, '')"
    " AND day >= ? ORDER BY account, chats.chat, day, backend, model"
)
_ATTENTION = (
    "SELECT account, chat, name, attention FROM chats INDEXED BY attention"
    " WHERE attention IS NOT NULL AND ? IN (account, '')"
)
_IDLE = (
    "SELECT account, chat, last_at FROM chats WHERE last_at < ? AND (messages OR replies) AND NOT owes"
    " AND partition IN (SELECT value FROM json_each(?)) ORDER BY last_at LIMIT ?"
)
_COUNTS = (
    "SELECT (SELECT checkpoint FROM meta), count(*), coalesce(sum(to_do), 0), coalesce(sum(owes AND NOT to_do), 0),"
    " count(attention), coalesce(sum(messages), 0), coalesce(sum(replies), 0) FROM chats"
)
_TO_DO = "SELECT count(*) FROM chats INDEXED BY waking WHERE wakes AND to_do"
_DELIVERIES = (
    "SELECT account, EXISTS (SELECT 1 FROM first_receipts WHERE first_receipts.account = accounts.account), unsent,"
    " waiting, (SELECT at FROM undelivered WHERE undelivered.account = accounts.account AND state = 'waiting'"
    " ORDER BY seq LIMIT 1), parked, failed, (SELECT max(last_at) FROM chats WHERE chats.account = accounts.account)"
    " FROM accounts ORDER BY account"
)
_SEARCH = (
    "SELECT chats.account, chats.chat, history.seq FROM search JOIN history ON history.seq = search.rowid"
    " JOIN chats ON chats.id = history.chat WHERE search MATCH ? AND ? IN (chats.account, '') AND ? IN (chats.chat, '')"
    " ORDER BY search.rowid DESC LIMIT ?"
)


class Queries:
    """Answers as of the projection's checkpoint. Every method may raise ProjectionMissing."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def chats(self, account: str | None = None, limit: int | None = None) -> tuple[ChatView, ...]:
        """The chats, or `limit` of them, those with the latest activity first."""
        # Two statements, because SQLite would not use the index by activity for a condition that may be empty.
        where, given = ("WHERE account = ?", [account]) if account else ("", [])
        statement = _CHATS.format(where)
        rows = self._reader.connection().execute(statement, (*given, -1 if limit is None else limit)).fetchall()
        return tuple(view for view in map(_shown, rows) if not _is_blank(view))

    def chat(self, key: ChatKey) -> ChatView | None:
        """One chat; None if it has no event."""
        statement = _CHATS.format("WHERE account = ? AND chat = ?")
        row = self._reader.connection().execute(statement, (*key, 1)).fetchone()
        return _shown(row) if row is not None else None

    def known(self, chat: str) -> dict[str, dict[str, int]]:
        """The accounts that know the chat, as EventLog.known gives them: in each, the numbers of its messages (`in`)
        and replies (`reply`). `control` is 1: a chat that has orders alone is known too."""
        views = [self.chat(ChatKey(account, chat)) for account in self.accounts()]
        there = [view for view in views if view is not None and not _is_blank(view)]
        return {view.account: {"in": view.messages, "reply": view.replies, "control": 1} for view in there}

    def named(self, text: str, limit: int = 50) -> tuple[ChatView, ...]:
        """Chats whose name or JID contains `text`, those with the latest activity first."""
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", text) + "%"
        statement = _CHATS.format("WHERE name LIKE ? ESCAPE '\\' OR chat LIKE ? ESCAPE '\\'")
        rows = self._reader.connection().execute(statement, (pattern, pattern, limit)).fetchall()
        return tuple(map(_shown, rows))

    def accounts(self) -> tuple[str, ...]:
        """Every account that has chats."""
        rows = self._reader.connection().execute("SELECT DISTINCT account FROM chats ORDER BY account").fetchall()
        return tuple(account for (account,) in rows)

    def volume(
        self, since: datetime, until: datetime, step: timedelta, key: ChatKey | None = None
    ) -> tuple[Volume, ...]:
        """The counts of each `step` of the time from `since` to `until`, in all chats or in one."""
        with self._reader.transaction() as db:
            chat = None
            if key is not None:
                row = db.execute(f"SELECT {_CHAT}", key).fetchone()
                chat = row[0] if row[0] is not None else 0
            return volume(db, since, until, step, chat)

    def attention(self, account: str | None = None) -> tuple[AttentionView, ...]:
        """The chats that ask for a human, the longest wait first."""
        rows = self._reader.connection().execute(_ATTENTION, (account or "",)).fetchall()
        views = [_attention_view(*row) for row in rows]
        return tuple(sorted(views, key=lambda view: view.at))

    def firsts(self, key: ChatKey, messages: Iterable[str]) -> dict[str, int]:
        """The sequences of the chat's first messages with these ids; unknown ids are left out."""
        named = [(*key, id_) for id_ in dict.fromkeys(messages)]
        return dict(rows_for(self._reader.connection(), "WITH wanted (account, chat, id) AS (", named, _FIRST_OF))

    def history(self, key: ChatKey, limit: int = 50, before: int | None = None) -> tuple[Entry, ...]:
        """The last `limit` messages and replies of a chat, oldest first; only those before sequence `before`."""
        where = f"WHERE h.chat = {_CHAT} AND h.seq < ? ORDER BY h.seq DESC LIMIT ?"
        with self._reader.transaction() as db:
            newest_first = list(entries(db, where, *key, _LAST if before is None else before, limit))
        return tuple(reversed(newest_first))

    def threads(self, account: str | None = None, chat: str | None = None) -> tuple[ThreadView, ...]:
        """Every present and former place of a chat at a backend, oldest first within a chat."""
        rows = self._reader.connection().execute(_THREADS, (account or "", chat or "")).fetchall()
        names = ThreadView.__struct_fields__
        return tuple(
            ThreadView(**{**dict(zip(names, row, strict=True)), "at": moment(row[6]), "current": bool(row[7])})
            for row in rows
        )

    def turns(self, key: ChatKey, limit: int = 50) -> tuple[TurnView, ...]:
        """The last `limit` turns of a chat, newest first."""
        where = f"WHERE chat = {_CHAT} ORDER BY seq DESC LIMIT ?"
        return tuple(turns(self._reader.connection(), where, *key, limit))

    def usage(self, account: str | None = None, chat: str | None = None, since: str = "") -> tuple[UsageView, ...]:
        """Replies and tokens by chat, day, backend and model, from the day `since` (`2026-08-26`) on."""
        rows = self._reader.connection().execute(_USAGE, (account or "", chat or "", since)).fetchall()
        return tuple(UsageView(**dict(zip(UsageView.__struct_fields__, row, strict=True))) for row in rows)

    def search(
        self, text: str, account: str | None = None, chat: str | None = None, limit: int = 50
    ) -> tuple[Found, ...]:
        """Messages and replies that contain all words of `text`, the newest first.

        The last word may be the beginning of one. Case and accents make no difference; nothing in `text` is syntax.
        """
        words = ['"' + word.replace('"', '""') + '"' for word in readable(text).split()]
        if not words:
            return ()
        with self._reader.transaction() as db:
            hits = db.execute(_SEARCH, (" ".join(words) + "*", account or "", chat or "", limit)).fetchall()
            return tuple(
                Found(account=account_, chat=chat_, entry=entry)
                for account_, chat_, seq in hits
                for entry in entries(db, "WHERE h.seq = ?", seq)
            )

    def why(self, id_: str, account: str | None = None, chat: str | None = None) -> tuple[Why, ...]:
        """Everything known of the messages, replies, controls, turns and runs with this id: mostly one, none if
        unknown. For an attention it is the turn, or the order, that asked for a human."""
        with self._reader.transaction() as db:
            found = tuple(why(db, id_, account or "", chat or ""))
            if not found and id_.endswith(ATTENTION):
                found = tuple(why(db, id_.removesuffix(ATTENTION), account or "", chat or ""))
            return found

    def why_last(self, account: str | None = None, chat: str | None = None) -> tuple[Why, ...]:
        """Everything known of the last inbound message; none if there is none."""
        with self._reader.transaction() as db:
            found = last_message(db, account or "", chat or "")
            return tuple(why(db, *found)) if found is not None else ()

    def idle(self, before: datetime, partitions: Collection[int], limit: int) -> tuple[tuple[ChatKey, datetime], ...]:
        """At most `limit` chats of these partitions that have messages or replies, no pending work, and no activity
        since `before`; each with the time of its last activity."""
        wanted = msgspec.json.encode(sorted(partitions)).decode()
        rows = self._reader.connection().execute(_IDLE, (micros(before), wanted, limit)).fetchall()
        return tuple((ChatKey(account, chat), moment(last_at)) for account, chat, last_at in rows)

    def chats_by_partition(self) -> dict[int, int]:
        """The number of chats in each partition that has any."""
        rows = self._reader.connection().execute("SELECT partition, count(*) FROM chats GROUP BY partition").fetchall()
        return dict(rows)

    def trouble(self, now: datetime) -> tuple[TroubleView, ...]:
        """The chats that need a look: first those that are stuck at `now`, then those with a bad ending."""
        with self._reader.transaction() as db:
            return (*stuck(db, now), *ended_or_passed(db, now))

    def stuck(self, now: datetime) -> int:
        """How many chats are stuck at `now`."""
        with self._reader.transaction() as db:
            return sum(1 for _ in stuck(db, now))

    def deliveries(self) -> tuple[DeliveryView, ...]:
        """The accounts with replies that are not with their person."""
        rows = self._reader.connection().execute(_DELIVERIES).fetchall()
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
            for account, began, unsent, waiting, oldest, parked, failed, last in rows
        )

    def to_do(self) -> int:
        """How many chats have work that the service has to do now."""
        count: int = self._reader.connection().execute(_TO_DO).fetchone()[0]
        return count

    def counts(self) -> Counts:
        """The totals of the projection."""
        row = self._reader.connection().execute(_COUNTS).fetchone()
        return Counts(**dict(zip(Counts.__struct_fields__, row, strict=True)))


_LAST = 2**63 - 1


def _is_blank(chat: ChatView) -> bool:
    """Whether nothing is left of an erased chat."""
    has_words = chat.messages or chat.replies
    return not (has_words or chat.owes or chat.paused or chat.stopped or chat.admission)


def _admission(key: ChatKey, state: Chat) -> str | None:
    if not state.admission and any(told.reason == "unapproved" for told in state.told):
        return pairing_code(key)
    return state.admission or None


def _attention_view(account: str, chat: str, name: str | None, event: str) -> AttentionView:
    """The row's request for a human; one that cannot be shown comes first, since its waiting time is unknown."""
    where = {"account": account, "chat": chat, "name": name}
    try:
        return msgspec.convert({**msgspec.json.decode(event), **where}, AttentionView)
    except (msgspec.DecodeError, TypeError):
        log.exception("not_shown", chat=chat)
        return AttentionView(**where, id="", text="(cannot be shown)", by="?", at=moment(0))  # type: ignore[arg-type]


def _shown(row: tuple[Any, ...]) -> ChatView:
    """The chat of a row; where its state cannot be read, what else is known of it."""
    try:
        return _chat_view(row)
    except Exception as defect:
        log.exception("not_shown", chat=row[1])
        return _chat_view((*row[:8], None, "{}", f"(cannot be shown: {type(defect).__name__})"))


def _chat_view(row: tuple[Any, ...]) -> ChatView:
    account, chat, partition, name, last_at, messages, replies, owes, attention, snapshot, last_text = row
    state = decode_snapshot(snapshot)
    asked = msgspec.json.decode(attention, type=Attention) if attention is not None else None
    return ChatView(
        account=account,
        chat=chat,
        partition=partition,
        name=name,
        last_at=moment(last_at),
        last_text=last_text,
        messages=messages,
        replies=replies,
        waiting=len(state.waiting),
        answering=state.turn is not None,
        paused=state.pause is not None,
        paused_until=state.pause.until if state.pause is not None else None,
        paused_for=state.pause.reason if state.pause is not None else None,
        admission=_admission(ChatKey(account, chat), state),
        stopped=state.stopped,
        attention=asked.text if asked is not None else None,
        attention_at=asked.at if asked is not None else None,
        backend=state.thread.backend if state.thread is not None else None,
        thread=state.thread.id if state.thread is not None else None,
        owes=bool(owes),
    )
