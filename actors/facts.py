"""Facts that an instance adds to a decision: the time, new ids and the texts of its settings."""

from __future__ import annotations

from datetime import datetime

from actors.instance import Instance
from chat.commands import Command, Facts
from chat.work import Apologise, EndBurst, Notify, Obey, StartAgain
from events.subjects import ChatKey

APOLOGY = "Sorry, I could not answer that. Please try again."
"""Apology for a turn that failed before the text was removed from the settings."""

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
"""The same for notices about messages that are not answered, by reason."""


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
    """The facts for deciding `command` about the chat `key`.

    - `at`: the bus's time.
    - `failed`: messages of a `retry` whose turn failed.
    - `unread`: messages of a `retry` whose file has to be read.
    - `last`: sequence of the chat's last event, for an erasure.
    """
    begins = isinstance(command, EndBurst | StartAgain) or (
        isinstance(command, Obey) and command.control.command == "retry"
    )
    fallback = instance.breaker.turns_away() if begins and instance.breaker is not None else ""
    return Facts(
        key=key,
        at=at,
        id=instance.fresh_id(),
        incarnation=instance.rules.incarnation,
        backend=instance.rules.backend,
        fallback=fallback,
        apology=instance.apology or (APOLOGY if isinstance(command, Apologise | Notify) else ""),
        words=PROMISED | instance.words if isinstance(command, Notify) else instance.words,
        failed=failed,
        unread=unread,
        last=last,
    )
