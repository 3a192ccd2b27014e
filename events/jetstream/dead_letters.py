"""Dead letters: what could not become an event, could not be sent, or was set aside, as it came.

Anybody who may publish to `wa.dlq.<account>` writes one, so nothing that it says of itself is to be acted on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import unquote

import msgspec

from events.jetstream.api import StoredMessage, stored_message
from events.jetstream.connection import Bus
from events.numbers import whole_number
from events.subjects import dead_letter_subject, header_value, untoken

STREAM = "DLQ"
REASON_HEADER = "Recado-Reason"
CHAT_HEADER = "Recado-Chat"
SEQ_HEADER = "Recado-Seq"


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter: `id` is its sequence in the stream DLQ, `at` when it was kept, `msg_id` its own name there.

    `chat` is the JID that the bytes are of, None where that is unknown; `seq` the sequence of the event in the log that
    they were, 0 where they never were in it.
    """

    id: int
    at: datetime
    account: str
    chat: str | None
    reason: str
    seq: int
    msg_id: str
    body: bytes


def letter_headers(reason: str, msg_id: str, chat: str | None, seq: int) -> dict[str, str]:
    """The headers of a dead letter."""
    headers = {"Nats-Msg-Id": header_value(msg_id), REASON_HEADER: header_value(reason)}
    if chat is not None:
        headers[CHAT_HEADER] = header_value(chat)
    if seq:
        headers[SEQ_HEADER] = str(seq)
    return headers


async def stored_letters(bus: Bus, account: str | None = None) -> AsyncIterator[DeadLetter]:
    """The dead letters of one account or of all, the oldest first. Raises LogUnavailable."""
    subject = "wa.dlq.*" if account is None else dead_letter_subject(account)
    seq = 1
    while (stored := await stored_message(bus, STREAM, {"seq": seq, "next_by_subj": subject})) is not None:
        yield _letter(stored)
        seq = stored.seq + 1


async def stored_letter(bus: Bus, id_: int) -> DeadLetter | None:
    """The dead letter of that id; None if there is none (any more). Raises LogUnavailable."""
    stored = await stored_message(bus, STREAM, {"seq": id_}) if id_ > 0 else None
    return _letter(stored) if stored is not None else None


def _letter(stored: StoredMessage) -> DeadLetter:
    raw = stored.raw()
    chat = raw.headers.get(CHAT_HEADER)
    return DeadLetter(
        id=raw.seq,
        at=stored.time,
        account=untoken(raw.subject.removeprefix("wa.dlq.")),
        chat=unquote(chat) if chat is not None else None,
        reason=unquote(raw.headers.get(REASON_HEADER, "")),
        seq=whole_number(raw.headers.get(SEQ_HEADER, "")) or 0,
        msg_id=unquote(raw.headers.get("Nats-Msg-Id", "")),
        body=raw.body,
    )
