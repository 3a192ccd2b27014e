"""Everything that the projection knows of one id, to explain a message's reply, its silence or its apology."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.turn import unread_of
from projections.database import ids_of, moment
from projections.reads.control_view import ControlView
from projections.reads.entries import entries, moment_or_none, receipts, turns
from projections.reads.views import ChatStatus, Entry, TurnView, Why
from projections.tables.chats import decode_snapshot

_PLACES = (
    "SELECT chats.id, account, chats.chat, partition, snapshot, history.seq, history.turn, history.former_turns"
    " FROM history JOIN chats ON chats.id = history.chat"
    " WHERE history.id = ? AND author {} 'person' AND ? IN (account, '') AND ? IN (chats.chat, '') ORDER BY history.seq"
)
_CONTROLS = (
    'SELECT account, chats.chat, partition, snapshot, seq, controls.id, at, command, "by", until, text,'
    ' controls.messages, parts, quote, "to", "add", remove, outcome, outcome_seq, outcome_at, reason, unchanged,'
    " repeats, repeat_seq, repeat_at FROM controls JOIN chats ON chats.id = controls.chat"
    " WHERE controls.id = ? AND ? IN (account, '') AND ? IN (chats.chat, '') ORDER BY seq"
)
_TURNS = (
    "SELECT chats.id, account, chats.chat, partition, snapshot, seq FROM turns JOIN chats ON chats.id = turns.chat"
    " WHERE ? IN (turns.id, run) AND ? IN (account, '') AND ? IN (chats.chat, '') ORDER BY seq"
)
_LAST = (
    "SELECT history.id, account, chats.chat FROM history JOIN chats ON chats.id = history.chat"
    " WHERE author = 'person' AND ? IN (account, '') AND ? IN (chats.chat, '') ORDER BY history.seq DESC LIMIT 1"
)


def why(db: sqlite3.Connection, id_: str, account: str, chat: str) -> Iterator[Why]:
    """Everything known of `id_`; an empty account or chat stands for any. Call it in a transaction."""
    for comparison in ("=", "<>"):
        places = db.execute(_PLACES.format(comparison), (id_, account, chat)).fetchall()
        for number, account_, chat_, partition, snapshot, seq, turn, former in places:
            (entry,) = entries(db, "WHERE h.seq = ?", seq)
            before = msgspec.json.decode(former or "[]", type=list[int])
            known = Why(
                account=account_,
                chat=chat_,
                partition=partition,
                standing=_status(snapshot),
                what="message" if entry.author == "person" else "reply",
                entry=entry,
                turn=_turn(db, number, turn),
                former_turns=tuple(each for seq in before if (each := _turn(db, number, seq)) is not None),
            )
            yield (_message if entry.author == "person" else _reply)(db, number, known, entry)
    for account_, chat_, partition, snapshot, *row in db.execute(_CONTROLS, (id_, account, chat)).fetchall():
        yield Why(
            account=account_,
            chat=chat_,
            partition=partition,
            standing=_status(snapshot),
            what="control",
            control=_control(row),
        )
    # Turns have no index by id: it would cost time in every rebuild, and this question is rare.
    for number, account_, chat_, partition, snapshot, seq in db.execute(_TURNS, (id_, account, chat)).fetchall():
        known = Why(account=account_, chat=chat_, partition=partition, standing=_status(snapshot), what="turn")
        yield _whole_turn(db, number, msgspec.structs.replace(known, turn=_turn(db, number, seq)))


def last_message(db: sqlite3.Connection, account: str, chat: str) -> tuple[str, str, str] | None:
    """Id, account and chat of the last inbound message; an empty account or chat stands for any."""
    row = db.execute(_LAST, (account, chat)).fetchone()
    return row if row is None else tuple(row)


def _whole_turn(db: sqlite3.Connection, chat: int, known: Why) -> Why:
    turn = known.turn
    reply = apology = None
    if turn is not None and turn.state == "replied":
        reply = next(entries(db, "WHERE h.seq = ?", turn.ended_seq), None)
    if turn is not None and turn.told:
        apology = _word(db, chat, turn.ended_seq, turn.id)
    said = reply or apology
    return msgspec.structs.replace(
        known, reply=reply, apology=apology, receipts=receipts(db, chat, said.id) if said is not None else ()
    )


def _message(db: sqlite3.Connection, chat: int, known: Why, entry: Entry) -> Why:
    turn = known.turn
    reply = next(entries(db, "WHERE h.seq = ?", entry.ended_seq), None) if entry.ending == "reply" else None
    apology = _word(db, chat, turn.ended_seq, turn.id) if turn is not None and turn.told else None
    if entry.ending == "ignored":
        apology = _word(db, chat, entry.ended_seq, entry.id)
    said = reply or apology
    before = (_word(db, chat, former.ended_seq, former.id) for former in known.former_turns if former.told)
    return msgspec.structs.replace(
        known,
        told_before=tuple(word for word in before if word is not None),
        together_with=tuple(id_ for id_ in (turn.messages if turn is not None else ()) if id_ != entry.id),
        reply=reply,
        apology=apology,
        receipts=receipts(db, chat, said.id) if said is not None else (),
    )


def _reply(db: sqlite3.Connection, chat: int, known: Why, entry: Entry) -> Why:
    about = turns(db, "WHERE chat = ? AND id = ? ORDER BY seq DESC LIMIT 1", chat, entry.about)
    turn = known.turn if entry.about is None else next(about, None)
    return msgspec.structs.replace(known, turn=turn, receipts=receipts(db, chat, entry.id))


def _turn(db: sqlite3.Connection, chat: int, seq: int | None) -> TurnView | None:
    return next(turns(db, "WHERE chat = ? AND seq = ?", chat, seq), None) if seq is not None else None


def _word(db: sqlite3.Connection, chat: int, ended: int | None, about: str) -> Entry | None:
    """The notice to the person about a turn or a message that ended at `ended`."""
    where = "WHERE h.chat = ? AND h.seq > ? AND h.about = ? ORDER BY h.seq LIMIT 1"
    return next(entries(db, where, chat, ended, about), None)


def control(db: sqlite3.Connection, id_: str, account: str, chat: str) -> ControlView | None:
    """The chat's order `id_`; None if it has none of that id."""
    row = db.execute(_CONTROLS, (id_, account, chat)).fetchone()
    return _control(row[4:]) if row is not None else None


def _control(row: list[object]) -> ControlView:
    values = dict(zip(ControlView.__struct_fields__, row, strict=True))
    parts = msgspec.json.decode(str(values["parts"] or "[]"))
    times = {name: moment_or_none(values[name]) for name in ("until", "outcome_at", "repeat_at")}  # type: ignore[arg-type]
    lists = {name: ids_of(values[name]) for name in ("messages", "add", "remove")}  # type: ignore[arg-type]
    made = {"at": moment(values["at"]), "parts": parts, "unchanged": bool(values["unchanged"])}  # type: ignore[arg-type]
    return msgspec.convert({**values, **times, **lists, **made}, ControlView)


def _status(snapshot: str) -> ChatStatus:
    state = decode_snapshot(snapshot)
    turn, pause = state.turn, state.pause
    return ChatStatus(
        waiting=tuple(message.id for message in state.waiting),
        turn=turn.id if turn is not None else None,
        unread=unread_of(turn.phase) if turn is not None else (),
        calling=tuple(call.name for call in turn.current_calls if call.output is None) if turn is not None else (),
        orders=tuple(order.control.id for order in state.orders),
        paused_for=pause.reason if pause is not None else None,
        paused_until=pause.until if pause is not None else None,
    )
