"""Choices that a person types instead of tapping: the number or the title of one, right after the question. Pure."""

from __future__ import annotations

import msgspec

from chat.parts import parts_of
from events.decisions import Reply
from events.inbound import Message
from events.numbers import whole_number
from events.parts import Option
from events.references import Choice

MOST_BUTTONS = 3
"""Choices that phones show as buttons; more are a list."""


class Chosen(msgspec.Struct, frozen=True, gc=False):
    """The choice that a message of a turn makes by its words."""

    message: str
    choice: Choice


def question_of(reply: Reply) -> tuple[Option, ...]:
    """The choices of the reply, without descriptions; none if it asks nothing."""
    asked = next((part for part in parts_of(reply) if part.kind == "choices"), None)
    return () if asked is None else tuple(Option(id=option.id, title=option.title) for option in asked.choices)


def chosen_by(question: tuple[Option, ...], message: Message) -> Choice | None:
    """The choice that the message makes by its words; none if it was tapped, or the business itself wrote it."""
    if not question or message.choice is not None or message.from_me:
        return None
    return typed(question, message.text or "")


def tapped(question: tuple[Option, ...], message: Message) -> Choice | None:
    """The choice that the message makes by a tap; none if it was not among those of the question."""
    choice = message.choice
    return choice if choice is not None and any(option.id == choice.id for option in question) else None


def typed(question: tuple[Option, ...], text: str) -> Choice | None:
    """The choice that `text` names by its title or, if no title is that, by its number."""
    said = _plain(text)
    found = next((option for option in question if _plain(option.title) == said), None)
    digits = said.removesuffix(".").removesuffix(")")
    number = whole_number(digits) if len(digits) <= 2 else None
    if found is None and number is not None and 1 <= number <= len(question):
        found = question[number - 1]
    if found is None:
        return None
    return Choice(id=found.id, title=found.title, source="button" if len(question) <= MOST_BUTTONS else "list")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
