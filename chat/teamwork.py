"""The work on a chat that people share: who has it, its labels and notes, whether it is done, and who waits for whom.

A model knows nothing of it. The state of the work is folded from orders, and from the person's messages: they open a
chat that was resolved or put off. A chat that was put off until a time counts as open from then on, at every reading of
it: no event says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from chat.arrival import is_word
from chat.changes import Changes
from chat.fold_constants import ANSWERED_OTHERWISE
from chat.state import Chat, Waiting
from chat.takeover import BY_HAND, HANDED_OFF, TAKEN_OVER
from events.decisions import Ignored, Reply
from events.inbound import Control
from events.joining import Joined
from events.recorded import Recorded
from events.teamwork import (
    MOST_LABELS,
    Assigned,
    Labelled,
    Noted,
    Resolved,
    State,
    cleaned_label,
    cleaned_name,
    label_key,
)


def distinct(labels: Iterable[str | None]) -> tuple[str, ...]:
    """Each label once, as it was written first."""
    kept: dict[str, str] = {}
    for label in labels:
        if label is not None:
            kept.setdefault(label_key(label), label)
    return tuple(kept.values())


def labels_after(labels: tuple[str, ...], event: Labelled) -> tuple[str, ...]:
    """The labels of a chat that had `labels`, after the decision."""
    gone = frozenset(map(label_key, event.remove))
    return distinct((*(label for label in labels if label_key(label) not in gone), *event.add))


def state_of(chat: Chat) -> State:
    """The state of the work. A person's word opens the chat, unless the person is blocked."""
    return "open" if chat.wrote > chat.state_upto and chat.admission != "blocked" else chat.state


def state_at(state: State, until: datetime | None, now: datetime) -> State:
    """The state of the work as it is read at `now`."""
    return "open" if state == "snoozed" and (until is None or until <= now) else state


def fold(chat: Chat, event: Assigned | Noted | Labelled | Resolved, recorded: Recorded) -> Changes:
    """The changes of the decision."""
    changes: Changes = {"orders": tuple(order for order in chat.orders if order.control.id != event.cause)}
    match event:
        case Assigned(to=to):
            changes["assigned"] = to or ""
        case Noted():
            pass
        case Labelled():
            changes["labels"] = labels_after(chat.labels, event)
        case Resolved(state=state, until=until):
            # The user who gave the order knew no word that came after it.
            upto = next((order.seq for order in chat.orders if order.control.id == event.cause), recorded.seq)
            state = "open" if until is None and state == "snoozed" else state
            changes["state"], changes["state_upto"], changes["snoozed_until"] = state, upto, until
            if state == "resolved":
                changes |= _done(chat, upto)
    return changes


def _done(chat: Chat, upto: int) -> Changes:
    """The work is done, so that of a human in it too: the bot answers again, unless an order paused the chat."""
    since = first_of(message for message in chat.waiting if message.seq > max(upto, chat.by_hand))
    changes: Changes = {"unanswered": since, "hand": None, "attention": None}
    if chat.pause is not None and chat.pause.reason in (HANDED_OFF, TAKEN_OVER):
        changes["pause"] = None
    return changes


def came_in(chat: Chat) -> Chat:
    """The state after the message that waits last came in: a person's word waits for us, one by hand on the business's
    own phone answers."""
    message = chat.waiting[-1]
    if message.fault == BY_HAND:
        return replace(chat, unanswered=None, by_hand=message.seq)
    if not is_word(message):
        return chat
    return replace(chat, unanswered=chat.unanswered or message.stored, wrote=message.seq)


def of_waiting(waiting: Sequence[Waiting]) -> tuple[datetime | None, int, int]:
    """`unanswered`, `wrote` and `by_hand` after these messages came in to a chat that had none before."""
    by_hand = max((message.seq for message in waiting if message.fault == BY_HAND), default=0)
    words = [message for message in waiting if is_word(message)]
    last = max((word.seq for word in words), default=0)
    return first_of(word for word in words if word.seq > by_hand), last, by_hand


def answered(chat: Chat, event: Reply, waiting: Sequence[Waiting]) -> datetime | None:
    """`unanswered` after a reply that leaves these messages `waiting`."""
    if event.author == "operator" or (event.author == "assistant" and event.turn is not None):
        return first_of(message for message in waiting if message.seq > chat.by_hand)
    return chat.unanswered


def ended(chat: Chat, event: Ignored, waiting: Sequence[Waiting]) -> datetime | None:
    """`unanswered` after messages that ended without a reply, and left these `waiting`."""
    since, reason = chat.unanswered, event.reason
    if since is None or not event.messages or reason not in ANSWERED_OTHERWISE:
        return since
    gone = frozenset(event.messages)
    is_first = any(message.id in gone and message.stored <= since for message in chat.waiting)
    is_turn = chat.turn is not None and gone.issuperset(chat.turn.messages)
    if is_first or is_turn or reason == "stop_word":
        return first_of(message for message in waiting if message.seq > chat.by_hand)
    return since


def first_of(waiting: Iterable[Waiting]) -> datetime | None:
    """The log's stamp on the first of these messages that asks for an answer."""
    return min((message.stored for message in waiting if is_word(message)), default=None)


def joined(chat: Chat, event: Joined) -> Changes:
    """The changes as another chat closes into this one: its work goes along. Work that goes on in either is open."""
    states = {chat.state, event.state}  # a word opens the chat whether it came before or after this
    times = [time for time in (chat.snoozed_until, event.snoozed_until) if time is not None]
    state: State = "open" if "open" in states else "snoozed" if "snoozed" in states else "resolved"
    first = [time for time in (chat.unanswered, event.unanswered) if time is not None]
    return {
        "assigned": chat.assigned or event.assigned or "",
        "labels": distinct((*chat.labels, *event.labels))[:MOST_LABELS],
        "state": state,
        "snoozed_until": min(times) if state == "snoozed" else None,
        "unanswered": min(first, default=None),
    }


def told(control: Control) -> Changes:
    """The work on a chat that closes, as its order tells the other one; words that are no label or name are left
    out."""
    state: State = "snoozed" if control.snoozed_until else "resolved" if control.state == "resolved" else "open"
    return {
        "assigned": cleaned_name(control.to or "") or "",
        "labels": distinct(map(cleaned_label, control.add))[:MOST_LABELS],
        "state": state,
        "snoozed_until": control.snoozed_until,
        "unanswered": control.unanswered,
    }
