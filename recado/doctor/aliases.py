"""Finds people who have two chats: messages of older versions told of names that nobody compared."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_hex

import msgspec

from events.inbound import Control
from events.log import EventLog
from events.subjects import ChatKey
from gateways.names.number_plans import other_forms
from gateways.names.person import join_id
from projections.reads.queries import Queries


class Double(msgspec.Struct, frozen=True):
    """A person with two open chats.

    - `chat`: the older chat.
    - `other`: the younger one, which is to close into it.
    - `because`: what tells that they are one person's.
    """

    account: str
    chat: str
    other: str
    because: str


def doubles(projection: Queries) -> Iterator[Double]:
    """The people with two chats, as far as the projection knows: by the names that came with messages, and by the
    written forms of numbers."""
    open_ = {key: first for first, key in projection.open_by_age()}
    found = set[tuple[ChatKey, ChatKey]]()
    told = [
        (ChatKey(account, name), ChatKey(account, chat), "a message named both")
        for account, name, chat in projection.names()
    ]
    forms = [
        (ChatKey(key.account, form), key, "the numbers are two forms of one")
        for key in open_
        for form in other_forms(key.chat)
    ]
    for one, other, because in (*told, *forms):
        if one not in open_ or other not in open_ or one == other:
            continue
        older, younger = sorted((one, other), key=lambda key: open_[key])
        if (older, younger) not in found:
            found.add((older, younger))
            yield Double(older.account, older.chat, younger.chat, because)


async def order_join(log: EventLog, double: Double, by: str) -> None:
    """Order the two chats to become one. Raises LogFull, LogUnavailable."""
    id_ = join_id(double.other)
    for place, order in (
        (double.chat, Control(id=id_, command="join", from_=double.other, by=by)),
        (double.other, Control(id=id_, command="join", into=double.chat, by=by)),
    ):
        key = ChatKey(double.account, place)
        await log.publish(key, order, msg_id=f"control:{key.account}:{key.chat}:{id_}:{token_hex(8)}")
