"""Facts that an instance adds to a decision: the time, new ids and the texts of its settings."""

from __future__ import annotations

from datetime import datetime

from actors.answering import Answering
from actors.instance import Instance
from chat.commands import Command, Facts
from chat.gates import is_on_list
from chat.language import language_of
from chat.teamwork_orders import COMMANDS as TEAMWORK
from chat.words import APOLOGY, words_in
from chat.work import Apologise, EndBurst, Notify, Obey, StartAgain, TellToWait
from events.subjects import ChatKey


def facts_for(
    instance: Instance,
    answering: Answering,
    key: ChatKey,
    command: Command,
    at: datetime,
    *,
    failed: tuple[str, ...] = (),
    unread: tuple[str, ...] = (),
    last: int = 0,
) -> Facts:
    """The facts for deciding `command` about the chat `key`, which is answered by `answering`.

    - `at`: the bus's time.
    - `failed`: messages of a `retry` whose turn failed.
    - `unread`: messages of a `retry` whose file has to be read.
    - `last`: sequence of the chat's last event, for an erasure.
    """
    words = answering.words_for(key)
    if isinstance(command, Apologise | Notify | TellToWait):
        # It was promised, maybe before the text was taken out of the settings.
        words = words_in(language_of(key)) | {name: text for name, text in words.items() if text}
    informs = isinstance(command, Obey) and not command.control.takeover
    begins = isinstance(command, EndBurst | StartAgain) or (
        isinstance(command, Obey) and command.control.command == "retry"
    )
    fallback = answering.breaker.turns_away() if begins and answering.breaker is not None else ""
    return Facts(
        key=key,
        at=at,
        id=instance.fresh_id(),
        incarnation=instance.incarnation,
        backend=answering.rules.backend,
        profile=answering.profile,
        fallback=fallback,
        apology=words.get(APOLOGY, ""),
        words=words,
        failed=failed,
        unread=unread,
        last=last,
        quote=answering.quote,
        previews=answering.previews,
        sources=language_of(key) if answering.sources else None,
        informs=not informs or instance.informs,
        is_read=not (isinstance(command, Obey) and command.control.command in TEAMWORK) or instance.shares_work,
        is_blocked=informs and is_on_list(answering.rules.gates.block, key.chat),
    )
