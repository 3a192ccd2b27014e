"""Chats that need an operator: stuck, broken, with events that were set aside, or replies that may not have arrived."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.state import Chat
from projections.database import Condition, micros, moment
from projections.reads.trouble_views import TroubleView
from projections.tables.chats import decode_snapshot

STUCK_AFTER = timedelta(minutes=15)
"""Age from which pending work counts as stuck; a turn, a file and a burst take much less."""

TOLD_FOR = timedelta(days=7)
"""Age up to which a broken ending or a set-aside event is listed."""

OVERDUE_AFTER = timedelta(minutes=30)
"""Wait for a human from which a chat is overdue."""

MOST = 100
"""Chats of a kind that are named."""

_LOOKED_AT = 1000
"""Chats with pending work that are examined. Only a backlog has more."""

_PENDING = (
    "SELECT account, chat, last_at, snapshot FROM chats INDEXED BY waking WHERE wakes AND owes AND {within} LIMIT ?"
)
_BROKEN = (
    "SELECT account, chats.chat, history.seq, coalesce(kind, ''), ended_at FROM history INDEXED BY broken"
    " JOIN chats ON chats.id = history.chat WHERE reason = 'broken' AND ended_at >= ? AND {within}"
    " ORDER BY ended_at DESC, seq DESC LIMIT ?"
)
_ORDERS = (
    "SELECT account, chats.chat, seq, command, outcome_at FROM controls JOIN chats ON chats.id = controls.chat"
    " WHERE reason = 'broken' AND outcome_at >= ? AND {within} ORDER BY outcome_at DESC, seq DESC LIMIT ?"
)
_UNSENT = (
    "SELECT account, chats.chat, seq, state, at FROM receipts AS r INDEXED BY unsent JOIN chats ON chats.id = r.chat"
    " WHERE state IN ('parked', 'failed') AND at >= ? AND {within} AND CASE state WHEN 'parked' THEN"
    " coalesce(json_extract(error, '$.class'), '') <> 'restored'"
    " ELSE json_extract(error, '$.class') IN ('unknown', 'in_doubt') END"
    " AND NOT EXISTS (SELECT 1 FROM receipts AS later WHERE later.chat = r.chat AND later.reply = r.reply"
    " AND later.state IN ('accepted', 'sent', 'delivered', 'read'))"
    " ORDER BY at DESC, seq DESC LIMIT ?"
)
_SET_ASIDE = (
    "SELECT account, chats.chat, seq, type, at FROM set_aside JOIN chats ON chats.id = set_aside.chat"
    " WHERE at >= ? AND {within} ORDER BY seq DESC LIMIT ?"
)


def stuck(db: sqlite3.Connection, now: datetime, within: Condition = ("TRUE", [])) -> Iterator[TroubleView]:
    """The chats with work that is pending for STUCK_AFTER or longer; `within`: a condition on `chats`."""
    before, (where, given) = now - STUCK_AFTER, within
    for account, chat, last_at, snapshot in db.execute(_PENDING.format(within=where), (*given, _LOOKED_AT)).fetchall():
        try:
            since = _pending_since(decode_snapshot(snapshot), moment(last_at))
        except msgspec.DecodeError:
            since = moment(last_at)  # no actor wakes from that
        if since is not None and since <= before:
            yield TroubleView(what="stuck", account=account, chat=chat, at=since)


def ended_or_passed(db: sqlite3.Connection, now: datetime, within: Condition = ("TRUE", [])) -> Iterator[TroubleView]:
    """The broken endings, set-aside events and unsent replies within TOLD_FOR, at most MOST of each kind; `within`: a
    condition on `chats`."""
    where, given = within
    bounds = (micros(now - TOLD_FOR), *given, MOST)
    kinds: tuple[tuple[Literal["broken", "set_aside", "unsent"], str], ...] = (
        ("broken", _BROKEN),
        ("broken", _ORDERS),
        ("set_aside", _SET_ASIDE),
        ("unsent", _UNSENT),
    )
    for what, statement in kinds:
        for account, chat, seq, type_, at in db.execute(statement.format(within=where), bounds).fetchall():
            yield TroubleView(what=what, account=account, chat=chat, at=moment(at), seq=seq, type=type_)


def _pending_since(chat: Chat, last_at: datetime) -> datetime | None:
    """The time since which work is pending that waits for no later time; None: there is none."""
    if chat.turn is not None:
        return min(chat.turn.newest, *(message.stored for message in chat.waiting), last_at)
    if chat.waiting:
        return min(message.stored for message in chat.waiting)
    if chat.orders or chat.apology or chat.notice or chat.erasing:
        return last_at
    return chat.pause.until if chat.pause is not None else None
