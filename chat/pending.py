"""The work a chat owes, computed from its state: after a crash and in normal running alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import msgspec

from chat import edits, erasing
from chat.broken import MOST_ADOPTIONS, SetAside
from chat.gates import Gates, is_news, not_now, shut_out, silenced
from chat.limits import together
from chat.state import Call, Chat, Stray, Thread, Turn, Waiting
from chat.stray_runs import fresh
from chat.takeover import BY_HAND, hand_over, word_by_hand
from events.decisions import ThreadReason
from events.inbound import Control


class Obey(msgspec.Struct, frozen=True, gc=False):
    """Decide what a control asks for."""

    control: Control
    seq: int


class Refuse(msgspec.Struct, frozen=True, gc=False):
    """End these messages without a reply; `tell` unless the person has been told of that already."""

    messages: tuple[str, ...]
    reason: str
    tell: bool = True


class StartOver(msgspec.Struct, frozen=True, gc=False):
    """Start a new conversation behind sequence `upto`, because `by` asked for it in the chat."""

    upto: int
    by: str


class Apologise(msgspec.Struct, frozen=True, gc=False):
    """Tell the person that this turn failed."""

    turn: str


class Notify(msgspec.Struct, frozen=True, gc=False):
    """Tell the person that this message is not answered, for `reason`."""

    message: str
    reason: str = "budget"


class HandOver(msgspec.Struct, frozen=True, gc=False):
    """Leave the chat to the human who did `after`, `until` then (None: until somebody resumes)."""

    after: str
    until: datetime | None
    reason: str


class StartAgain(msgspec.Struct, frozen=True, gc=False):
    """Begin the turn anew: a message of it was edited or deleted."""

    turn: str


class Adopt(msgspec.Struct, frozen=True, gc=False):
    """Make a turn ours that another incarnation started, before anything is done about it."""

    turn: str


class Resume(msgspec.Struct, frozen=True, gc=False):
    """End the pause when the bus's clock shows `at`."""

    at: datetime


class EndBurst(msgspec.Struct, frozen=True, gc=False):
    """Start a turn once the person has stopped writing; sequences of the first and last message that wait."""

    first: int
    last: int


class CreateThread(msgspec.Struct, frozen=True, gc=False):
    """Make the conversation's place at the backend, with what was said before the turn that starts at `seq`."""

    turn: str
    seq: int
    backend: str
    reason: ThreadReason
    reset_upto: int
    seen: int = 0


class ReadMedia(msgspec.Struct, frozen=True, gc=False):
    """Read the file of a message of the turn that starts at `seq`: make of it what a model can be shown."""

    turn: str
    seq: int
    message: str


class WriteReply(msgspec.Struct, frozen=True, gc=False):
    """Have a backend that keeps no thread write the reply of the turn whose `turn_started` stands at `seq`."""

    turn: Turn
    thread: str
    reset_upto: int


class StartRun(msgspec.Struct, frozen=True, gc=False):
    """Have the provider begin to answer the turn in its thread, or find the run that it has begun already. The thread
    does not have what was said since decision `level` without it."""

    turn: Turn
    thread: str
    reset_upto: int
    level: int


class AwaitRun(msgspec.Struct, frozen=True, gc=False):
    """Wait for what comes of the turn's run, and give it the outputs of the tools that it asked for."""

    turn: Turn
    thread: str
    reset_upto: int
    level: int


class CallTool(msgspec.Struct, frozen=True, gc=False):
    """Make a call that the model asked for. `memo` is the output of the same call in an attempt that was lost since;
    one that is `withheld` is not made."""

    turn: str
    call: Call
    memo: str | None = None
    withheld: bool = False


class Erase(msgspec.Struct, frozen=True, gc=False):
    """Remove what counts as gone by `erased` at `seq`, which knew of all up to `upto`, wherever it is."""

    seq: int
    upto: int


class StopRun(msgspec.Struct, frozen=True, gc=False):
    """Have the provider stop what a turn left behind; once for each incarnation will do."""

    stray: Stray


Due = Obey | HandOver | Refuse | StartOver | Apologise | Notify | Adopt | StartAgain | SetAside
"""Owed work that is decided at once."""

Effect = Resume | EndBurst | ReadMedia | CreateThread | WriteReply | StartRun | AwaitRun | CallTool | StopRun | Erase
"""Owed work that takes time; it is under way as long as it is owed, and dropped when it no longer is."""


class Setting(msgspec.Struct, frozen=True, gc=False):
    """What the instance brings: its incarnation, the backend that writes, the age from which a message is stale,
    whether the backend keeps the conversation in threads of its provider, how many tokens a chat may cost on a day
    (0: any number), how long it is left to a human after the last word by hand (0: not at all), and who is answered
    when."""

    incarnation: str
    backend: str
    stale_after: timedelta
    keeps_threads: bool = False
    budget: int = 0
    takeover: timedelta = timedelta(0)
    gates: Gates = Gates()


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


