"""The part of a story that tells which chats are one person's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from events.inbound import Message
from events.jid import PHONE
from events.joining import Joined
from events.phrases import Phrase, Together
from events.recorded import Recorded
from projections.story.reasons import because
from projections.story.step import Step, names

_ADMISSIONS = {"approved": Phrase("approved"), "blocked": Phrase("blocked")}


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


def _what(event: Joined) -> Phrase:
    if event.into is not None:
        into = _shown(event.into)
        return Phrase("the chat closed into that of %(into)s: both are the same person's", into=into)
    other = _shown(event.from_ or "?")
    if not event.whole:
        return Phrase(
            "the chat of %(other)s, the same person's, was to close into this one, which waits for it", other=other
        )
    if event.others:
        return Phrase(
            "the chat of %(other)s has closed into this one, with %(others)s, which had closed into it: what was said "
            "there belongs to this conversation",
            other=other,
            others=names(map(_shown, event.others)),
        )
    return Phrase(
        "the chat of %(other)s has closed into this one: what was said there belongs to this conversation", other=other
    )


def _gates(event: Joined) -> Phrase | None:
    """The things that hold in the closed chat and go along; None: there are none."""
    told = [
        _ADMISSIONS.get(event.admission, event.admission),
        Phrase("the person wants no replies") if event.stopped else "",
        because(event.held) if event.held else "",
        Phrase("the conversation began again") if event.reset else "",
        Phrase("a human was asked for") if event.asked else "",
    ]
    return Together(told, "; ") or None


def _shown(chat: str) -> str:
    return chat.removesuffix(PHONE)
