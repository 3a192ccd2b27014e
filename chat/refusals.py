"""Messages that get no reply, and why."""

from __future__ import annotations

from datetime import datetime

from chat import edits
from chat.arrival import joins_burst
from chat.gates import is_news, not_now, shut_out, silenced
from chat.limits import together
from chat.state import Chat, Waiting
from chat.takeover import BY_HAND
from chat.work import Refuse, Rules, StartOver


def refusal_due(chat: Chat, now: datetime, rules: Rules) -> Refuse | StartOver | None:
    """Waiting messages that get no reply, those of one reason together; with them a running turn that a pause ends.
    A request that is made in the chat itself is done first."""
    turn = chat.turn
    running = turn.messages if turn is not None else ()
    if gone := edits.revoked(chat):
        return Refuse(together(gone), "revoked")
    if chat.pause is not None and turn is not None:
        held = [message.id for message in chat.waiting if _is_persons(message) and _held(chat, message)]
        return Refuse(running + together(held, before=running), chat.pause.reason)
    if turn is not None and (reason := silenced(chat)) is not None:
        return Refuse(running, reason)
    if turn is not None and turn.by != rules.incarnation and _is_stale(turn.newest, turn.began, now, rules):
        return Refuse(running, "stale")
    if turn is not None and turn.by == rules.incarnation and turn.is_void:
        return Refuse(running, turn.void_reason)
    over_budget = _is_over_budget(chat, now, rules)
    reasons = [(message.id, _reason(chat, message, now, rules, over_budget)) for message in chat.waiting]
    first = next((reason for _, reason in reasons if reason is not None), None)
    if first is None:
        return None
    if first == "reset":
        word = next(message for message in chat.waiting if (message.id, first) in reasons)
        if chat.reset_upto < word.seq:
            return StartOver(word.seq, word.sender)
    tell = is_news(chat, first, now, rules.gates)
    return Refuse(together(id_ for id_, reason in reasons if reason == first), first, tell)


def _is_over_budget(chat: Chat, now: datetime, rules: Rules) -> bool:
    if chat.turn is not None:
        return False
    if rules.account_spent:
        return True
    spent, limit = chat.spent, rules.cost_limit
    if spent is None or not (rules.budget or limit) or spent.day != now.date().isoformat():
        return False
    return bool(rules.budget and spent.tokens >= rules.budget) or (limit is not None and limit.is_reached(spent.used))


def _reason(chat: Chat, message: Waiting, now: datetime, rules: Rules, over_budget: bool) -> str | None:
    # A person hears nothing of a fault in their message while the chat is shut, paused or closed to them.
    if not _is_persons(message):
        return message.fault
    if (reason := shut_out(chat, message, rules.gates)) is not None:
        return reason
    if chat.pause is not None and _held(chat, message):
        return chat.pause.reason
    if _is_stale(message.sent, message.stored, now, rules):
        return "stale"
    if (reason := not_now(chat, message, rules.gates)) is not None:
        return reason
    if not joins_burst(message):
        return message.fault
    return "budget" if over_budget else None


def _is_stale(sent: datetime, came: datetime | None, now: datetime, rules: Rules) -> bool:
    """True if the message is too old to be answered. The time counts for which it waited for the profile's
    variables only."""
    usable = rules.usable_from
    if usable is not None and came is not None and came < usable:
        sent = max(sent, usable)
    return not rules.waits and now - sent > rules.stale_after


def _is_persons(message: Waiting) -> bool:
    """True if a person sent it: not the business on a phone, and not bytes that nobody can read."""
    return bool(message.sender) and message.fault != BY_HAND


def _held(chat: Chat, message: Waiting) -> bool:
    """True if the pause covers the message: what was stored after its time ran out waits for `resumed` instead."""
    return chat.pause is not None and (chat.pause.until is None or message.stored < chat.pause.until)
