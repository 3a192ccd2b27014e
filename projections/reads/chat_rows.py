"""Reads rows of `chats` as views, each with its last words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
import structlog
from pysqlite3 import dbapi2 as sqlite3

from chat.teamwork import state_at, state_of
from chat.unseen import shown_name
from events.parts import FILES, Part
from events.subjects import ChatKey
from projections.database import moment
from projections.reads.entries import moment_or_none
from projections.reads.family import family, one_of
from projections.reads.views import ChatView, LastWords
from projections.tables.chats import admission, decode_snapshot
from projections.tables.marks import BLANK, named

THINGS = FILES | {"location", "contact", "reaction"}
"""Kinds of parts that a preview names."""

_parts = msgspec.json.Decoder(tuple[Part, ...])

log = structlog.get_logger("recado.projections")

_CHATS = (
    "SELECT account, chats.chat, partition, chats.name, last_at, messages, replies, owes, attention, asked_at, marks,"
    " snapshot, last.author, last.kind, last.name, last.sender, last.from_me, last.revoked_at IS NOT NULL,"
    " iif(last.revoked_at IS NULL, coalesce(last.edited, last.text), NULL),"
    " iif(last.revoked_at IS NULL, last.media, NULL), last.parts,"
    " iif(last.author = 'operator',"
    ' (SELECT "by" FROM controls WHERE controls.id = last.cause AND controls.chat = chats.id), NULL)'
    " FROM {} LEFT JOIN history last"
    " ON last.seq = (SELECT seq FROM history WHERE history.chat = chats.id ORDER BY seq DESC LIMIT 1)"
)
_OF_IDS = _CHATS.format("json_each(?) wanted CROSS JOIN chats ON chats.id = wanted.value") + " ORDER BY wanted.key"
_OF_KEY = _CHATS.format("chats") + " WHERE account = ? AND chats.chat = ?"

_COUNTED = (
    "SELECT count(iif(author = 'person', 1, NULL)), count(iif(author <> 'person', 1, NULL)) FROM history"
    " WHERE chat {} AND reason IS NOT 'joined'"
)


def of_ids(db: sqlite3.Connection, ids: Iterable[int], now: datetime | None = None) -> tuple[ChatView, ...]:
    """The chats with these row numbers, in this order, as of `now`."""
    wanted = msgspec.json.encode(list(ids)).decode()
    return tuple(_shown(row, now) for row in db.execute(_OF_IDS, (wanted,)).fetchall())


def of_key(db: sqlite3.Connection, key: ChatKey, now: datetime | None = None) -> ChatView | None:
    """The chat with the numbers of all that was written in it and in those that closed into it. Call it within a read
    transaction."""
    row = db.execute(_OF_KEY, key).fetchone()
    if row is None:
        return None
    view, numbers = _shown(row, now), family(db, key)
    if len(numbers) == 1:
        return view
    messages, replies = db.execute(_COUNTED.format(one_of(numbers))).fetchone()
    return msgspec.structs.replace(view, messages=messages, replies=replies)


def _shown(row: tuple[Any, ...], now: datetime | None) -> ChatView:
    """The chat of a row; where its state cannot be read, what else is known of it."""
    try:
        return _chat_view(row, now)
    except Exception as defect:
        log.exception("not_shown", chat=row[1])
        unshown = f"(cannot be shown: {type(defect).__name__})"
        return _chat_view((*row[:8], None, *row[9:11], "{}", *row[12:18], unshown, None, None, None), now)


def _chat_view(row: tuple[Any, ...], now: datetime | None) -> ChatView:
    account, chat, partition, name, last_at, messages, replies, owes, attention, asked_at, marks, snapshot = row[:12]
    state = decode_snapshot(snapshot)
    last = _last_words(*row[12:])
    work = state_of(state)
    work = work if now is None else state_at(work, state.snoozed_until, now)
    return ChatView(
        account=account,
        chat=chat,
        partition=partition,
        name=shown_name(name),
        last_at=moment(last_at),
        last_text=row[18],
        last=last,
        messages=messages,
        replies=replies,
        waiting=len(state.waiting),
        answering=state.turn is not None,
        paused=state.pause is not None,
        paused_until=state.pause.until if state.pause is not None else None,
        paused_for=state.pause.reason if state.pause is not None else None,
        admission=admission(ChatKey(account, chat), state),
        stopped=state.stopped,
        attention=msgspec.json.decode(attention)["text"] if attention is not None else None,
        asked_at=moment_or_none(asked_at),
        marks=named(marks),
        backend=state.thread.backend if state.thread is not None else None,
        thread=state.thread.id if state.thread is not None else None,
        owes=bool(owes),
        assigned=state.assigned or None,
        labels=state.labels,
        state=work,
        snoozed_until=state.snoozed_until if work == "snoozed" else None,
        unanswered_at=state.unanswered if state.admission != "blocked" else None,
        blank=marks == BLANK and not state.into,
        began_at=state.began_at,
    )


def _last_words(*row: Any) -> LastWords | None:
    author, kind, name, sender, from_me, deleted, text, media, parts, by = row
    if author is None:
        return None
    file = msgspec.json.decode(media) if media is not None else {}
    sent = _parts.decode(parts) if parts is not None else ()
    if (thing := next((part for part in sent if part.kind in THINGS), None)) is not None:
        file, kind = {"voice": thing.voice, "filename": thing.filename}, thing.kind
        said = (words for part in sent for words in (part.text, part.caption, part.emoji, part.name) if words)
        text = " ".join(said) or None
    return LastWords(
        author="phone" if from_me else author,
        kind="voice" if file.get("voice") else kind or "text",
        text=text,
        name=shown_name(name),
        sender=sender,
        filename=shown_name(file.get("filename")),
        deleted=bool(deleted),
        by=by,
    )
