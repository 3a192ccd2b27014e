"""Names of one person come to two gateways in any order, while three instances are killed and come back."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actors.leases.roster import all_read
from events.codec import READS
from events.decisions import Ignored, Reply, TurnFailed
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jid import number_of
from events.joining import Joined
from events.log import LogError
from events.subjects import ChatKey
from gateways.intake import Intake
from gateways.names.bucket import AliasBucket
from gateways.names.names import Names
from tests.chaos.fleet import PATIENCE, Fleet, fleet
from tests.waiting import until

ACCOUNT = "local"
NEW = "5511912345678@s.whatsapp.net"
SEED = os.environ.get("RECADO_CHAOS_SEED")


@asynccontextmanager
async def gateways(url: str) -> AsyncIterator[list[tuple[Names, Intake]]]:
    """Two, with names of their own."""
    bus = await Bus.open(url, name="gateways")
    log = await JetStreamLog.join(bus)
    names = [Names(log, await AliasBucket.open(bus), ACCOUNT, may_join=lambda: all_read(bus, READS)) for _ in range(2)]
    following = [asyncio.create_task(each.run()) for each in names]
    try:
        await until(lambda: all(each.ready.is_set() for each in names))
        yield [(each, Intake(log, each)) for each in names]
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await log.close()
        await bus.close()


class Person:
    """Who writes under several names, through any of two gateways, as often as it takes."""

    def __init__(self, names: list[str], ways: list[tuple[Names, Intake]], chance: random.Random) -> None:
        self.names = names
        self.said: list[str] = []
        self._ways = ways
        self._chance = chance

    async def say(self, name: str, text: str = "hello", aliases: tuple[str, ...] = ()) -> None:
        id_ = f"m{len(self.said)}"
        self.said.append(id_)
        event = Message(id=id_, text=text, aliases=aliases, at=datetime.now(UTC))
        _, intake = self._chance.choice(self._ways)

        async def stored() -> bool:
            try:
                await intake.store(ChatKey(ACCOUNT, name), event)
            except LogError:
                return False  # a network sends it again
            return True

        await until(stored, PATIENCE)

    async def change_number(self, former: str, now: str) -> None:
        names, _ = self._chance.choice(self._ways)
        since = int(time.time())

        async def renamed() -> bool:
            try:
                await names.renamed(ACCOUNT, (former,), (now,), since)
            except LogError:
                return False
            return True

        await until(renamed, PATIENCE)
        self.names[self.names.index(former)] = now
        await asyncio.sleep(since + 1.05 - time.time())  # the next holder writes in a later second


def endings(those: Fleet) -> dict[str, list[tuple[str, str]]]:
    """The endings of each message, but for those in a chat from which it was moved."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in those.log.events:
        match one.event:
            case Reply(in_reply_to=ids):
                ended, reason = ids, "reply"
            case TurnFailed(messages=ids):
                ended, reason = ids, "failed"
            case Ignored(messages=ids, reason=why) if why != "joined":
                ended, reason = ids, why
            case _:
                continue
        for id_ in ended:
            found.setdefault(id_, []).append((one.key.chat, reason))
    return found


@pytest.mark.parametrize("seed", [SEED] if SEED else ["1", "2", "3"])
@pytest.mark.slow("three instances start, die and come back; a lease outlives its holder by 3 s")
async def test_one_chat_in_the_end(tmp_path: Path, seed: str) -> None:
    """Each message has one ending; one chat answers, and the stop that was said under any name holds under each, also
    after a changed number; its next holder is a stranger."""
    chance = random.Random(seed)
    async with fleet(tmp_path, "a", "b", "c") as those, gateways_of(those) as ways:
        old = (await those.chat_of(chance.choice("abc"))).chat
        person = Person([old, "99887766@lid", "BR.1349@bsuid"], ways, chance)
        todo = ["say", "say", "say", "name", "name", "stop", "move", "kill", "kill", "say", "name"]
        chance.shuffle(todo)
        dead: list[str] = []
        for what in todo:
            name, other = chance.sample(person.names, 2)
            match what:
                case "say":
                    await person.say(name)
                case "name":
                    await person.say(name, aliases=(other,))
                case "stop":
                    await person.say(name, "stop")
                case "move":
                    await person.change_number(old, NEW)
                case "kill":
                    victim = chance.choice([one for one in "abc" if one not in dead])
                    those[victim].kill()
                    dead.append(victim)
        for victim in dead:
            those[victim].start()
        first, *others = person.names
        for other in others:
            await person.say(first, aliases=(other,))
        await those.log.until(lambda: set(endings(those)) >= set(person.said), "all have ended", patience=PATIENCE)
        begin = len(person.said)
        for name in person.names:
            await person.say(name)
        await those.log.until(lambda: set(endings(those)) >= set(person.said), "all have ended", patience=PATIENCE)
        found = endings(those)
        assert Counter(len(found[id_]) for id_ in person.said) == {1: len(person.said)}
        (one,) = {found[id_][0] for id_ in person.said[begin:]}
        assert one[1] == "stopped"
        closed = {one.key.chat for one in those.log.events if isinstance(one.event, Joined) and one.event.into}
        assert one[0] not in closed
        await person.say(old)
        await those.log.until(lambda: person.said[-1] in endings(those), "the stranger is answered", patience=PATIENCE)
        ((chat, ending),) = endings(those)[person.said[-1]]
        assert (number_of(chat), ending) == (number_of(old), "reply")


@asynccontextmanager
async def gateways_of(those: Fleet) -> AsyncIterator[list[tuple[Names, Intake]]]:
    await those.started("a", "b", "c")
    async with gateways(those.url) as ways:
        yield ways
