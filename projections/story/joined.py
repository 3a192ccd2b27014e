"""The part of a story that tells which chats are one person's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from events.inbound import Message
from events.jid import PHONE
from events.joining import Joined
from events.recorded import Recorded
from projections.story.reasons import because
from projections.story.step import Step, names


def joined_steps(facts: Sequence[Recorded]) -> Iterator[Step]:
    """Every joining of the chat, whenever it was."""
    for one in facts:
        if isinstance(one.event, Joined) and not one.event.done:
            yield Step(at=one.at, kind="joined", what=_what(one.event), detail=_gates(one.event), seq=one.seq)


def moved_from(sent: Recorded, facts: Sequence[Recorded]) -> str | None:
    """The closed chat from which the message was moved into this one; None if it was not."""
    if not isinstance(sent.event, Message):
        return None
    closed = (one.event.from_ for one in facts if isinstance(one.event, Joined))
    return next((chat for chat in closed if chat is not None and sent.msg_id.endswith(f":{chat}")), None)


def _what(event: Joined) -> str:
    if event.into is not None:
        return f"the chat closed into that of {_shown(event.into)}: both are the same person's"
    other = _shown(event.from_ or "?")
    if not event.whole:
        return f"the chat of {other}, the same person's, was to close into this one, which waits for it"
    others = f", with {names(map(_shown, event.others))}, which had closed into it" if event.others else ""
    return f"the chat of {other} has closed into this one{others}: what was said there belongs to this conversation"


def _gates(event: Joined) -> str | None:
    """The things that hold in the closed chat and go along; None: there are none."""
    told = [
        event.admission,
        "the person wants no replies" if event.stopped else "",
        because(event.held) if event.held else "",
        "the conversation began again" if event.reset else "",
        "a human was asked for" if event.asked else "",
    ]
    return "; ".join(one for one in told if one) or None


def _shown(chat: str) -> str:
    return chat.removesuffix(PHONE)
