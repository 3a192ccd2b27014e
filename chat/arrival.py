"""Folds inbound messages and a group's receipts into the state, which keeps enough for the gates, within bounds."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from chat.context import readable
from chat.state import Chat, Heard, Waiting
from events.inbound import Message, Receipt
from events.jid import is_group

_FILES = frozenset({"image", "audio", "document"})
"""Kinds whose file is read: looked at, listened to, or opened."""

_ANSWERED_WITH_TEXT = _FILES | {"text", "button", "video", "location", "contact"}

_SILENT = frozenset({"reaction", "sticker"})


def fault_of(message: Message) -> str | None:
    """Why this message is ignored whatever the chat's state: `from_me`, `empty` or `unsupported_kind`. None: it is not.

    A picture, a voice note or a document is answered by what is in it; a video, and what came without its file, by the
    caption.
    """
    if message.from_me:
        return "from_me"
    if message.kind not in _ANSWERED_WITH_TEXT:
        return "unsupported_kind"
    if has_file(message) or readable(message.text or "").strip():
        return None
    return "empty" if message.kind == "text" else "unsupported_kind"


def has_file(message: Message) -> bool:
    """Whether the message has a file that is read before it is answered."""
    return is_read(message.kind) and message.media is not None


def is_read(kind: str) -> bool:
    """Whether files of messages of this kind are read at all."""
    return kind in _FILES


def is_silent(message: Message) -> bool:
    """Whether nobody expects a word about it, even if it is not answered."""
    return message.from_me or message.kind in _SILENT


SHORT = 24
"""Characters of a text that may be a word to the bot itself."""

MOST_HEARD = 64
"""Senders of a group that are counted in an hour, each on their own."""

MOST_OURS = 32
"""Messages of ours that a group may quote."""

MOST_MENTIONS = 32


def arrived(chat: Chat, event: Message, message: Waiting, place: str) -> Chat:
    """The state with `message`, made of `event`, waiting; `place` is the chat's JID."""
    sender, in_group = event.sender or place, event.group or is_group(place)
    hour, heard, count = _counted(chat.hour, chat.heard, sender, message)
    text = event.text or ""
    message = replace(
        message,
        sender=sender,
        group=place if in_group else "",
        said=text.strip().casefold() if len(text) <= SHORT else "",
        mentions=event.mentions[:MOST_MENTIONS] if in_group else (),
        quoted=event.quoted if in_group else None,
        count_in_hour=count,
    )
    return replace(chat, inbound_seq=message.seq, waiting=(*chat.waiting, message), hour=hour, heard=heard)


def recounted(waiting: Iterable[Waiting]) -> tuple[tuple[Waiting, ...], int, tuple[Heard, ...]]:
    """The messages as if they were the chat's first, with the hour and who was heard in it."""
    hour, heard, counted = 0, tuple[Heard, ...](), list[Waiting]()
    for message in waiting:
        if message.sender:
            hour, heard, count = _counted(hour, heard, message.sender, message)
            message = replace(message, count_in_hour=count)  # noqa: PLW2901
        counted.append(message)
    return tuple(counted), hour, heard


def _counted(hour: int, heard: tuple[Heard, ...], sender: str, message: Waiting) -> tuple[int, tuple[Heard, ...], int]:
    """The hour of the message, who was heard in it, and how often its sender was. Where there are too many, a sender
    takes the place and the count of the one who was heard least: counted too high perhaps, but never too low."""
    now = int(message.stored.timestamp()) // 3600
    before = heard if hour == now else ()
    place = next((one for one in before if one.sender == sender), None)
    if place is None and len(before) >= MOST_HEARD:
        place = min(before, key=lambda one: one.count)
    count = 1 + (place.count if place is not None else 0)
    return now, (*[one for one in before if one is not place], Heard(sender, count)), count


def sent_to_group(chat: Chat, event: Receipt, seq: int) -> Chat:
    """The state that knows by which names a reply to a group can be quoted."""
    names = [name for name in (event.reply, event.provider_id) if name and name not in chat.our_message_ids]
    return (
        replace(chat, inbound_seq=seq, our_message_ids=(*chat.our_message_ids, *names)[-MOST_OURS:]) if names else chat
    )
