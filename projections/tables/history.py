"""The table `history`: every message with its ending, and every reply.

A batch loads the rows that it names once, changes them in memory and writes them once. The model's context is an index
over this table (`context`), not a copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.choices import chosen_by
from chat.context import SHOWN_THOUGH_IGNORED
from chat.edits import early_of
from chat.joining import CLOSED
from chat.references import references_of, text_of
from events.decisions import Ignored, MediaRead, Reply, TurnFailed, TurnStarted
from events.inbound import Edit, Message, Revoke
from events.recorded import Recorded, Unreadable, unreadable_id
from projections.database import SEARCHED, Row, id_list, micros, rows_for, write_rows
from projections.tables.chat_row import ChatRow

MessageId = tuple[str, int]
"""A message's id and its chat's number."""

_MESSAGE = (
    "seq", "chat", "id", "author", "at", "text",
    "sent", "sender", "name", "kind", "from_me", "media", "quoted", "refers", "typed", "detail",
)  # fmt: skip
_REPLY = (
    "seq", "chat", "id", "author", "at", "text", "about", "in_reply_to", "backend", "model", "thread", "run",
    "input_tokens", "output_tokens", "cause", "parts", "quote", "turn", "ended", "context",
)  # fmt: skip

_WORDS_OF = " FROM history WHERE seq = ? AND coalesce(edited, text) NOTNULL AND revoked_at ISNULL"
_FORGET = "INSERT INTO search (search, rowid, text) SELECT 'delete', seq, " + SEARCHED + _WORDS_OF
_FIND = "INSERT INTO search (rowid, text) SELECT seq, " + SEARCHED + _WORDS_OF

_encoder = msgspec.json.Encoder()


class MessageRow(msgspec.Struct, gc=False):
    """A message.

    - `fixed`: the columns that it came with; None: they are written already.
    - `turn`: the sequence of its last turn's `turn_started`.
    - `former_turns`: those of the turns before, as JSON.
    - `context`: the sequence that a reset compares; None: the model is not shown it.
    - `edited`: its newest words.
    - `answered`: the edited words that its turn answered.
    - `reading`: its `media_read`, as JSON.
    """

    seq: int
    fixed: Row | None
    turn: int | None = None
    former_turns: str | None = None
    ending: str | None = None
    ended: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    context: int | None = None
    repeats: int = 0
    repeat_seq: int | None = None
    repeat_at: int | None = None
    edited: str | None = None
    edited_at: int | None = None
    answered: str | None = None
    revoked_at: int | None = None
    reading: str | None = None

    def later(self) -> Row:
        return msgspec.structs.astuple(self)[2:]


_LATER = MessageRow.__struct_fields__[2:]


def named_messages(recorded: Recorded) -> Iterable[str]:
    """The ids of messages whose rows the event may change."""
    match recorded.event:
        case Message(id=id_):
            return (id_,)
        case Unreadable() if recorded.side == "i":
            return (unreadable_id(recorded.seq),)
        case TurnStarted(messages=messages) | TurnFailed(messages=messages) | Ignored(messages=messages):
            return messages
        case Reply(in_reply_to=messages):
            return messages
        case Edit(of=of) | Revoke(of=of):
            return (of,)
        case MediaRead(message=message):
            return (message,)
    return ()


class History:
    """The messages that a batch names, and its replies."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rows: dict[MessageId, MessageRow] = {}
        self._changed: dict[int, MessageRow] = {}
        self._replies: list[Row] = []
        self._rewritten: set[int] = set()

    def load(self, wanted: Iterable[MessageId]) -> None:
        """Load the known messages among these."""
        for id_, chat, *row in rows_for(
            self._db,
            "WITH wanted (id, chat) AS (",
            list(wanted),
            f") SELECT id, chat, seq, NULL, {', '.join(_LATER)} FROM wanted CROSS JOIN history USING (id, chat)"  # noqa: S608
            " WHERE author = 'person'",
        ):
            self._rows[id_, chat] = MessageRow(*row)

    def is_repeat(self, held: ChatRow, id_: str, recorded: Recorded, family: Iterable[int] = ()) -> bool:
        """True if the chat had a message of this id before, or a chat of its `family` answers it. If so, it is counted
        there."""
        row = self._rows.get((id_, held.id))
        if row is None:
            theirs = (self._rows.get((id_, other)) for other in family)
            row = next((one for one in theirs if one is not None and one.reason != CLOSED), None)
        if row is None or row.seq == recorded.seq:
            return False
        row.repeats += 1
        row.repeat_seq, row.repeat_at = recorded.seq, micros(recorded.at)
        self._changed[row.seq] = row
        return True

    def came_in(self, held: ChatRow, recorded: Recorded) -> None:
        """Add a message, or bytes that cannot be read."""
        event, seq, at = recorded.event, recorded.seq, micros(recorded.at)
        if isinstance(event, Message):
            id_ = event.id
            media = _encoder.encode(event.media).decode() if event.media is not None else None
            references = references_of(event)
            refers = _encoder.encode(references).decode() if references is not None else None
            choice = chosen_by(held.state.question, event) if not held.state.into else None
            typed = _encoder.encode(choice).decode() if choice is not None else None
            sent = micros(event.at) if event.at is not None else at
            fixed: Row = (
                seq, held.id, id_, "person", at, text_of(event), sent, event.sender or recorded.key.chat,
                event.name, event.kind, event.from_me,
                media, event.quoted, refers, typed, None,
            )  # fmt: skip
        else:
            id_ = unreadable_id(recorded.seq)
            detail = event.detail if isinstance(event, Unreadable) else None
            fixed = (
                seq,
                held.id,
                id_,
                "person",
                at,
                None,
                at,
                None,
                None,
                "unreadable",
                False,
                None,
                None,
                None,
                None,
                detail,
            )
        row = MessageRow(seq, fixed, reason=CLOSED if held.state.into else None)
        self._changed[seq] = self._rows[id_, held.id] = row
        if (early := early_of(held.state, id_)) is not None:
            if early.text is None:
                row.revoked_at = micros(early.at)
            else:
                row.edited = row.answered = early.text
                row.edited_at = micros(early.at)

    def closed(self, held: ChatRow) -> None:
        """The chat closes: the messages that wait in it are moved to the other one."""
        messages = [message.id for message in held.state.waiting]
        self.load((id_, held.id) for id_ in messages if (id_, held.id) not in self._rows)
        for row in self._of(held, messages):
            row.reason = CLOSED

    def rewritten(self, held: ChatRow, recorded: Recorded, event: Edit | Revoke, family: Iterable[int] = ()) -> None:
        """Note that the sender edited or deleted a message.

        Its text stays as it was answered; the search finds its newest words. A deleted message is neither found nor
        shown to a model any more.
        """
        for row in self._of(held, (event.of,), family):
            if isinstance(event, Edit):
                row.edited, row.edited_at = event.text, micros(recorded.at)
                self._rewritten.add(row.seq)
                if row.ending is None:
                    row.answered = event.text
            elif row.revoked_at is None:
                row.revoked_at, row.context = micros(recorded.at), None
                self._rewritten.add(row.seq)

    def turn_started(self, held: ChatRow, recorded: Recorded, event: TurnStarted) -> None:
        """Note the turn on the messages that it answers; those of a failed turn are open again."""
        for row in self._of(held, event.messages):
            if row.turn is not None:
                former = msgspec.json.decode(row.former_turns) if row.former_turns else []
                row.former_turns = _encoder.encode([*former, row.turn]).decode()
            row.turn = recorded.seq
            row.ending = row.ended = row.ended_at = row.reason = row.context = None
            row.answered = row.edited

    def read(self, held: ChatRow, event: MediaRead) -> None:
        """A message's file was read; a reading in a later turn replaces an earlier one."""
        for row in self._of(held, (event.message,)):
            row.reading = _encoder.encode(event).decode()

    def ended(self, held: ChatRow, recorded: Recorded, event: Ignored | TurnFailed) -> None:
        """The messages get no reply."""
        failed = isinstance(event, TurnFailed)
        reason = event.error.class_ if isinstance(event, TurnFailed) else event.reason
        at = micros(recorded.at)
        for row in self._of(held, event.messages):
            row.ending, row.reason, row.ended, row.ended_at = recorded.type, reason, recorded.seq, at
            is_shown = failed or reason in SHOWN_THOUGH_IGNORED
            row.context = row.seq if is_shown and row.revoked_at is None else None

    def replied(self, held: ChatRow, recorded: Recorded, event: Reply) -> None:
        """Add a reply and end the messages that it answers; its turn is the one that ran until now."""
        seq, at, last = recorded.seq, micros(recorded.at), 0
        for row in self._of(held, event.in_reply_to):
            row.ending, row.reason, row.ended, row.ended_at = "reply", None, seq, at
            row.context = row.seq if row.revoked_at is None else None
            last = max(last, row.seq)
        parts = _encoder.encode(event.parts).decode() if event.parts else None
        turn = held.turn.seq if held.turn is not None and held.turn.id == event.turn else None
        self._replies.append((
            seq, held.id, event.id, event.author, at, event.text, event.about,
            id_list(event.in_reply_to), event.backend, event.model, event.thread, event.run,
            event.usage.input_tokens, event.usage.output_tokens, event.cause, parts, event.quote or None, turn, seq,
            None if event.author == "system" else last or seq,
        ))  # fmt: skip

    def _of(self, held: ChatRow, ids: Iterable[str], family: Iterable[int] = ()) -> Iterable[MessageRow]:
        """The known messages among these, marked as changed."""
        for id_ in ids:
            there = (self._rows.get((id_, chat)) for chat in (held.id, *family))
            row = next((one for one in there if one is not None), None)
            if row is not None:
                self._changed[row.seq] = row
                yield row

    def write(self, checkpoint: int) -> None:
        """Write the new rows and the changed ones; the index of words has those up to `checkpoint` already."""
        new: list[Row] = []
        known: list[tuple[Any, ...]] = []
        for row in self._changed.values():
            if row.fixed is not None:
                new.append(row.fixed + row.later())
            else:
                known.append((row.seq, *row.later()))
        rewritten = sorted(seq for seq in self._rewritten if seq <= checkpoint)
        for seq in rewritten:
            self._db.execute(_FORGET, (seq,))
        write_rows(self._db, f"INSERT INTO history ({', '.join(_MESSAGE + _LATER)})", new)
        changes = ", ".join(f"{column} = later.column{n}" for n, column in enumerate(_LATER, 2))
        write_rows(
            self._db,
            f"UPDATE history SET {changes} FROM (",  # noqa: S608
            known,
            ") AS later WHERE history.seq = later.column1",
        )
        write_rows(self._db, f"INSERT INTO history ({', '.join(_REPLY)})", self._replies)
        for seq in rewritten:
            self._db.execute(_FIND, (seq,))
        self._rewritten.clear()
        self._rows.clear()
        self._changed.clear()
        self._replies.clear()
