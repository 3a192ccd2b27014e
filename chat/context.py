"""The context window: the part of a conversation that a model is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


SHOWN_THOUGH_IGNORED = frozenset({
    "from_me", "paused", "taken_over", "handed_off", "unaddressed", "outside_hours", "reaction"
})  # fmt: skip
"""Reasons of messages without a reply that a model is shown later all the same, as part of the conversation."""


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """A file that a model is shown as it is.

    - `object`: its name in the object store.
    - `mime`: its type without parameters.
    """

    object: str
    mime: str
    filename: str

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")


class Line(msgspec.Struct, frozen=True, gc=False):
    """One message of a conversation, as a model is shown it.

    - `text`: its words; they mention each attachment.
    - `name`: the sender's, in groups only.
    - `at`: time at which a person sent it, in microseconds since 1970; 0: it is ours, or the time is not known.
    - `by`: the sender's name outside groups, for the moment of the turn.
    - `when`: its time in words, before its own; empty: it bears none.
    - `moment`: the moment of the turn, after the words of its last message.
    """

    role: Literal["user", "assistant"]
    text: str
    name: str = ""
    attachments: tuple[Attachment, ...] = ()
    at: int = 0
    by: str = ""
    when: str = ""
    moment: str = ""


def readable(text: str) -> str:
    """`text` without control characters, which no model needs and some servers refuse; tabs and line ends stay."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def rewritten(text: str, later: str) -> str:
    """The text by which a model is shown a message that was edited after its answer."""
    return f"{text}\n[edited later, it now reads:]\n{later}"


def after(missed: Sequence[Line], messages: Sequence[Line]) -> tuple[Line, ...]:
    """`messages` for a thread that lacks the lines of `missed`. These come before the first message's words, because
    not every provider accepts them as messages of their own."""
    if not missed or not messages:
        return tuple(messages)
    lines = [(line, "We" if line.role == "assistant" else line.name or "The person") for line in missed]
    told = "\n".join(f"{line.when} {who}: {line.text}".lstrip() for line, who in lines)
    first, *others = messages
    by_whom = ", a colleague answering for you" if any(line.role == "assistant" for line in missed) else ""
    text = f"[Said in this chat since your last answer{by_whom}:\n{told}]\n\n{first.text}"
    return (replace(first, text=text), *others)


def after_question(asked: str, messages: Sequence[Line]) -> tuple[Line, ...]:
    """`messages` for a thread that lacks the question `asked`, which a tool has sent as our answer."""
    if not asked or not messages:
        return tuple(messages)
    first, *others = messages
    text = f"[Your last answer was this question, with choices to tap:\n{asked}]\n\n{first.text}"
    return (replace(first, text=text), *others)


def window(history: Sequence[Line], limit: int) -> tuple[Line, ...]:
    """The last `limit` lines of `history` (oldest first); none if `limit` is 0."""
    return tuple(history[-limit:]) if limit > 0 else ()
