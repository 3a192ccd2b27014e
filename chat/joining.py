"""Two chats that prove to be one person's: the younger closes into the older, with its gates (block, stop, pause).

The closed chat obeys last, once no turn of it runs. Messages that wait in it, and later ones, are moved to the other
chat under the same id. The other chat waits meanwhile: it begins no turn before it knows the gates of the closed one.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from chat import teamwork
from chat.changes import Changes
from chat.limits import together
from chat.state import Chat, Closing, Joint, Order, Pause, Unsent
from chat.work import CallIn, Joining, Move, TellClosed
from events.decisions import Ignored
from events.inbound import Control, Time
from events.joining import Joined
from events.recorded import UNREADABLE, Recorded

CLOSED = "joined"
"""The reason of what ends in a closed chat because it is moved, and of orders that were given to it."""


class GatesTold(msgspec.Struct, frozen=True, gc=False):
    """The other chat was told the gates of this one, which closed with the decision at `seq`."""

    seq: int


class Moved(msgspec.Struct, frozen=True, gc=False):
    """These messages, or this order, are in the other chat now."""

    messages: tuple[str, ...]
    order: str | None = None


def waits(chat: Chat) -> bool:
    """True if a chat that closes into this one has not told its gates yet."""
    return not chat.into and any(not joint.whole for joint in chat.joints)


def is_to_close(order: Order) -> bool:
    """True if the order closes its chat."""
    return order.control.command == "join" and order.control.from_ is None


def is_moved(order: Order) -> bool:
    """True if the order, given to a closed chat, is about another chat that closes: the open one has to hear of it."""
    return order.control.command == "join" and order.control.from_ is not None


def is_obeyed_closed(chat: Chat, control: Control) -> bool:
    """True if a closed chat obeys the order: to be erased with the open one, or to close into yet another one, which
    waits for the gates here."""
    if control.command == "erase":
        return control.from_ is not None
    return control.command == "join" and control.from_ is None and control.into != chat.into


def announced(chat: Chat, control: Control, name: str) -> Chat:
    """The state once an order told that another chat closes into this one, whose own `name` is given: from here on what
    that chat had is a repeat."""
    other = control.from_
    if control.command != "join" or other is None or other == name or chat.into:
        return chat
    return replace(chat, joints=_with(chat.joints, Joint(other)))


def obey(chat: Chat, order: Order, name: str, at: Time, by: str | None) -> Joined | Ignored:
    """The decision on an order to join; `name` is the chat's own."""
    control = order.control
    other = control.from_ or control.into
    if not other or other == name or any(joint.chat == control.into for joint in chat.joints if not control.from_):
        return Ignored(messages=(), reason=CLOSED, at=at, cause=control.id)
    if control.from_ is None:
        pause, asked = chat.pause, chat.attention
        about_reply = asked is not None and asked.about_reply
        return Joined(
            into=control.into,
            at=at,
            by=by,
            cause=control.id,
            admission=chat.admission,
            stopped=chat.stopped,
            opted_out=chat.opted_out,
            held=pause.reason if pause is not None else "",
            until=pause.until if pause is not None else None,
            others=tuple(joint.chat for joint in chat.joints),
            reset=chat.reset_upto,
            asked=asked.id if asked is not None and not about_reply else "",
            unsent=asked.id if asked is not None and about_reply else chat.unsent.reply if chat.unsent else "",
            assigned=chat.assigned or None,
            labels=chat.labels,
            state=teamwork.state_of(chat),
            snoozed_until=chat.snoozed_until if teamwork.state_of(chat) == "snoozed" else None,
            unanswered=chat.unanswered,
        )
    if control.into is None:
        return Joined(from_=control.from_, at=at, by=by, cause=control.id)
    work = teamwork.told(control)
    return Joined(
        from_=control.from_,
        at=at,
        by=by,
        cause=control.id,
        admission=control.admission,
        stopped=control.stopped,
        opted_out=control.opted_out,
        held=control.held,
        until=control.until,
        others=control.messages,
        whole=True,
        reset=control.reset,
        unsent=control.unsent,
        assigned=work["assigned"] or None,
        labels=work["labels"],
        state=work["state"],
        snoozed_until=work["snoozed_until"],
        unanswered=work["unanswered"],
    )


