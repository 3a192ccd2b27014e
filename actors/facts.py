"""What an instance brings to a decision."""

from __future__ import annotations

from datetime import datetime

from actors.instance import Instance
from chat.commands import Command, Facts
from chat.pending import Apologise, Notify
from events.ids import ChatKey

APOLOGY = "Sorry, I could not answer that. Please try again."
"""For a person who was promised an apology before the text was taken out of the settings."""

OVER_BUDGET = "I cannot answer any more messages today."
"""For a person who was promised a word about the budget before the text was taken out of the settings."""

UNREADABLE = "I cannot read what you sent. Please write it as text."
"""The same, for a person whose message could not be read."""

HANDED_OFF = "A human will answer you here."
"""The same, for a person whose chat was given to a human."""


def facts_for(
    instance: Instance,
    key: ChatKey,
    command: Command,
    at: datetime,
    *,
    failed: tuple[str, ...] = (),
    unread: tuple[str, ...] = (),
) -> Facts:
    """The facts for deciding `command` about the chat at `at`, the bus's time; `failed` and `unread` are those of the
    messages of a `retry`."""
    return Facts(
        key=key,
        at=at,
        id=instance.fresh_id(),
        incarnation=instance.setting.incarnation,
        backend=instance.setting.backend,
        apology=instance.apology or (APOLOGY if isinstance(command, Apologise) else ""),
        over_budget=instance.over_budget or (OVER_BUDGET if isinstance(command, Notify) else ""),
        unreadable=instance.unreadable or (UNREADABLE if isinstance(command, Notify) else ""),
        handed_off=instance.handed_off or (HANDED_OFF if isinstance(command, Notify) else ""),
        failed=failed,
        unread=unread,
    )
