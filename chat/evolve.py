"""Folds events into the state of a chat. A stored event keeps its meaning for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from chat import edits
from chat.arrival import arrived, fault_of, has_file, is_silent, sent_to_group
from chat.changes import Changes
from chat.erasing import forgotten
from chat.fold_constants import ONCE, QUICK
from chat.spending import with_used
from chat.spent import spent_after
from chat.state import Asked, Chat, Hand, Order, Pause, Thread, Told, Waiting
from chat.stray_runs import fresh, with_strays
from chat.takeover import BY_HAND, HANDED_OFF, TAKEN_OVER, hand_after_word, is_handed_off
from chat.turn import Call, Turn, called, reading, returned, run_of, run_started, thread_made, unread_of
from events.decisions import (
    Approved,
    Attention,
    Blocked,
    Erased,
    Ignored,
    MediaRead,
    Paused,
    Reply,
    Reset,
    Resumed,
    RunStarted,
    ThreadCreated,
    ToolCalled,
    ToolReturned,
    TurnAdopted,
    TurnFailed,
    TurnStarted,
)
from events.inbound import Control, Edit, Message, Receipt, Revoke
from events.jid import is_group
from events.recorded import Recorded, Unreadable, unreadable_id


def evolve(chat: Chat, recorded: Recorded) -> Chat:
    """The state after `recorded`; the very same object if the event changes nothing.

    An event at or below its own side's cursor was applied before. A repeat of an id is none of the chat's business.
    An event that no fold can take moves the cursor alone, for every reader alike: it stops nobody.
    """
    return folded(chat, recorded)[0]


def folded(chat: Chat, recorded: Recorded) -> tuple[Chat, Exception | None]:
    """The state as `evolve` gives it, and the exception of a fold that could not take the event; the shell logs it."""
    try:
        return _evolve(chat, recorded), None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as defect:
        is_inbound = recorded.side == "i"
        after = replace(chat, inbound_seq=recorded.seq) if is_inbound else replace(chat, decision_seq=recorded.seq)
        return after, defect


def _evolve(chat: Chat, recorded: Recorded) -> Chat:
    if recorded.side == "i":
        return chat if recorded.seq <= chat.inbound_seq or recorded.repeat else _came_in(chat, recorded)
    if recorded.seq <= chat.decision_seq:
        return chat
    if isinstance(recorded.event, Erased):
        return forgotten(chat, recorded.event, recorded.seq)
    fold = _DECIDED.get(type(recorded.event))
    changes: Changes = fold(chat, recorded.event, recorded) if fold is not None else {}
    after = replace(chat, decision_seq=recorded.seq, **changes)
    if chat.turn is None and recorded.event.__class__ is not Reply:
        return after
    strays, spent = with_strays(chat, after, recorded), spent_after(chat, after, recorded)
    return after if strays is after.strays and spent is after.spent else replace(after, strays=strays, spent=spent)


def _came_in(chat: Chat, recorded: Recorded) -> Chat:
    event, seq, stored = recorded.event, recorded.seq, recorded.at
    if isinstance(event, Message):
        sent = stored if event.at is None or event.at > stored else event.at
        message = Waiting(event.id, seq, sent, stored, fault_of(event), has_file(event), is_silent(event))
        return arrived(chat, event, message, recorded.key.chat)
    if isinstance(event, Control):
        return replace(chat, inbound_seq=seq, orders=(*chat.orders, Order(seq, event)))
    if isinstance(event, Unreadable):
        message = Waiting(unreadable_id(seq), seq, stored, stored, event.reason, silent=True)
        return replace(chat, inbound_seq=seq, waiting=(*chat.waiting, message))
    if isinstance(event, Edit | Revoke):
        return edits.came_in(chat, event, seq)
    if isinstance(event, Receipt) and is_group(recorded.key.chat) and seq > chat.began_at:
        return sent_to_group(chat, event, seq)
    return chat


def _open(chat: Chat, messages: tuple[str, ...]) -> tuple[Waiting, ...]:
    ended = frozenset(messages)
    return tuple(message for message in chat.waiting if message.id not in ended) if chat.waiting else ()


def _turn_unless(chat: Chat, ended: tuple[str, ...]) -> Turn | None:
    """The running turn without the messages in `ended`; None if none is left."""
    turn, over = chat.turn, frozenset(ended)
    if turn is None or over.isdisjoint(turn.messages):
        return turn
    left = tuple(message for message in turn.messages if message not in over)
    return replace(turn, messages=left, cut=True) if left else None


def _orders(chat: Chat, cause: str | None) -> tuple[Order, ...]:
    return tuple(order for order in chat.orders if order.control.id != cause) if cause else chat.orders


def _ignored(chat: Chat, event: Ignored, recorded: Recorded) -> Changes:
    changes: Changes = {
        "waiting": _open(chat, event.messages),
        "turn": _turn_unless(chat, event.messages),
        "orders": _orders(chat, event.cause),
        "notice": event.messages[0] if event.told and event.messages else chat.notice,
        "notice_reason": event.reason if event.told and event.messages else chat.notice_reason,
    }
    if event.told and event.reason in ONCE:
        others = tuple(told for told in chat.told if told.reason != event.reason)
        changes["told"] = (*others, Told(event.reason, recorded.at))
    elif event.reason in ("stop_word", "start_word"):
        changes["stopped"] = event.reason == "stop_word"
        if event.reason == "stop_word":
            changes["apology"] = None
    if event.reason == BY_HAND:
        changes["attention"], changes["hand"] = None, hand_after_word(chat, event.messages)
    elif chat.attention is not None and event.told and event.reason == "handed_off":
        changes["attention"] = replace(chat.attention, told=True)
    return edits.ended(chat, event.messages, changes)


def _turn_started(chat: Chat, event: TurnStarted, recorded: Recorded) -> Changes:
    named = frozenset(event.messages)
    sent = [message.sent for message in chat.waiting if message.id in named]
    by = recorded.msg_id.rpartition(":")[0]
    newest = max(sent, default=event.at)
    turn = Turn(event.turn, event.messages, event.backend, recorded.seq, by, newest, reading(event.media))
    if event.fallback is not None:
        turn = replace(turn, fallback=event.fallback)
    changes: Changes = {
        "waiting": _open(chat, event.messages),
        "turn": turn,
        "orders": _orders(chat, event.cause),
        "strays": fresh(chat.strays, recorded.at),
    }
    if event.cause is None and event.instead is None and chat.replied is not None:
        first = next((message.stored for message in chat.waiting if message.id in named), None)
        is_quick = first is not None and chat.replied <= first < chat.replied + QUICK
        changes["quick"] = chat.quick + 1 if is_quick else 0
    if chat.rewrites:
        changes["rewrites"] = edits.seen(chat, event.messages, event.seen)
    if event.instead is not None and chat.turn is not None:
        before = chat.turn
        turn = replace(
            turn, newest=before.newest, void=before.void, void_reason=before.void_reason, read_at=before.read_at
        )
        if event.fallback is not None:
            # A tool that was called is not called again: the second model gets the outputs.
            turn = replace(turn, calls=tuple(call for call in before.calls if call.output is not None))
        changes["turn"] = turn
        # The thread may hold the words that were edited or deleted.
        changes["rewritten"] = max(chat.rewritten, event.seen)
    return changes


def _turn_adopted(chat: Chat, event: TurnAdopted, _: Recorded) -> Changes:
    if chat.turn is None or chat.turn.id != event.turn:
        return {}
    return {"turn": replace(chat.turn, by=event.by, adoptions=chat.turn.adoptions + 1)}


def _thread_created(chat: Chat, event: ThreadCreated, recorded: Recorded) -> Changes:
    thread, turn = Thread(event.backend, event.thread, event.seen, recorded.seq), chat.turn
    if turn is None:
        return {"thread": thread}
    turn = replace(turn, phase=thread_made(turn.phase), threads=turn.threads + 1, adoptions=0)
    return {"thread": thread, "turn": turn}


def _media_read(chat: Chat, event: MediaRead, recorded: Recorded) -> Changes:
    turn = chat.turn
    if turn is None or turn.id != event.turn or event.message not in (unread := unread_of(turn.phase)):
        return {}
    is_void = event.form == "nothing" and event.bare
    read = replace(
        turn,
        phase=reading(tuple(message for message in unread if message != event.message)),
        void=(*turn.void, event.message) if is_void else turn.void,
        void_reason=(turn.void_reason or _file_reason(event)) if is_void else turn.void_reason,
        read_at=recorded.seq,
        spent=turn.spent + event.usage,
        heard=with_used(turn.heard, event.model or "", event.usage),
        adoptions=0,
    )
    return {"turn": read}


def _file_reason(event: MediaRead) -> str:
    """The reason that the file gave nothing; older versions wrote `unreadable`, now a word for bytes of the log."""
    return "file_unreadable" if event.reason in (None, "unreadable") else event.reason


def _run_started(chat: Chat, event: RunStarted, _: Recorded) -> Changes:
    turn = chat.turn
    if turn is None or turn.id != event.turn:
        return {}
    phase = run_started(turn.phase, event.run, continues=turn.attempt == event.attempt)
    spent = turn.spent + event.usage
    return {"turn": replace(turn, phase=phase, attempt=event.attempt, spent=spent, adoptions=0)}


def _tool_called(chat: Chat, event: ToolCalled, recorded: Recorded) -> Changes:
    turn = chat.turn
    if turn is None or turn.id != event.turn:
        return {}
    by = recorded.msg_id.rpartition(":")[0]
    call = Call(event.call, event.name, event.arguments, by, run_of(turn.phase), raw=event.raw)
    calls = (*turn.calls, call)
    spent = turn.spent + event.usage
    return {"turn": replace(turn, phase=called(turn.phase, event.call), calls=calls, spent=spent, adoptions=0)}


def _tool_returned(chat: Chat, event: ToolReturned, _: Recorded) -> Changes:
    turn = chat.turn
    if turn is None or turn.id != event.turn:
        return {}
    calls = [
        replace(call, output=event.output, unfit=event.unfit) if call.id == event.call and call.output is None else call
        for call in turn.calls
    ]
    return {"turn": replace(turn, phase=returned(turn.phase, event.call), calls=tuple(calls), adoptions=0)}


def _thread_after(chat: Chat, turn: str | None, recorded: Recorded) -> Thread | None:
    """The thread after the end of `turn`: its own turn's end leaves it with everything that was said, unless the second
    model answered, which has no part in it."""
    thread = chat.thread
    is_its_own = thread is not None and chat.turn is not None and chat.turn.id == turn and not chat.turn.fallback
    return replace(thread, known_upto=recorded.seq) if thread is not None and is_its_own else thread


def _reply(chat: Chat, event: Reply, recorded: Recorded) -> Changes:
    turn = _turn_unless(chat, event.in_reply_to)
    changes: Changes = {
        "waiting": _open(chat, event.in_reply_to),
        "turn": None if turn is not None and turn.id == event.turn else turn,
        "orders": _orders(chat, event.cause),
        "apology": None if event.about is not None and event.about == chat.apology else chat.apology,
        "notice": None if event.about is not None and event.about == chat.notice else chat.notice,
        "thread": _thread_after(chat, event.turn, recorded),
    }
    if event.author == "assistant":
        changes["replied"] = recorded.at
    if event.author == "operator":
        changes["hand"] = Hand(event.id, recorded.at, TAKEN_OVER)
        changes["attention"] = None
    return edits.ended(chat, event.in_reply_to, changes)


def _turn_failed(chat: Chat, event: TurnFailed, recorded: Recorded) -> Changes:
    changes: Changes = {
        "waiting": _open(chat, event.messages),
        "turn": _turn_unless(chat, event.messages),
        "apology": event.turn if event.told else chat.apology,
        "thread": _thread_after(chat, event.turn, recorded),
    }
    return edits.ended(chat, event.messages, changes)


def _says_nothing(changes: Changes) -> Changes:
    """`changes` of a decision after which a person hears nothing of recado about earlier messages."""
    changes["apology"] = changes["notice"] = None
    return changes


def _paused(chat: Chat, event: Paused, _: Recorded) -> Changes:
    # Older versions gave handoffs a time, after which they answered a person who waited for a human.
    until = None if event.reason == HANDED_OFF else event.until
    changes: Changes = {"pause": Pause(until, event.reason), "orders": _orders(chat, event.cause), "hand": None}
    return _says_nothing(changes)


def _resumed(chat: Chat, event: Resumed, _: Recorded) -> Changes:
    if event.cause is None and is_handed_off(chat):
        return {"pause": Pause(None, HANDED_OFF)}
    attention = None if event.cause is not None else chat.attention
    return {"pause": None, "orders": _orders(chat, event.cause), "hand": None, "attention": attention}


def _attention(chat: Chat, event: Attention, recorded: Recorded) -> Changes:
    return {
        "hand": Hand(event.id, recorded.at, HANDED_OFF),
        "attention": Asked(event.id),
        "orders": _orders(chat, event.cause),
    }


def _approved(chat: Chat, event: Approved, _: Recorded) -> Changes:
    told = tuple(told for told in chat.told if told.reason != "unapproved")
    return {"admission": "approved", "told": told, "orders": _orders(chat, event.cause)}


def _blocked(chat: Chat, event: Blocked, _: Recorded) -> Changes:
    return _says_nothing({"admission": "blocked", "orders": _orders(chat, event.cause)})


def _reset(chat: Chat, event: Reset, _: Recorded) -> Changes:
    return {
        "thread": None,
        "reset_upto": max(chat.reset_upto, event.upto),
        "orders": _orders(chat, event.cause),
    }


_DECIDED: dict[type, Callable[[Chat, Any, Recorded], Changes]] = {
    Ignored: _ignored,
    TurnStarted: _turn_started,
    TurnAdopted: _turn_adopted,
    ThreadCreated: _thread_created,
    MediaRead: _media_read,
    RunStarted: _run_started,
    ToolCalled: _tool_called,
    ToolReturned: _tool_returned,
    Reply: _reply,
    TurnFailed: _turn_failed,
    Paused: _paused,
    Resumed: _resumed,
    Attention: _attention,
    Approved: _approved,
    Blocked: _blocked,
    Reset: _reset,
}