def told(chat: Chat, done: GatesTold, at: Time) -> Joined | None:
    """The receipt that the other chat was told; None if that is no longer pending."""
    closing = chat.closing
    return Joined(into=closing.into, at=at, done=True) if closing is not None and closing.seq == done.seq else None


def moved(chat: Chat, done: Moved, at: Time) -> Ignored | None:
    """The end of an event that is in the other chat now; None if it has ended."""
    if done.order is not None:
        there = any(order.control.id == done.order for order in chat.orders)
        return Ignored(messages=(), reason=CLOSED, at=at, cause=done.order) if there else None
    if not {message.id for message in chat.waiting}.issuperset(done.messages):
        return None
    return Ignored(messages=done.messages, reason=CLOSED, at=at)


def effects(chat: Chat) -> list[Joining]:
    """The pending work of joining."""
    found: list[Joining] = [CallIn(joint.chat) for joint in chat.joints if not joint.whole and not chat.into]
    if chat.closing is not None:
        found.append(TellClosed(chat.closing))
    readable = [message for message in chat.waiting if message.fault not in UNREADABLE] if chat.into else []
    if readable:
        first = frozenset(together(message.id for message in readable))
        messages = [message for message in readable if message.id in first]
        seqs, ids = tuple(message.seq for message in messages), tuple(message.id for message in messages)
        found.append(Move(seqs, chat.into, ids))
    elif chat.into and (order := next((order for order in chat.orders if is_moved(order)), None)) is not None:
        found.append(Move((order.seq,), chat.into, order=order.control.id))
    return found


def fold(chat: Chat, event: Joined, recorded: Recorded) -> Changes:
    """The changes of the decision."""
    orders = tuple(order for order in chat.orders if order.control.id != event.cause)
    if event.done:
        return {"closing": None}
    if event.into is not None:
        closing = Closing(
            recorded.seq, event.into, event.admission, event.stopped, event.held, event.until, event.others,
            event.reset, event.asked, event.unsent, event.opted_out, event.assigned or "", event.labels,
            event.state, event.snoozed_until, event.unanswered,
        )  # fmt: skip
        return {
            "into": event.into, "closing": closing, "orders": orders, "thread": None,
            "turn": None, "pause": None, "hand": None, "attention": None, "unsent": None,
            "apology": None, "notice": None, "told": (),
            "assigned": "", "labels": (), "state": "open", "snoozed_until": None, "unanswered": None,
        }  # fmt: skip
    if not event.whole:
        return {"orders": orders, "joints": _with(chat.joints, Joint(event.from_ or ""))}
    joints = chat.joints
    for other in (event.from_ or "", *event.others):
        joints = _with(joints, Joint(other, whole=True))
    changes: Changes = {
        "orders": orders,
        "joints": joints,
        "stopped": chat.stopped or event.stopped,
        "opted_out": chat.opted_out or event.opted_out,
        "admission": _admission(chat.admission, event.admission),
        "pause": _longer(chat.pause, Pause(event.until, event.held) if event.held else None),
        "rewritten": max(chat.rewritten, recorded.seq),  # a thread lacks the words of the other chat
        "reset_upto": max(chat.reset_upto, event.reset),
        **teamwork.joined(chat, event),
    }
    if event.unsent and chat.attention is None and chat.unsent is None:
        changes["unsent"] = Unsent(event.unsent, "its chat has closed into this one", recorded.at)
    if event.stopped or event.admission == "blocked":
        changes["apology"] = changes["notice"] = None
    return changes


def _with(joints: tuple[Joint, ...], joint: Joint) -> tuple[Joint, ...]:
    if any(one.chat == joint.chat and one.whole for one in joints):
        return joints
    return (*(one for one in joints if one.chat != joint.chat), joint)


def _admission(ours: str, theirs: str) -> str:
    """Blocked wins over approved."""
    return "blocked" if "blocked" in (ours, theirs) else ours or theirs


def _longer(ours: Pause | None, theirs: Pause | None) -> Pause | None:
    if ours is None or theirs is None:
        return ours or theirs
    if ours.until is None or (theirs.until is not None and theirs.until <= ours.until):
        return ours
    return theirs
