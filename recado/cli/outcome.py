"""The outcome of an order, in a sentence and as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from events.admission import Approved, Blocked
from events.decisions import TYPE_OF, Decision, Ignored, Paused, Reply, Reset, Resumed, TurnStarted
from events.inbound import Control, ReceiptState
from events.jetstream.connection import Bus
from events.log import EventLog
from events.subjects import ChatKey
from events.teamwork import Assigned, Labelled, Noted, Resolved
from gateways.say import way
from projections.story.reasons import because, not_sent_because
from projections.story.unchanged import is_unchanged, was
from recado.cli import account_gateway
from recado.printing import local, one_line

_SENT = frozenset({"accepted", "sent", "delivered", "read"})
_NOT_SENT = frozenset({"failed", "parked"})
_SAID: dict[type, str] = {
    Approved: "Approved: what is written from now on is answered.",
    Blocked: "Blocked.",
    Labelled: "The labels are changed.",
    Noted: "Noted. Users alone see it.",
    Reset: "Reset: the next message starts a new conversation.",
    Resumed: "Resumed.",
}
_NEVER = "a gateway that starts later will not send this"


class Delivery(msgspec.Struct, frozen=True, omit_defaults=True):
    """The way of a reply so far.

    - `sent`: WhatsApp, or the simulated phone, has taken it.
    - `failed`: it is not sent, and will not be by itself.
    - `state`: the state in its last receipt; null: no gateway has written one.
    - `note`: the reason why it, or a part of it, is not sent.
    """

    sent: bool
    failed: bool = False
    state: ReceiptState | None = None
    note: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order and its outcome.

    - `id`: the order's id.
    - `state`: `done`, `unchanged`: it was so before, `refused`, or `stored`: no instance has obeyed it yet.
    - `decision`: the type of the decision that obeys or refuses it; `reason`: the reason of a refusal.
    - `reply`, `turn`: the id that the decision made; `messages`: the messages that it answers, or tries again.
    - `until`: the end of a pause or a snooze.
    - `note`: the id of a note.
    - `delivery`: of a reply.
    """

    account: str
    chat: str
    command: str
    id: str
    state: Literal["done", "unchanged", "refused", "stored"]
    decision: str | None = None
    reason: str | None = None
    reply: str | None = None
    turn: str | None = None
    messages: tuple[str, ...] = ()
    until: datetime | None = None
    note: str | None = None
    delivery: Delivery | None = None

    @property
    def failed(self) -> bool:
        return self.state == "refused" or (self.delivery is not None and self.delivery.failed)


def outcome_of(key: ChatKey, control: Control, decision: Decision | None, delivery: Delivery | None = None) -> Outcome:
    """The outcome by the decision on the order; None: there is none yet."""
    refused = decision if isinstance(decision, Ignored) else None
    messages: tuple[str, ...] = ()
    if isinstance(decision, Reply):
        messages = decision.in_reply_to
    elif isinstance(decision, TurnStarted):
        messages = decision.messages
    return Outcome(
        account=key.account,
        chat=key.chat,
        command=control.command,
        id=control.id,
        state=_state_of(decision),
        decision=TYPE_OF[type(decision)] if decision is not None else None,
        reason=refused.reason if refused is not None else None,
        reply=decision.id if isinstance(decision, Reply) else None,
        turn=decision.turn if isinstance(decision, TurnStarted) else None,
        messages=messages,
        until=decision.until if isinstance(decision, Paused | Resolved) else None,
        note=decision.id if isinstance(decision, Noted) else None,
        delivery=delivery,
    )


def _state_of(decision: Decision | None) -> Literal["done", "unchanged", "refused", "stored"]:
    if decision is None:
        return "stored"
    if isinstance(decision, Ignored):
        return "refused"
    return "unchanged" if is_unchanged(decision) else "done"


def sentence(outcome: Outcome, decision: Decision | None) -> str:
    """The outcome as a person reads it."""
    match decision:
        case None:
            return "The order is stored. No instance has obeyed it yet; the next one to run will."
        case Ignored(reason=reason):
            return f"Not done: {because(reason)}"
        case _ if is_unchanged(decision):
            return f"Nothing changed: {was(outcome.command)}."
        case Paused(until=None):
            return "Paused until it is resumed."
        case Paused(until=datetime() as until):
            return f"Paused until {local(until)}."
        case TurnStarted(messages=again):
            return f"Tried again: {_messages(len(again))}."
        case Assigned(to=to):
            return f"{one_line(to)} has the chat." if to else "No user has the chat."
        case Resolved():
            return _state(decision)
        case Reply(in_reply_to=ended):
            answers = f" It answers {_messages(len(ended), 'waiting ')}." if ended else ""
            return f"{_way(outcome.delivery)}{answers}"
        case _:
            return _SAID.get(type(decision)) or f"Done: {decision}"


def _state(decision: Resolved) -> str:
    if decision.until is not None:
        return f"Put off until {local(decision.until)}, or until the person writes."
    return "Resolved. A message of the person opens it again." if decision.state == "resolved" else "Open again."


async def delivery_of(log: EventLog, bus: Bus, key: ChatKey, reply: str, *, after: int, patience: float) -> Delivery:
    """The progress of a reply within `patience` seconds; the log was at sequence `after` before it was ordered."""
    found = await way(log, key, reply, after=after, patience=patience)
    if (state := found.progress.state) is None:
        return Delivery(sent=False, note=await _why_not(bus, key.account))
    error = found.error
    why = ""
    if error is not None:
        class_ = not_sent_because(error.class_) if error.class_ else ""
        why = ": ".join(part for part in (class_, error.detail, error.do) if part)
    return Delivery(state in _SENT, state in _NOT_SENT, state, why)


async def _why_not(bus: Bus, account: str) -> str:
    shown = one_line(account)
    if await account_gateway.is_running(bus, account):
        return f"the gateway of {shown} has not begun"
    if await account_gateway.last_receipt(bus, account) is None:
        return f"no gateway for {shown}: none has ever sent anything for this account, and {_NEVER}"
    return f"no gateway for {shown}"


def _way(delivery: Delivery | None) -> str:
    if delivery is None or (delivery.sent and not delivery.note):
        return "Sent."
    if delivery.sent:
        return f"Sent, but not all of it: {one_line(delivery.note)}."
    if delivery.failed:
        return f"Not sent: {one_line(delivery.note) or delivery.state}."
    if delivery.state == "in_doubt":
        return "In doubt: the gateway does not know whether it was sent, and looks for it."
    why = one_line(delivery.note) or "the gateway is at it"
    return f"The reply is stored, not sent yet ({why})."


def _messages(count: int, kind: str = "") -> str:
    return f"{count} {kind}message{'s' * (count != 1)}"
