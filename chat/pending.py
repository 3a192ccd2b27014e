"""The work a chat owes, computed from its state: after a crash and in normal running alike."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from chat import edits, erasing
from chat.broken import MOST_ADOPTIONS, SetAside
from chat.limits import together
from chat.refusals import refusal_due
from chat.state import Call, Chat, Thread, Turn
from chat.stray_runs import fresh
from chat.takeover import hand_over, word_by_hand
from chat.work import (
    Adopt,
    Apologise,
    AwaitRun,
    CallTool,
    CreateThread,
    Due,
    Effect,
    EndBurst,
    Erase,
    HandOver,
    Notify,
    Obey,
    ReadMedia,
    Refuse,
    Resume,
    Rules,
    StartAgain,
    StartRun,
    StopRun,
    WriteReply,
)
from events.decisions import ThreadReason


def owes(chat: Chat) -> bool:
    """Whether anything is or will be owed: such a chat is woken at start, whatever the time."""
    return bool(
        chat.waiting
        or chat.turn
        or chat.orders
        or chat.apology
        or chat.notice
        or (chat.pause is not None and chat.pause.until is not None)
        or chat.erasing
    )


def wakes(chat: Chat) -> bool:
    """Whether the chat is woken at start: it owes something, or has left a run behind that may have to be stopped."""
    return owes(chat) or bool(chat.strays)


def due(chat: Chat, now: datetime, setting: Rules) -> Due | None:
    """What is to be decided first, if anything is: a human's doing and orders, then messages that get no reply, then
    apologies, then a turn of somebody else's, or one that is not true any more."""
    if (owed := hand_over(chat, now, setting.takeover)) is not None:
        hand, until = owed
        return HandOver(hand.id, until, hand.reason)
    if chat.orders and word_by_hand(chat) is not None and (refusal := refusal_due(chat, now, setting)) is not None:
        return refusal  # what the human ended, before an order that came later
    if chat.orders and (order := _order_due(chat)) is not None:
        return order
    if chat.notice is not None and chat.notice_reason != "budget":
        return Notify(chat.notice, chat.notice_reason)  # before another refusal takes its place
    if (refusal := refusal_due(chat, now, setting)) is not None:
        return refusal
    if chat.apology is not None:
        return Apologise(chat.apology)
    if chat.notice is not None:
        return Notify(chat.notice)
    if chat.turn is not None and chat.turn.by != setting.incarnation:
        return Adopt(chat.turn.id) if chat.turn.adoptions < MOST_ADOPTIONS else SetAside()
    if chat.turn is not None and edits.is_outdated(chat, chat.turn):
        return StartAgain(chat.turn.id)
    return None


def _order_due(chat: Chat) -> Obey | Apologise | Notify | Refuse | None:
    """The next order that can be obeyed, or what has to be done before it can: a chat is erased last, with nothing
    open and nothing owed to anybody."""
    for other in chat.orders:
        if other.control.command != "erase" and (other.control.command != "retry" or chat.turn is None):
            return Obey(other.control, other.seq)
    if (order := erasing.ordered(chat)) is None:
        return None
    if chat.apology is not None:
        return Apologise(chat.apology)
    if chat.notice is not None:
        return Notify(chat.notice, chat.notice_reason)
    messages = erasing.open_messages(chat)
    if messages and not erasing.is_in_use(chat, order.control):
        return Refuse(together(messages), "erased", tell=False)
    return Obey(order.control, order.seq)


def pending(chat: Chat, now: datetime, setting: Rules) -> tuple[Due | Effect, ...]:
    """All that is owed at `now` (the bus's time). Where something is due, it comes first."""
    first = due(chat, now, setting)
    owed: list[Due | Effect] = [] if first is None else [first]
    if chat.turn is not None:
        ending = isinstance(first, StartAgain) or (
            isinstance(first, Refuse) and set(chat.turn.messages) <= set(first.messages)
        )
        if chat.turn.by == setting.incarnation and not ending:
            owed += _next_steps(chat, chat.turn, setting)
    elif chat.waiting and first is None and chat.pause is None:
        owed.append(EndBurst(chat.waiting[0].seq, chat.waiting[-1].seq))
    if chat.pause is not None and chat.pause.until is not None:
        owed.append(Resume(chat.pause.until))
    if chat.erasing is not None:
        owed.append(Erase(chat.erasing.seq, chat.erasing.upto))
    if chat.strays and setting.keeps_threads:
        owed += [StopRun(stray) for stray in fresh(chat.strays, now) if stray.backend == setting.backend]
    return tuple(owed)


def _next_steps(chat: Chat, turn: Turn, setting: Rules) -> list[Effect]:
    if turn.unread:
        return [ReadMedia(turn.id, turn.seq, message) for message in turn.unread]
    if (reason := _new_thread(chat, turn, setting)) is not None:
        return [CreateThread(turn.id, turn.seq, setting.backend, reason, chat.reset_upto, chat.rewritten)]
    thread, upto = cast(Thread, chat.thread), chat.reset_upto
    if calls := [call for call in turn.current_calls if call.output is None]:
        withheld = turn.withheld
        return [CallTool(turn.id, call, _memo(turn, call), call.name in withheld) for call in calls]
    if not setting.keeps_threads:
        return [WriteReply(turn, thread.id, upto)]
    return [(StartRun if turn.run is None else AwaitRun)(turn, thread.id, upto, thread.known_upto)]


def _new_thread(chat: Chat, turn: Turn, setting: Rules) -> ThreadReason | None:
    """Why the turn needs a thread before anything else; None: the chat has one that will do."""
    thread = chat.thread
    if thread is None:
        return "reset" if chat.reset_upto else "first"
    if thread.backend != setting.backend:
        return "switched"
    if setting.keeps_threads and thread.edits_known_upto < chat.rewritten and turn.run is None and not turn.calls:
        return "replaced"  # it has words that were edited or deleted since
    return None


def _memo(turn: Turn, call: Call) -> str | None:
    """What the very same call gave in an attempt at the turn that was lost."""
    for before in turn.calls:
        if before.run not in (call.run, *turn.runs) and (before.name, before.arguments) == (call.name, call.arguments):
            return before.output
    return None
