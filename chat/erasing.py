"""Erasing a chat: one decision after which its past no longer counts, then the removal of that past everywhere.

The decision is made when nothing is open; its `upto` is the last event that it knew. No decision names events that came
in between `upto` and the decision: they belong to the new chat. So the state after the decision does not depend on
anything up to `upto`, and it does not matter how much of that is removed already.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from chat.arrival import recounted
from chat.state import Chat, Erasing, Order, Pause
from chat.takeover import HANDED_OFF
from chat.teamwork import of_waiting
from events.decisions import Erased, Ignored
from events.inbound import Control, Time


class PastRemoved(msgspec.Struct, frozen=True, gc=False):
    """The work after `erased` at `seq` is done.

    - `events`, `objects`, `threads`: the numbers of things removed.
    - `left`: the threads that their provider did not delete.
    """

    seq: int
    events: int
    objects: int
    threads: int
    left: tuple[str, ...]


def ordered(chat: Chat) -> Order | None:
    """The first order to erase the chat, once no other order is pending: the outcome of those would be erased too."""
    if any(order.control.command != "erase" for order in chat.orders):
        return None
    return chat.orders[0] if chat.orders else None


def open_messages(chat: Chat) -> tuple[str, ...]:
    """The messages that have to end before the chat can be erased."""
    waiting = tuple(message.id for message in chat.waiting)
    return (*chat.turn.messages, *waiting) if chat.turn is not None else waiting


def is_in_use(chat: Chat, control: Control) -> bool:
    """True if the order spares a chat in use, and a message is open or was answered after `until`."""
    if control.until is None or control.from_ is not None:
        return False
    return bool(open_messages(chat)) or (chat.replied is not None and chat.replied > control.until)


def erase(chat: Chat, order: Order, last: int, at: Time, by: str | None) -> Erased | Ignored:
    """The decision on the order; `last` is the sequence of the chat's last event."""
    control = order.control
    if chat.orders[-1].control != control:
        return Ignored(messages=(), reason="ordered_again", at=at, cause=control.id)
    if is_in_use(chat, control):
        return Ignored(messages=(), reason="in_use", at=at, cause=control.id)
    if control.from_ is not None:  # with the chat into which this one had closed
        return Erased(
            upto=max(last, order.seq),
            at=at,
            by=by,
            cause=control.id,
            admission=control.admission,
            stopped=control.stopped,
            opted_out=control.opted_out,
            held=control.held,
            until=control.until,
        )
    # A person who writes after the erasure is a new one: nothing says any more why a human was asked for.
    pause = chat.pause if chat.pause is not None and chat.pause.reason != HANDED_OFF else None
    return Erased(
        upto=max(last, order.seq),
        at=at,
        by=by,
        cause=control.id,
        admission=chat.admission,
        stopped=chat.stopped,
        opted_out=chat.opted_out,
        held=pause.reason if pause is not None else "",
        until=pause.until if pause is not None else None,
        joined=tuple(joint.chat for joint in chat.joints),
    )


def receipt(chat: Chat, removed: PastRemoved, at: Time) -> Erased | None:
    """The decision that the erased past is removed; None if that is no longer pending."""
    erasing = chat.erasing
    if erasing is None or erasing.seq != removed.seq:
        return None
    return Erased(
        upto=erasing.upto,
        at=at,
        by=erasing.by,
        cause=erasing.cause,
        done=True,
        events=removed.events,
        objects=removed.objects,
        threads=removed.threads,
        left=removed.left,
    )


def forgotten(chat: Chat, event: Erased, seq: int) -> Chat:
    """The state after the decision at `seq`, or after its receipt."""
    if event.done:
        return replace(chat, decision_seq=seq, erasing=None)
    late = [message for message in chat.waiting if message.seq > event.upto]
    waiting, hour, senders = recounted(late)
    orders = tuple(order for order in chat.orders if order.seq > event.upto)
    open_ = {message.id for message in late}
    unanswered, wrote, by_hand = of_waiting(late)
    rewrites = tuple(
        # A deletion from before may be removed already.
        replace(rewrite, revoked_at=rewrite.revoked_at if rewrite.revoked_at > event.upto else 0)
        for rewrite in chat.rewrites
        if rewrite.of in open_ and rewrite.seq > event.upto
    )
    return Chat(
        inbound_seq=max([event.upto, *(w.seq for w in waiting), *(o.seq for o in orders), *(r.seq for r in rewrites)]),
        decision_seq=seq,
        waiting=waiting,
        orders=orders,
        rewrites=rewrites,
        hour=hour,
        senders=senders,
        admission=event.admission,
        stopped=event.stopped,
        opted_out=event.opted_out,
        pause=Pause(event.until, event.held) if event.held not in ("", HANDED_OFF) else None,
        erasing=Erasing(seq, event.upto, event.by, event.cause, event.joined),
        began_at=seq,
        unanswered=unanswered,
        wrote=wrote,
        by_hand=by_hand,
    )
