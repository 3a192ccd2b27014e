"""Chats of one person under several names: their answers, their joining and the endings of their messages."""

from __future__ import annotations

from events.decisions import Ignored, Reply
from events.joining import Joined
from events.recorded import Recorded
from events.subjects import ChatKey
from tests.actors.house import House

LID = ChatKey("local", "99887766@lid")
USER = ChatKey("local", "BR.1349@bsuid")


async def answered(home: House, key: ChatKey, id_: str, times: int) -> None:
    asked = len(home.model.requests)
    await home.say(id_, key=key)
    home.model.answer(await home.model.asked(asked + 1), f"answer to {id_}")
    await home.decided(Reply, times, key)


async def joined(home: House, key: ChatKey, *, whole: bool = False, done: bool = False) -> Joined:
    def is_it(recorded: Recorded) -> bool:
        event = recorded.event
        return recorded.key == key and isinstance(event, Joined) and (event.whole, event.done) == (whole, done)

    event = (await home.reads.seen(is_it)).event
    assert isinstance(event, Joined)
    return event


def endings(home: House, id_: str) -> list[tuple[str, str]]:
    """The endings of a message, but for those in a chat from which it was moved."""
    found = []
    for recorded in home.reads.events:
        match recorded.event:
            case Reply(in_reply_to=messages) if id_ in messages:
                found.append((recorded.key.chat, "reply"))
            case Ignored(messages=messages, reason=reason) if id_ in messages and reason != "joined":
                found.append((recorded.key.chat, reason))
    return found
