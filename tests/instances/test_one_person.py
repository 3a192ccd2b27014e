"""Two gateways and three instances, one of which is killed, learn that two chats are one person's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from actors.leases.roster import all_read
from events.codec import JOINS
from events.decisions import Ignored
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.joining import Joined
from events.subjects import ChatKey
from gateways.intake import Intake
from gateways.names.bucket import AliasBucket
from gateways.names.names import Names
from tests.chaos.fleet import fleet
from tests.waiting import until


@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
async def test_one_chat_that_answers(tmp_path: Path) -> None:
    """The owner of the younger chat is killed in the middle. Afterwards one chat answers under every name, with the
    stop that was said under the younger one, and each message has one ending."""
    async with fleet(tmp_path, "a", "b", "c") as those:
        await those.started("a", "b", "c")
        older, younger = await those.chat_of("a"), await those.chat_of("b")
        assert (await those.answered(older, "m1")).startswith("a-")
        assert (await those.answered(younger, "n1")).startswith("b-")
        await those.outsider.write(younger, "n2", "stop")
        stopped = await those.log.ended(younger, "n2")
        assert isinstance(stopped.event, Ignored)
        bus = await Bus.open(those.url, name="gateways")
        log = await JetStreamLog.join(bus)
        both = [
            Names(log, await AliasBucket.open(bus), older.account, may_join=lambda: all_read(bus, JOINS))
            for _ in range(2)
        ]
        following = [asyncio.create_task(names.run()) for names in both]
        try:
            await until(lambda: all(names.ready.is_set() for names in both))
            those["b"].kill()
            told = Message(id="m2", text="hello", aliases=(younger.chat,))
            gateways = [Intake(log, names) for names in both]
            await asyncio.gather(*(_stored(gateway, older, told) for gateway in gateways))
            await _stored(gateways[1], ChatKey(older.account, younger.chat), Message(id="n3", text="hello"))
            await _stored(gateways[0], older, Message(id="n1", text="hello"))  # it was answered in the other chat
            for id_ in ("m2", "n3"):
                ending = (await those.log.ended(older, id_)).event
                assert isinstance(ending, Ignored)
                assert ending.reason == "stopped"
            joined = await those.log.seen("joined", key=younger)
            assert isinstance(joined.event, Joined)
            assert not joined.msg_id.startswith("b-")
            mine = [one.event for one in those.log.events if one.key == older]
            assert not any("n1" in getattr(event, "messages", ()) for event in mine)
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
            await log.close()
            await bus.close()


async def _stored(intake: Intake, key: ChatKey, message: Message) -> None:
    """As a gateway: what is refused comes again."""

    async def stored() -> bool:
        try:
            await intake.store(key, message)
        except Exception:  # noqa: BLE001 - the network sends it again
            return False
        return True

    await until(stored)
