"""Facts that an instance adds to a decision: the time, new ids and the texts of its settings."""

from __future__ import annotations

from datetime import datetime

from actors.instance import Instance
from chat.commands import Command, Facts
from chat.work import Apologise, Notify
from events.subjects import ChatKey

APOLOGY = "Sorry, I could not answer that. Please try again."
"""For a person who was promised an apology before the text was taken out of the settings."""

PROMISED = {
    "budget": "I cannot answer any more messages today.",
    "unreadable": "I cannot read what you sent. Please write it as text.",
    "handed_off": "A human will answer you here.",
    "unapproved": "Your code is {code}.",
    "outside_hours": "We are closed.",
    "rate_limited": "Too many messages.",
    "stop_word": "I am silent now.",
    "start_word": "I answer again.",
    "help": "Write, and I answer.",
    "reset": "This is a new conversation.",
}
"""The same, for people who were promised a word about messages that are not answered, by reason."""


def facts_for(
    instance: Instance,
    key: ChatKey,
    command: Command,
    at: datetime,
    *,
    failed: tuple[str, ...] = (),
    unread: tuple[str, ...] = (),
    last: int = 0,
) -> Facts:
    """The facts for deciding `command` about the chat at `at`, the bus's time; `failed` and `unread` are those of the
    messages of a `retry`, `last` is the chat's last event where it is to be erased."""
    return Facts(
        key=key,
        at=at,
        id=instance.fresh_id(),
        incarnation=instance.setting.incarnation,
        backend=instance.setting.backend,
        apology=instance.apology or (APOLOGY if isinstance(command, Apologise | Notify) else ""),
        words=PROMISED | instance.words if isinstance(command, Notify) else instance.words,
        failed=failed,
        unread=unread,
        last=last,
    )
