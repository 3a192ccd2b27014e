"""Decisions on orders: for each order one event that names it as its cause."""

from __future__ import annotations

from msgspec.structs import replace

from chat import joining, teamwork_orders
from chat.commands import Facts
from chat.erasing import erase
from chat.informing import not_informed
from chat.limits import LONGEST_NAME, LONGEST_NOTE, LONGEST_SEND, together
from chat.notices import say
from chat.parts import answered, reading
from chat.second_model import BACKEND
from chat.state import Chat, Order
from chat.unchanged import is_unchanged
from chat.unseen import has_words
from chat.work import Obey
from events.admission import Approved, Blocked
from events.decisions import Attention, Decision, Ignored, Paused, Reset, Resumed, Standing, TurnStarted
from events.parts import problems


def obey(chat: Chat, order: Obey, facts: Facts) -> Decision:
    """The decision on a control."""
    decision = _obey(chat, order, facts)
    if isinstance(decision, Standing) and is_unchanged(chat, decision, facts):
        return replace(decision, unchanged=True)
    return decision


def _obey(chat: Chat, order: Obey, facts: Facts) -> Decision:
    control = order.control
    at, by, cause = facts.at, control.by and control.by[:LONGEST_NAME], control.id
    if chat.into and not joining.is_obeyed_closed(chat, control):
        return Ignored(messages=(), reason=joining.CLOSED, at=at, cause=cause)
    match control.command:
        case "pause":
            return Paused(until=control.until, at=at, by=by, cause=cause)
        case "resume":
            return Resumed(at=at, by=by, cause=cause)
        case "reset":
            return Reset(upto=order.seq, at=at, by=by, cause=cause)
        case "approve" | "block":
            return (Approved if control.command == "approve" else Blocked)(at=at, by=by, cause=cause)
        case "handoff":
            text = (control.text or "")[:LONGEST_NOTE]
            return Attention(id=f"{control.id}.h", text=text, by=by or "somebody", at=at, cause=cause)
        case "send":
            return _send(chat, order, facts)
        case "retry":
            return _retry(chat, order, facts)
        case "erase":
            return erase(chat, Order(order.seq, control), facts.last, at, by)
        case "join":
            return joining.obey(chat, Order(order.seq, control), facts.key.chat, at, by)
        case command if command in teamwork_orders.COMMANDS:
            return teamwork_orders.obey(chat, control, facts)
        case _:
            return Ignored(messages=(), reason="unknown_command", at=at, cause=cause)


def _send(chat: Chat, order: Obey, facts: Facts) -> Decision:
    control, text = order.control, order.control.text or ""
    parts = answered(control.parts, text)
    if not has_words(text) and not parts:
        return Ignored(messages=(), reason="empty", at=facts.at, cause=control.id)
    if len(text) > LONGEST_SEND:
        return Ignored(messages=(), reason="too_long", at=facts.at, cause=control.id)
    if next(problems(parts), None) is not None:
        return Ignored(messages=(), reason="malformed_parts", at=facts.at, cause=control.id)
    if control.due is not None:
        return Ignored(messages=(), reason="sent_at_once", at=facts.at, cause=control.id)
    if not control.takeover and (reason := not_informed(chat, facts)) is not None:
        return Ignored(messages=(), reason=reason, at=facts.at, cause=control.id)
    return say(
        facts,
        reply=f"{control.id}.r",
        text=reading(parts) if parts else text,
        author="operator" if control.takeover else "assistant",
        in_reply_to=_open(chat) if control.takeover else (),
        cause=control.id,
        parts=parts,
        quote=control.quote,
    )


def _open(chat: Chat) -> tuple[str, ...]:
    """The messages that a human's word answers."""
    running = chat.turn.messages if chat.turn else ()
    waiting = (message.id for message in chat.waiting if message.fault is None)
    return running + together(waiting, before=running)


def _retry(chat: Chat, order: Obey, facts: Facts) -> Decision:
    at, cause = facts.at, order.control.id
    if chat.pause is not None:
        return Ignored(messages=(), reason="paused", at=at, cause=cause)
    if not facts.failed:
        return Ignored(messages=(), reason="nothing_to_retry", at=at, cause=cause)
    messages = together(facts.failed)
    media = tuple(message for message in messages if message in facts.unread)
    return TurnStarted(
        turn=facts.id,
        messages=messages,
        backend=BACKEND if facts.fallback else facts.backend,
        at=at,
        cause=cause,
        media=media,
        fallback=facts.fallback or None,
        profile=facts.profile,
    )
