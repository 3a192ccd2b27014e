"""Decisions on the orders by which people share the work on a chat."""

from __future__ import annotations

from datetime import datetime

from chat.commands import Facts
from chat.limits import LONGEST_NAME
from chat.state import Chat
from chat.teamwork import distinct, labels_after
from events.decisions import Decision, Ignored
from events.inbound import Control
from events.reasons import IgnoredReason
from events.teamwork import (
    LONGEST_NOTED,
    MOST_LABELS,
    Assigned,
    Labelled,
    Noted,
    Resolved,
    cleaned_label,
    cleaned_name,
)

COMMANDS = frozenset({"assign", "note", "label", "resolve", "reopen", "snooze"})
"""The orders by which users share the work."""

NOTE = ".n"
"""The end of a note's id, after that of its order."""


def obey(chat: Chat, control: Control, facts: Facts) -> Decision:
    """The decision on an order of COMMANDS."""
    at, by, cause = facts.at, control.by and control.by[:LONGEST_NAME], control.id
    reason: IgnoredReason = "older_instance"
    if facts.is_read:
        match control.command:
            case "assign":
                to = cleaned_name(control.to) if control.to else None
                if to is not None or not control.to:
                    return Assigned(to=to, at=at, by=by, cause=cause)
                reason = "malformed_name"
            case "note":
                text = (control.text or "").strip()
                if 0 < len(text) <= LONGEST_NOTED:
                    return Noted(id=f"{control.id}{NOTE}", text=text, at=at, by=by, cause=cause)
                reason = "too_long" if text else "empty"
            case "label":
                return _label(chat, control, at, by)
            case "snooze":
                if control.until is not None and control.until > at:
                    return Resolved(state="snoozed", until=control.until, at=at, by=by, cause=cause)
                reason = "no_later_time"
            case "resolve":
                return Resolved(state="resolved", at=at, by=by, cause=cause)
            case _:
                return Resolved(state="open", at=at, by=by, cause=cause)
    return Ignored(messages=(), reason=reason, at=at, cause=cause)


def _label(chat: Chat, control: Control, at: datetime, by: str | None) -> Labelled | Ignored:
    add, remove = tuple(map(cleaned_label, control.add)), tuple(map(cleaned_label, control.remove))
    reason: IgnoredReason
    if not add and not remove:
        reason = "empty"
    elif None in add or None in remove:
        reason = "malformed_label"
    else:
        event = Labelled(add=distinct(add), remove=distinct(remove), at=at, by=by, cause=control.id)
        if max(len(event.add), len(event.remove), len(labels_after(chat.labels, event))) <= MOST_LABELS:
            return event
        reason = "too_many_labels"
    return Ignored(messages=(), reason=reason, at=at, cause=control.id)
