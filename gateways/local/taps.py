"""Choices that a person taps on a simulated phone, as the messages that WhatsApp makes of them."""

from __future__ import annotations

from contextlib import aclosing
from typing import Literal

import msgspec

from chat.choices import question_of, typed
from events.decisions import Reply
from events.inbound import Message, ReplyId
from events.log import EventLog
from events.parts import Label, Part
from events.references import Choice
from events.subjects import ChatKey, decisions_filter
from gateways.local.messages import messages_of


class Tap(msgspec.Struct, frozen=True, kw_only=True):
    """A button or a row of a list that a person taps.

    - `id`, `title`, `description`: those of the choice, as the phone shows it.
    - `source`: where it was shown.
    - `quoted`: the id of the reply that asked.
    """

    id: Label
    title: Label
    description: Label | None = None
    source: Literal["button", "list"]
    quoted: ReplyId

    @property
    def words(self) -> str:
        """The text of the message: WhatsApp gives a row with its second line."""
        return f"{self.title} ({self.description})" if self.description else self.title


def tapped(tap: Tap, *, id: str, name: str | None = None, sender: str | None = None) -> Message:  # noqa: A002 - WhatsApp's own word
    """The message that the tap makes."""
    choice = Choice(id=tap.id, title=tap.title, source=tap.source)
    return Message(id=id, kind="button", text=tap.words, choice=choice, quoted=tap.quoted, name=name, sender=sender)


async def last_question(log: EventLog, key: ChatKey) -> Reply | None:
    """The last reply of the chat that asks for a choice; None if none does. Raises LogUnavailable."""
    newest = await log.last_decision(key, "reply")
    if newest is None:
        return None
    asked: Reply | None = None
    async with aclosing(log.tail(0, decisions_filter(key, "reply"))) as tail:
        async for batch in tail:
            for recorded in batch:
                if isinstance(recorded.event, Reply) and question_of(recorded.event):
                    asked = recorded.event
            if batch[-1].seq >= newest.seq:
                break
    return asked


def tap_on(asked: Reply, wanted: str) -> Tap | str | None:
    """The tap on the choice of the question that `wanted` names by its id, its title or its number; its title, if the
    question is too long for buttons and lists, so that a person has to type it; None if there is no such choice."""
    options = question_of(asked)
    named = next((option.id for option in options if option.id == wanted), None)
    chosen = typed(options, wanted)
    id_ = named if named is not None else chosen.id if chosen is not None else None
    place = next((place for place, option in enumerate(options) if option.id == id_), None)
    if place is None:
        return None
    for message in messages_of(asked):
        if isinstance(message, Part) and message.kind == "choices":
            shown = message.choices[place]
            return Tap(
                id=shown.id,
                title=shown.title,
                description=shown.description,
                source="button" if message.button is None else "list",
                quoted=asked.id,
            )
    return options[place].title
