"""The pending work of a chat, computed from its state: after a crash and in normal running alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from chat import edits, erasing, first_look, joining, unsent
from chat.acknowledging import to_acknowledge
from chat.broken import MOST_ADOPTIONS, SetAside
from chat.limits import together
from chat.refusals import refusal_due
from chat.state import Chat, Erasing, Order, Stray, Thread
from chat.stray_runs import fresh
from chat.takeover import hand_over, word_by_hand
from chat.turn import Call, InTools, Reading, Running, Starting, Turn, runs_of
from chat.waiting_word import to_tell
from chat.work import (
    Acknowledge,
    Adopt,
    Apologise,
    Ask,
    AwaitRun,
    CallTool,
    CreateThread,
    Due,
    Effect,
    EndBurst,
    Erase,
    HandOver,
    LookUpFirst,
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
from events.inbound import Control
from events.recorded import UNREADABLE


def has_pending_work(chat: Chat) -> bool:
    """True if anything is or will be pending: such a chat is woken at start, whatever the time."""
    return has_work_now(chat) or (chat.pause is not None and chat.pause.until is not None)


def has_work_now(chat: Chat) -> bool:
    """True if anything is pending but the end of a pause."""
    return bool(
        chat.waiting
        or chat.turn
        or chat.orders
        or chat.apology
        or chat.notice
        or chat.erasing
        or chat.closing
        or joining.waits(chat)
    )


def wakes(chat: Chat) -> bool:
    """True if the chat is woken at start: it has pending work, left a run behind that may have to be stopped, or has a
    reply that a human may have to be asked about."""
    return has_pending_work(chat) or bool(chat.strays) or chat.unsent is not None


def due(chat: Chat, now: datetime, rules: Rules, of_turn: Rules) -> Due | None:
    """The next decision, or None. In this order: acts of a human and orders, messages that get no reply, apologies,
    and what the running turn, with the rules `of_turn`, needs."""
    if chat.into:
        return _due_in_closed(chat)
    if (by_hand := hand_over(chat, now, rules.takeover)) is not None:
        hand, until = by_hand
        return HandOver(hand.id, until, hand.reason)
    if chat.orders and word_by_hand(chat) is not None and (refusal := refusal_due(chat, now, rules)) is not None:
        return refusal  # the human ended these before the order came
    if chat.orders and (order := _order_due(chat, rules)) is not None:
        return order
    if chat.notice is not None and chat.notice_reason != "budget":
        return Notify(chat.notice, chat.notice_reason)  # before another refusal takes its place
    if (refusal := refusal_due(chat, now, rules)) is not None:
        return refusal
    if chat.apology is not None:
        return Apologise(chat.apology)
    if chat.notice is not None:
        return Notify(chat.notice)
    if (about := unsent.due(chat, now)) is not None:
        return about
    return _due_of_turn(chat, chat.turn, rules, of_turn) if chat.turn is not None else None


def _due_of_turn(
    chat: Chat, turn: Turn, rules: Rules, of_turn: Rules
) -> Adopt | SetAside | StartAgain | Ask | Acknowledge | None:
    """The decision about a turn of another incarnation, one whose messages were edited or deleted, one whose profile
    cannot be had any more, one that ends with a question, and one whose message is still to be reacted to."""
    if of_turn.waits and rules.waits:
        return None
    if turn.by != rules.incarnation:
        return Adopt(turn.id) if turn.adoptions < MOST_ADOPTIONS else SetAside()
    if not rules.waits and (of_turn.waits or edits.is_outdated(chat, turn)):
        return StartAgain(turn.id)
    if turn.is_asked and not _is_kept_waiting(chat, turn, rules, of_turn):
        return Ask(turn.id)
    return to_acknowledge(chat, turn, of_turn)


def _order_due(chat: Chat, rules: Rules) -> Obey | Apologise | Notify | Refuse | None:
    """The next order that can be obeyed, or a step that comes before it: a chat is erased last, with nothing open and
    no apology or notice pending."""
    for other in chat.orders:
        if other.control.command == "retry" and (chat.turn is not None or joining.waits(chat) or rules.waits):
            continue
        if other.control.command == "join" and not rules.joins:
            continue
        if other.control.command != "erase" and not joining.is_to_close(other):
            return Obey(other.control, other.seq)
    if (order := _to_close(chat)) is None and (order := erasing.ordered(chat)) is None:
        return None
    if chat.apology is not None:
        return Apologise(chat.apology)
    if chat.notice is not None:
        return Notify(chat.notice, chat.notice_reason)
    if joining.is_to_close(order):
        return Obey(order.control, order.seq) if chat.turn is None and rules.joins else None
    messages = erasing.open_messages(chat)
    if joining.waits(chat):
        return None
    if messages and not erasing.is_in_use(chat, order.control):
        return Refuse(together(messages), "erased", tell=False)
    return Obey(order.control, order.seq)


def _to_close(chat: Chat) -> Order | None:
    """The order to close the chat, once every other but those to erase it is obeyed."""
    first = next((order for order in chat.orders if order.control.command != "erase"), None)
    return first if first is not None and joining.is_to_close(first) else None


def _due_in_closed(chat: Chat) -> Obey | Refuse | None:
    """The next decision in a chat that has closed: bytes that nobody can read end; orders are refused, but that to
    erase it with the other chat, once everything was moved there."""
    if unreadable := [message for message in chat.waiting if message.fault in UNREADABLE]:
        first = unreadable[0]
        return Refuse((first.id,), first.fault or "unreadable", tell=False)
    for order in chat.orders:
        if joining.is_moved(order) or (order.control.command == "erase" and chat.waiting):
            continue
        return Obey(order.control, order.seq)
    return None


def pending(chat: Chat, now: datetime, rules: Rules, of_turn: Rules | None = None) -> tuple[Due | Effect, ...]:
    """The pending work at `now` (the bus's time). Work that is due comes first.

    `rules` are those of the chat's profile, `of_turn` those of the profile with which the running turn began; None:
    they are the same.
    """
    of_turn = of_turn or rules
    first = due(chat, now, rules, of_turn)
    found: list[Due | Effect] = [] if first is None else [first]
    if chat.turn is not None:
        ending = isinstance(first, StartAgain | Ask) or (
            isinstance(first, Refuse) and set(chat.turn.messages) <= set(first.messages)
        )
        if chat.turn.by == rules.incarnation and not ending and not _is_kept_waiting(chat, chat.turn, rules, of_turn):
            found += _next_steps(chat, chat.turn, of_turn)
            if (word := to_tell(chat, chat.turn, now, of_turn)) is not None:
                found.append(word)
    elif chat.waiting and first is None and chat.pause is None and not rules.waits and not _is_held(chat, rules):
        found.append(EndBurst(chat.waiting[0].seq, chat.waiting[-1].seq))
    if chat.pause is not None and chat.pause.until is not None:
        found.append(Resume(chat.pause.until))
    if chat.erasing is not None:
        found.append(_erase(chat, chat.erasing))
    if chat.into or chat.joints:
        found += joining.effects(chat)
    if chat.strays:
        found += [StopRun(stray) for stray in fresh(chat.strays, now) if _may_be_stopped(stray, rules)]
    return tuple(found)


def _is_kept_waiting(chat: Chat, turn: Turn, rules: Rules, of_turn: Rules) -> bool:
    """True if the turn waits for variables of its profile, or of the one with which it has to start again."""
    return of_turn.waits or (rules.waits and edits.is_outdated(chat, turn))


def _may_be_stopped(stray: Stray, rules: Rules) -> bool:
    """True if the run may be within reach: it is, unless the mode of the profile that began it has changed since."""
    return stray.profile != rules.profile or (rules.keeps_threads and stray.backend == rules.backend)


def _is_held(chat: Chat, rules: Rules) -> bool:
    """True if the waiting messages are another chat's, or another chat is still to tell its gates."""
    return bool(chat.into) or joining.waits(chat) or (rules.joins and any(map(joining.is_to_close, chat.orders)))


def _erase(chat: Chat, work: Erasing) -> Erase:
    pause, holds = chat.pause, None
    if work.joined or chat.stopped or chat.opted_out or chat.admission == "blocked":
        holds = Control(
            id=f"erase:{work.seq}",
            command="erase",
            by=work.by,
            admission=chat.admission,
            stopped=chat.stopped,
            opted_out=chat.opted_out,
            held=pause.reason if pause is not None else "",
            until=pause.until if pause is not None else None,
        )
    return Erase(work.seq, work.upto, work.joined, holds)


def _next_steps(chat: Chat, turn: Turn, rules: Rules) -> list[Effect]:
    if isinstance(turn.phase, Reading):
        return [ReadMedia(turn.id, turn.seq, message) for message in turn.phase.unread]
    if turn.fallback and rules.has_fallback:
        return list(_calls(turn)) or _first_look(chat, turn, rules) or [WriteReply(turn, "", chat.reset_upto)]
    if (reason := _new_thread(chat, turn, rules)) is not None:
        return [CreateThread(turn.id, turn.seq, rules.backend, reason, chat.reset_upto, chat.rewritten)]
    thread, upto = cast(Thread, chat.thread), chat.reset_upto
    if isinstance(turn.phase, InTools):
        return list(_calls(turn))
    if first := _first_look(chat, turn, rules):
        return first
    if not rules.keeps_threads:
        return [WriteReply(turn, thread.id, upto)]
    if isinstance(turn.phase, Running):
        return [AwaitRun(turn, turn.phase.run, thread.id, upto, thread.known_upto, thread.asked)]
    return [StartRun(turn, thread.id, upto, thread.known_upto, thread.asked)]


def _first_look(chat: Chat, turn: Turn, rules: Rules) -> list[Effect]:
    return [LookUpFirst(turn, chat.reset_upto)] if rules.looks_up_first and first_look.is_due(turn) else []


def _calls(turn: Turn) -> Iterator[CallTool]:
    """The calls that the model waits for."""
    if isinstance(turn.phase, InTools):
        withheld = turn.withheld
        for call in turn.current_calls:
            if call.output is None:
                before = _before(turn, call)
                yield CallTool(
                    turn.id,
                    call,
                    before,
                    withheld=call.name in withheld,
                    messages=turn.messages,
                    chosen=turn.chosen,
                )


def _new_thread(chat: Chat, turn: Turn, rules: Rules) -> ThreadReason | None:
    """The reason for which the turn needs a thread before anything else; None: the chat has one that will do."""
    thread = chat.thread
    if thread is None:
        return "reset" if chat.reset_upto else "first"
    if thread.backend != rules.backend or (rules.keeps_threads and _name(thread.profile) != _name(turn.profile)):
        return "switched"  # one profile's thread holds what its tools gave, and may be at another server
    has_begun = not isinstance(turn.phase, Starting) or turn.calls
    if rules.keeps_threads and thread.edits_known_upto < chat.rewritten and not has_begun:
        return "replaced"  # it holds words that were edited or deleted since
    return None


def _name(profile: str) -> str:
    """The name of a profile by that of its version."""
    return profile.partition("@")[0]


def _before(turn: Turn, call: Call) -> Call | None:
    """The same call in an attempt at the turn that was lost."""
    runs = runs_of(turn.phase)
    for before in turn.calls:
        if before.run not in (call.run, *runs) and (before.name, before.arguments) == (call.name, call.arguments):
            return before
    return None
