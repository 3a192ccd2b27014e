"""Work that is pending at a takeover is begun though many turns of another account are under way."""

from __future__ import annotations

import itertools

from events.decisions import Reply
from events.memory_log import MemoryLog
from events.subjects import PARTITIONS, ChatKey, partition
from tests.actors.house import house


def chats(account: str, last: bool) -> list[ChatKey]:
    """250 chats outside the last partition, or one in it."""
    every = (ChatKey(account, f"55{len(account)}{number:09}@s.whatsapp.net") for number in itertools.count())
    wanted = (key for key in every if (partition(key) == PARTITIONS - 1) is last)
    return list(itertools.islice(wanted, 1 if last else 250))


async def test_long_turns_of_one_account_keep_no_other_asleep() -> None:
    """More turns run than slices are woken beside; the one chat of the other account is in the last partition."""
    log = MemoryLog()
    (quiet,) = chats("quiet", last=True)
    async with house(log, "gone", most_awake=0) as home:
        for key in (*chats("busy", last=False), quiet):
            await home.say("m1", key=key)
    async with house(log, "next") as home:
        await home.model.until(lambda: quiet.chat in {request.chat for request in home.model.requests})
        assert len(home.model.requests) > 200
        request = next(request for request in home.model.requests if request.chat == quiet.chat)
        home.model.answer(request)
        await home.decided(Reply, key=quiet)
