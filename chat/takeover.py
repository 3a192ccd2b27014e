"""Takeover: how long a chat is left to a human who wrote by hand, or who was asked for.

A handoff holds until a human writes or an order resumes the chat. After a human's last word the chat is theirs for a
time. A pause by order outlasts both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chat.state import Chat, Hand, Waiting

BY_HAND = "from_me"
"""The reason of a message that the business itself wrote, on a phone."""

HANDED_OFF: Final = "handed_off"
TAKEN_OVER: Final = "taken_over"


def hand_over(chat: Chat, now: datetime, takeover: timedelta) -> tuple[Hand, datetime | None] | None:
    """The human act for which the chat is still to be paused, and the end of that pause (None: it has no time).

    `takeover` is the time for which the chat is left to a human after the last word by hand; 0: no pause. A word that
    answers a handoff ends it even if its time is over.
    """
    hand, pause = _last(chat), chat.pause
    if hand is None:
        return None
    if hand.reason == HANDED_OFF:
        return None if pause is not None and pause.reason != TAKEN_OVER else (hand, None)
    until = hand.since + takeover
    if pause is not None and pause.reason == HANDED_OFF:
        return hand, until
    if not takeover or now >= until or (pause is not None and (pause.until is None or pause.until >= until)):
        return None
    return hand, until


def is_handed_off(chat: Chat) -> bool:
    """True if the chat waits for a human, so that the end of a time is no reason to answer it."""
    asked = chat.attention
    return (asked is not None and not asked.about_reply) or (chat.pause is not None and chat.pause.reason == HANDED_OFF)


def hand_after_word(chat: Chat, messages: tuple[str, ...]) -> Hand | None:
    """The act of a human that the chat is still to be paused for once these messages by hand have ended: they answer a
    handoff. In logs of older versions they may end while the chat is still handed off."""
    if chat.pause is None or chat.pause.reason != HANDED_OFF:
        return chat.hand if chat.hand is None or chat.hand.reason != HANDED_OFF else None
    words = [one for one in chat.waiting if one.fault == BY_HAND and one.id in messages]
    return Hand(words[-1].id, words[-1].stored, TAKEN_OVER) if words else chat.hand


def word_by_hand(chat: Chat) -> Waiting | None:
    """The last message by hand that has no ending yet; orders that came before it are obeyed first."""
    before = chat.orders[0].seq if chat.orders else None
    for message in reversed(chat.waiting):
        if message.fault == BY_HAND and (before is None or message.seq < before):
            return message
    return None


def _last(chat: Chat) -> Hand | None:
    word = word_by_hand(chat)
    return Hand(word.id, word.stored, TAKEN_OVER) if word is not None else chat.hand
