"""Folds inbound messages and a group's receipts into the state, which keeps enough for the gates, within bounds."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from msgspec.structs import replace

from chat.context import readable
from chat.fold_constants import (
    ANSWERED_KINDS,
    CONTENT_CODES,
    CONTENT_KINDS,
    CONTENT_TYPES,
    LONGEST_CALL,
    MOST_ALIASES,
    MOST_HEARD,
    MOST_MENTIONS,
    MOST_OURS,
    NAMED_KINDS,
    READ_KINDS,
    SHORT,
)
from chat.references import text_of
from chat.state import Chat, SenderCount, Waiting
from events.inbound import Message, Receipt
from events.jid import is_group


def fault_of(message: Message) -> str | None:
    """Reason in the message itself that it has no words to answer, or None: `from_me`, `empty`, `unsupported_kind`, or
    the kind of a call, a poll or a system message.

    A picture, a voice note or a document is answered by its content; a video, and a message without its file, by its
    caption.
    """
    if message.from_me:
        return "from_me"
    if message.kind in NAMED_KINDS:
        return message.kind
    if message.kind not in ANSWERED_KINDS:
        return "unsupported_kind"
    if has_file(message) or readable(text_of(message) or "").strip():
        return None
    return "empty" if message.kind == "text" else "unsupported_kind"


def has_file(message: Message) -> bool:
    """True if the message has a file that is read before the answer."""
    return is_read(message.kind) and message.media is not None


def is_read(kind: str) -> bool:
    """True if files of messages of this kind are read at all."""
    return kind in READ_KINDS


def is_silent(message: Message) -> bool:
    """True if the person is told nothing if the message is not answered: only content that they sent counts."""
    if message.from_me:
        return True
    if message.kind == "unsupported":
        return message.unsupported not in CONTENT_TYPES and message.unsupported_code not in CONTENT_CODES
    return message.kind != "text" and message.kind not in CONTENT_KINDS


def joins_burst(message: Waiting) -> bool:
    """True if the message waits for the end of the burst: it can be answered, or it is content that a model is told of
    beside other messages."""
    return message.fault is None or (message.fault == "unsupported_kind" and not message.silent)


def is_word(message: Waiting) -> bool:
    """True if the message asks for an answer: it is a person's, and no reaction, vote or news."""
    return (
        message.fault is None or message.fault == "call" or (message.fault == "unsupported_kind" and not message.group)
    )


def arrived(chat: Chat, event: Message, message: Waiting, place: str) -> Chat:
    """The state with `message`, made of `event`, waiting; `place` is the chat's JID."""
    sender, in_group = event.sender or place, event.group or is_group(place)
    hour, senders, count = _counted(chat.hour, chat.senders, sender, message)
    text = text_of(event) or ""
    fault = message.fault
    if fault == "reaction" and in_group and event.quoted not in chat.our_message_ids:
        fault = "unsupported_kind"  # what people of a group think of each other's messages is no context
    message = replace(
        message,
        fault=fault,
        sender=sender,
        group=place if in_group else "",
        said=short_word(text),
        mentions=event.mentions[:MOST_MENTIONS] if in_group else (),
        quoted=event.quoted if in_group else None,
        spoken=plain_words(text[:LONGEST_CALL]) if in_group else "",
        count_in_hour=count,
        aliases=event.aliases[:MOST_ALIASES],
    )
    return replace(chat, inbound_seq=message.seq, waiting=(*chat.waiting, message), hour=hour, senders=senders)


_ASCII_SIGNS = "".join(chr(code) for code in range(128) if not chr(code).isalnum())


def plain_words(text: str) -> str:
    """`text` without case, width and doubled blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def short_word(text: str) -> str:
    """A short text in the form in which words to the bot are compared: "STOP!", `*stop*` and "ｓｔｏｐ" are one word.

    Without case, width, doubled blanks, and the signs around it; a `/` before it stays, and so do signs alone. Empty
    for a longer text.
    """
    if len(text) > 4 * SHORT:
        return ""
    if text.isascii():  # 1 µs where the general way takes 10
        said = " ".join(text.lower().split())
        word = said.strip(_ASCII_SIGNS) or said
        first = said.find(word)
        word = f"/{word}" if first > 0 and said[first - 1] == "/" else word
        return word if len(word) <= SHORT else ""
    said = "".join(
        sign for sign in plain_words(text) if unicodedata.category(sign) != "Cf"
    )  # such as a zero-width space
    letters = [place for place, sign in enumerate(said) if unicodedata.category(sign)[0] in "LN"]
    if letters:
        first, end = letters[0], letters[-1] + 1
        first -= first > 0 and said[first - 1] == "/"
        while end < len(said) and unicodedata.category(said[end])[0] == "M":
            end += 1
        said = said[first:end]
    return said if len(said) <= SHORT else ""


def recounted(waiting: Iterable[Waiting]) -> tuple[tuple[Waiting, ...], int, tuple[SenderCount, ...]]:
    """The messages as if they were the chat's first, with the hour and its senders."""
    hour, senders, counted = 0, tuple[SenderCount, ...](), list[Waiting]()
    for message in waiting:
        if message.sender:
            hour, senders, count = _counted(hour, senders, message.sender, message)
            message = replace(message, count_in_hour=count)  # noqa: PLW2901
        counted.append(message)
    return tuple(counted), hour, senders


def _counted(
    hour: int, senders: tuple[SenderCount, ...], sender: str, message: Waiting
) -> tuple[int, tuple[SenderCount, ...], int]:
    """The message's hour, the senders in it, and the count of this message's sender.

    If there are too many senders, a new one takes the place and the count of the one with the fewest messages: its
    count may be too high, but never too low.
    """
    now = int(message.stored.timestamp()) // 3600
    before = senders if hour == now else ()
    place = next((one for one in before if one.sender == sender), None)
    if place is None and len(before) >= MOST_HEARD:
        place = min(before, key=lambda one: one.count)
    count = 1 + (place.count if place is not None else 0)
    return now, (*[one for one in before if one is not place], SenderCount(sender, count)), count


def sent_to_group(chat: Chat, event: Receipt, seq: int) -> Chat:
    """The state with the ids under which a group may quote this reply."""
    names = [name for name in (event.reply, event.provider_id) if name and name not in chat.our_message_ids]
    return (
        replace(chat, inbound_seq=seq, our_message_ids=(*chat.our_message_ids, *names)[-MOST_OURS:]) if names else chat
    )
