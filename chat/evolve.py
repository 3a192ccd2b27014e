"""Folds events into the state of a chat. A stored event keeps its meaning for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from chat import edits, joining, teamwork, unsent
from chat import turn_steps as steps
from chat.acknowledging import acknowledged_by
from chat.arrival import arrived, fault_of, has_file, is_silent, sent_to_group
from chat.changes import Changes
from chat.choices import Chosen, chosen_by, question_of, tapped
from chat.erasing import forgotten
from chat.fold_constants import LONGEST_ASKED, ONCE, QUICK, THREADLESS
from chat.spent import spent_after
from chat.state import Chat, Hand, OpenAttention, Order, Pause, Thread, ToldReason, Waiting
from chat.stray_runs import fresh, with_strays
from chat.takeover import BY_HAND, HANDED_OFF, TAKEN_OVER, hand_after_word, is_handed_off
from chat.turn import Turn, reading, thread_made
from chat.waiting_word import is_said_by
from events.admission import Approved, Blocked
from events.decisions import (
    Attention,
    Erased,
    Ignored,
    MediaRead,
    Paused,
    Reply,
    Reset,
    Resumed,
    RunStarted,
    ThreadCreated,
    TurnAdopted,
    TurnFailed,
    TurnStarted,
)
from events.inbound import Control, Edit, Message, Receipt, Revoke
from events.jid import certain, is_group
from events.joining import Joined
from events.recorded import Recorded, Unreadable, unreadable_id
from events.teamwork import Assigned, Labelled, Noted, Resolved
from events.tool_calls import ToolCalled, ToolReturned


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
    if not chat.into and (into := certain(recorded.key.chat)) is not None:
        chat = replace(chat, into=into)  # another form of a chat's name
    if chat.into and isinstance(event, Message | Edit | Revoke):
        id_ = event.id if isinstance(event, Message) else unreadable_id(seq)
        late = Waiting(id_, seq, stored, stored, joining.CLOSED, silent=True)
        return replace(chat, inbound_seq=seq, waiting=(*chat.waiting, late))
    if isinstance(event, Message):
        sent = stored if event.at is None or event.at > stored else event.at
        message = Waiting(event.id, seq, sent, stored, fault_of(event), has_file(event), is_silent(event))
        if chat.question:
            choice = chosen_by(chat.question, event) or tapped(chat.question, event)
            message = message if choice is None else replace(message, choice=choice)
            # In a group, the words of others come between the question and what only looks like an answer.
            is_over = event.from_me or (message.choice is None and is_group(recorded.key.chat))
            chat = replace(chat, question=()) if is_over else chat
        if event.marketing is not None:
            chat = replace(chat, opted_out=not event.marketing)
        chat = teamwork.came_in(arrived(chat, event, message, recorded.key.chat))
        return edits.met(chat, event)
    if isinstance(event, Control):
        chat = replace(chat, inbound_seq=seq, orders=(*chat.orders, Order(seq, event)))
        return joining.announced(chat, event, recorded.key.chat)
    if isinstance(event, Unreadable):
        message = Waiting(unreadable_id(seq), seq, stored, stored, event.reason, silent=True)
        return replace(chat, inbound_seq=seq, waiting=(*chat.waiting, message))
    if isinstance(event, Edit | Revoke):
        return edits.came_in(chat, event, seq, stored)
    if isinstance(event, Receipt):
        if is_group(recorded.key.chat) and seq > chat.began_at:
            chat = sent_to_group(chat, event, seq)
        return unsent.came_in(chat, event, seq, stored)
    return chat


def _open(chat: Chat, messages: tuple[str, ...]) -> tuple[Waiting, ...]:
    ended = frozenset(messages)
    # A release that could not read another form of a chat's name ended its messages under such ids.
    return tuple(
        message for message in chat.waiting if message.id not in ended and unreadable_id(message.seq) not in ended
    )


def _turn_unless(chat: Chat, ended: tuple[str, ...]) -> Turn | None:
    """The running turn without the messages in `ended`; None if none is left."""
    turn, over = chat.turn, frozenset(ended)
    if turn is None or over.isdisjoint(turn.messages):
        return turn
    left = tuple(message for message in turn.messages if message not in over)
    return replace(turn, messages=left, reduced=True) if left else None


def _orders(chat: Chat, cause: str | None) -> tuple[Order, ...]:
    return tuple(order for order in chat.orders if order.control.id != cause) if cause else chat.orders


def _ignored(chat: Chat, event: Ignored, recorded: Recorded) -> Changes:
    waiting = _open(chat, event.messages)
    changes: Changes = {
        "waiting": waiting,
        "unanswered": teamwork.ended(chat, event, waiting),
        "turn": _turn_unless(chat, event.messages),
        "orders": _orders(chat, event.cause),
        "notice": event.messages[0] if event.told and event.messages else chat.notice,
        "notice_reason": event.reason if event.told and event.messages else chat.notice_reason,
    }
    gone = frozenset(event.messages)
    if sent := [one.sent for one in chat.waiting if one.id in gone and one.sender and not one.silent]:
        changes["last_wrote"] = max(sent) if chat.last_wrote is None else max(*sent, chat.last_wrote)
    if event.told and event.reason in ONCE:
        others = tuple(told for told in chat.told if told.reason != event.reason)
        changes["told"] = (*others, ToldReason(event.reason, recorded.at))
    elif event.reason in ("stop_word", "start_word"):
        changes["stopped"] = event.reason == "stop_word"
        if event.reason == "stop_word":
            changes["apology"] = None
            changes["notice"] = event.messages[0] if event.told and event.messages else None
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
    phase, began = reading(event.media), event.at
    is_first = event.cause is None and event.instead is None
    last_wrote = chat.last_wrote if is_first else None
    turn = Turn(
        event.turn, event.messages, event.backend, recorded.seq, by, newest, phase, began=began, last_wrote=last_wrote
    )
    if chosen := tuple(Chosen(one.id, one.choice) for one in chat.waiting if one.choice and one.id in named):
        turn = replace(turn, chosen=chosen)
    if event.fallback is not None or event.profile:
        turn = replace(turn, fallback=event.fallback or "", profile=event.profile)
    changes: Changes = {
        "waiting": _open(chat, event.messages),
        "turn": turn,
        "orders": _orders(chat, event.cause),
        "strays": fresh(chat.strays, recorded.at),
    }
    if sent:
        changes["last_wrote"] = newest if chat.last_wrote is None else max(newest, chat.last_wrote)
    if is_first and chat.replied is not None:
        first = next((message.stored for message in chat.waiting if message.id in named), None)
        is_quick = first is not None and chat.replied <= first < chat.replied + QUICK
        changes["quick"] = chat.quick + 1 if is_quick else 0
    if chat.unsent is not None and unsent.due(chat, recorded.at) is None:
        changes["unsent"] = None
    if chat.rewrites:
        changes["rewrites"] = edits.seen(chat, event.messages, event.seen)
    if event.instead is not None and chat.turn is not None:
        before = chat.turn
        turn = replace(
            turn,
            newest=before.newest,
            void=before.void,
            void_reason=before.void_reason,
            read_at=before.read_at,
            began=before.began,
            last_wrote=before.last_wrote,
            chosen=before.chosen,
        )
        if event.fallback is not None:
            # A tool that was called is not called again: the second model gets the outputs.
            calls = tuple(call for call in before.calls if call.output is not None)
            turn = replace(turn, calls=calls, unheard=before.unheard)
        changes["turn"] = turn
        if chat.told_to_wait == before.id:
            changes["told_to_wait"] = event.turn
        # The thread may hold the words that were edited or deleted.
        changes["rewritten"] = max(chat.rewritten, event.seen)
    return changes


def _turn_adopted(chat: Chat, event: TurnAdopted, _: Recorded) -> Changes:
    if chat.turn is None or chat.turn.id != event.turn:
        return {}
    return {"turn": replace(chat.turn, by=event.by, adoptions=chat.turn.adoptions + 1)}


def _thread_created(chat: Chat, event: ThreadCreated, recorded: Recorded) -> Changes:
    thread, turn = Thread(event.backend, event.thread, event.seen, recorded.seq, event.profile), chat.turn
    if turn is None:
        return {"thread": thread}
    turn = replace(turn, phase=thread_made(turn.phase), threads=turn.threads + 1, adoptions=0)
    return {"thread": thread, "turn": turn}


def _thread_after(chat: Chat, turn: str | None, recorded: Recorded, text: str = "") -> Thread | None:
    """The thread after the end of `turn` by a reply's `text`: its own turn's end leaves it with everything that was
    said but for a question of a tool, unless the second model answered, which has no part in it."""
    thread, ended = chat.thread, chat.turn
    if thread is None or ended is None or ended.id != turn or ended.fallback:
        return thread
    asked = text[:LONGEST_ASKED] if ended.is_asked and thread.backend not in THREADLESS else ""
    return replace(thread, known_upto=recorded.seq, asked=asked)


def _reply(chat: Chat, event: Reply, recorded: Recorded) -> Changes:
    if message := acknowledged_by(event):
        return {"acknowledged": message}
    turn, waiting = _turn_unless(chat, event.in_reply_to), _open(chat, event.in_reply_to)
    changes: Changes = {
        "waiting": waiting,
        "unanswered": teamwork.answered(chat, event, waiting),
        "turn": None if turn is not None and turn.id == event.turn else turn,
        "orders": _orders(chat, event.cause),
        "apology": None if event.about is not None and event.about == chat.apology else chat.apology,
        "notice": None if event.about is not None and event.about == chat.notice else chat.notice,
        "thread": _thread_after(chat, event.turn, recorded, event.text),
        "question": question_of(event),
    }
    if turn is not None and is_said_by(event, turn.id):
        changes["told_to_wait"] = turn.id
    if event.author == "assistant" and event.turn is not None:
        changes["replied"] = recorded.at
    if event.author == "operator":
        changes["hand"] = Hand(event.id, recorded.at, TAKEN_OVER)
        changes["attention"] = changes["unsent"] = None
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
    about_reply = unsent.is_about_a_reply(event)
    asked = OpenAttention(event.id, about_reply=about_reply)
    changes: Changes = {"attention": asked, "orders": _orders(chat, event.cause), "unsent": None, "state": "open"}
    changes["snoozed_until"] = None
    if not about_reply:
        changes["hand"] = Hand(event.id, recorded.at, HANDED_OFF)
    return changes


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
    MediaRead: steps.media_read,
    RunStarted: steps.run_begun,
    ToolCalled: steps.tool_called,
    ToolReturned: steps.tool_returned,
    Reply: _reply,
    TurnFailed: _turn_failed,
    Paused: _paused,
    Resumed: _resumed,
    Attention: _attention,
    Approved: _approved,
    Blocked: _blocked,
    Reset: _reset,
    Joined: joining.fold,
    **dict.fromkeys((Assigned, Labelled, Noted, Resolved), teamwork.fold),
}