def due(chat: Chat, now: datetime, setting: Setting) -> Due | None:
    """What is to be decided first, if anything is: a human's doing and orders, then messages that get no reply, then
    apologies, then a turn of somebody else's, or one that is not true any more."""
    if (owed := hand_over(chat, now, setting.takeover)) is not None:
        hand, until = owed
        return HandOver(hand.id, until, hand.reason)
    if chat.orders and word_by_hand(chat) is not None and (refusal := _refusal(chat, now, setting)) is not None:
        return refusal  # what the human ended, before an order that came later
    if chat.orders and (order := _order_due(chat)) is not None:
        return order
    if chat.notice is not None and chat.notice_reason != "budget":
        return Notify(chat.notice, chat.notice_reason)  # before another refusal takes its place
    if (refusal := _refusal(chat, now, setting)) is not None:
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


def pending(chat: Chat, now: datetime, setting: Setting) -> tuple[Due | Effect, ...]:
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


def _next_steps(chat: Chat, turn: Turn, setting: Setting) -> list[Effect]:
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
    return [(StartRun if turn.run is None else AwaitRun)(turn, thread.id, upto, thread.level)]


def _new_thread(chat: Chat, turn: Turn, setting: Setting) -> ThreadReason | None:
    """Why the turn needs a thread before anything else; None: the chat has one that will do."""
    thread = chat.thread
    if thread is None:
        return "reset" if chat.reset_upto else "first"
    if thread.backend != setting.backend:
        return "switched"
    if setting.keeps_threads and thread.seen < chat.rewritten and turn.run is None and not turn.calls:
        return "replaced"  # it has words that were edited or deleted since
    return None


def _memo(turn: Turn, call: Call) -> str | None:
    """What the very same call gave in an attempt at the turn that was lost."""
    for before in turn.calls:
        if before.run not in (call.run, *turn.runs) and (before.name, before.arguments) == (call.name, call.arguments):
            return before.output
    return None


def _refusal(chat: Chat, now: datetime, setting: Setting) -> Refuse | StartOver | None:
    """Waiting messages that get no reply, those of one reason together; with them a running turn that a pause ends.
    What is asked for in the chat itself is done first."""
    turn = chat.turn
    running = turn.messages if turn is not None else ()
    if gone := edits.revoked(chat):
        return Refuse(together(gone), "revoked")
    if chat.pause is not None and turn is not None:
        held = [message.id for message in chat.waiting if message.fault is None and _held(chat, message)]
        return Refuse(running + together(held, before=running), chat.pause.reason)
    if turn is not None and (reason := silenced(chat)) is not None:
        return Refuse(running, reason)
    if turn is not None and turn.by != setting.incarnation and now - turn.newest > setting.stale_after:
        return Refuse(running, "stale")
    if turn is not None and turn.by == setting.incarnation and turn.is_void:
        return Refuse(running, turn.void_reason)
    over_budget = _is_over_budget(chat, now, setting)
    reasons = [(message.id, _reason(chat, message, now, setting, over_budget)) for message in chat.waiting]
    first = next((reason for _, reason in reasons if reason is not None), None)
    if first is None:
        return None
    if first == "reset":
        word = next(message for message in chat.waiting if (message.id, first) in reasons)
        if chat.reset_upto < word.seq:
            return StartOver(word.seq, word.sender)
    tell = is_news(chat, first, now, setting.gates)
    return Refuse(together(id_ for id_, reason in reasons if reason == first), first, tell)


def _is_over_budget(chat: Chat, now: datetime, setting: Setting) -> bool:
    spent = chat.spent
    if not setting.budget or spent is None or chat.turn is not None:
        return False
    return spent.tokens >= setting.budget and spent.day == now.date().isoformat()


def _reason(chat: Chat, message: Waiting, now: datetime, setting: Setting, over_budget: bool) -> str | None:
    # Who is shut out is told nothing of what is wrong with the message; bytes without a sender are nobody's.
    is_anybodys = message.sender and message.fault != BY_HAND
    if is_anybodys and (reason := shut_out(chat, message, setting.gates)) is not None:
        return reason
    if message.fault is not None:
        return message.fault
    if chat.pause is not None and _held(chat, message):
        return chat.pause.reason
    if now - message.sent > setting.stale_after:
        return "stale"
    if (reason := not_now(chat, message, setting.gates)) is not None:
        return reason
    return "budget" if over_budget else None


def _held(chat: Chat, message: Waiting) -> bool:
    """Whether the pause covers the message: what was stored after its time ran out waits for `resumed` instead."""
    return chat.pause is not None and (chat.pause.until is None or message.stored < chat.pause.until)
