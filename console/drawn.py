"""What the simulated phones draw of an event beyond its text: the messages of a reply, and the choice of a person."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
import structlog

from chat.parts import parts_of
from console.deps import Deps, Files
from events import codec
from events.decisions import Reply
from events.inbound import Message
from events.log import EventLog, LogError
from events.parts import FILES, Part
from events.references import Choice
from events.subjects import ChatKey
from gateways.local.messages import messages_of
from projections.reads.views import Entry

_WITHIN = 5.0
_BUTTON = "button"
"""The kind of a message by which a person chooses."""

log = structlog.get_logger("recado.console")


class Bubble(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of a reply.

    - `part`: its content, in WhatsApp's limits.
    - `file`: the address at which the page has its file; None: it has none in the object store.
    - `size`: bytes of the file, where they are known.
    """

    part: Part
    file: str | None = None
    size: int | None = None


class Drawn(msgspec.Struct, frozen=True, omit_defaults=True):
    """More than the text of a message or a reply.

    - `bubbles`: the messages of a reply with parts.
    - `quoted`: the id of the message that a reply quotes.
    - `choice`: the choice that a person's message makes.
    """

    bubbles: tuple[Bubble, ...] = ()
    quoted: str | None = None
    choice: Choice | None = None


def drawn(key: ChatKey, seq: int, event: object, sizes: Mapping[str, int]) -> Drawn | None:
    """None: the text is all. `sizes`: bytes of the files that are known, as `sizes_of` gives them."""
    found = Drawn()
    if isinstance(event, Message):
        found = Drawn(choice=event.choice)
    elif isinstance(event, Reply):
        messages = messages_of(event) if parts_of(event) else []
        bubbles = tuple(
            _bubble(one, address(key, seq, event.id, number), sizes) for number, one in enumerate(messages, 1)
        )
        found = Drawn(bubbles=bubbles, quoted=event.quote or None)
    return found if found != Drawn() else None


def address(key: ChatKey, seq: int, reply: str, number: int) -> str:
    """The address of the file in the message `number`, from 1, of a reply. Nobody can guess it: a reply's id is random,
    and the file's own name is not in it."""
    chat, account, id_ = (quote(name, safe="") for name in (key.chat, key.account, reply))
    return f"/api/chats/{chat}/files/{seq}/{number}?account={account}&reply={id_}"


async def sizes_of(files: Files, key: ChatKey, found: Iterable[object]) -> dict[str, int]:
    """The sizes of the documents that these events send, by their objects."""
    replies = [event for event in found if isinstance(event, Reply)]
    objects = {part.object for reply in replies for part in parts_of(reply) if part.kind == "document" and part.object}
    try:
        async with asyncio.timeout(_WITHIN):
            known = {one: await files.size(key.account, one) for one in objects}
    except (TimeoutError, LogError) as error:
        log.warning("sizes_not_shown", chat=key.chat, reason=str(error) or f"no answer within {_WITHIN:g} s")
        return {}
    return {object_: size for object_, size in known.items() if size is not None}


async def of_history(deps: Deps, key: ChatKey, entries: Sequence[Entry]) -> dict[str, Drawn]:
    """The same for the lines of a history, by their ids. The projection keeps texts alone, so the log is asked; if it
    does not answer, the texts are shown."""
    wanted = [entry for entry in entries if entry.author != "person" or entry.kind == _BUTTON]
    try:
        async with asyncio.timeout(_WITHIN):
            found = await asyncio.gather(*(event_at(deps.log, key, entry.seq) for entry in wanted))
    except (TimeoutError, LogError) as error:
        log.warning("parts_not_shown", chat=key.chat, reason=str(error) or f"no answer within {_WITHIN:g} s")
        return {}
    sizes = await sizes_of(deps.files, key, found)
    more = {entry.id: drawn(key, entry.seq, event, sizes) for entry, event in zip(wanted, found, strict=True)}
    return {id_: one for id_, one in more.items() if one is not None}


async def event_at(events: EventLog, key: ChatKey, seq: int) -> object | None:
    """The event at `seq`; None if there is none any more, or it is of another chat. Raises LogUnavailable."""
    raw = await events.read(seq)
    if raw is None:
        return None
    recorded = codec.read(raw.seq, raw.subject, datetime.now(UTC), raw.headers, raw.body)
    return recorded.event if recorded.key == key else None


def _bubble(message: str | Part, file: str, sizes: Mapping[str, int]) -> Bubble:
    if isinstance(message, str):
        return Bubble(Part(kind="text", text=message))
    if message.kind not in FILES or message.object is None:
        return Bubble(message)
    return Bubble(message, file, sizes.get(message.object))
