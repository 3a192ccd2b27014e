"""Takeover: how long a chat is left to a human who wrote by hand, or who was asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from chat.state import Chat, Hand, Waiting

BY_HAND = "from_me"
"""The reason of a message that the business itself wrote, on a phone."""


def hand_over(chat: Chat, now: datetime, takeover: timedelta) -> tuple[Hand, datetime | None] | None:
    """The human act for which the chat is still to be paused, and the end of that pause (None: an order ends it).

    `takeover` is the time for which the chat is left to a human after the last word by hand; 0: no pause, unless a
    human was asked for.
    """
    hand = _last(chat)
    if hand is None or (not takeover and hand.reason != "handed_off"):
        return None
    until = hand.since + takeover if takeover else None
    if until is not None and now >= until:
        return None
    pause = chat.pause
    if pause is not None and (pause.until is None or (until is not None and pause.until >= until)):
        return None
    return hand, until


def word_by_hand(chat: Chat) -> Waiting | None:
    """The last message by hand that has no ending yet; orders that came before it are obeyed first."""
    before = chat.orders[0].seq if chat.orders else None
    for message in reversed(chat.waiting):
        if message.fault == BY_HAND and (before is None or message.seq < before):
            return message
    return None


def _last(chat: Chat) -> Hand | None:
    word = word_by_hand(chat)
    return Hand(word.id, word.stored, "taken_over") if word is not None else chat.hand
