"""Orders about the old number of a person who changed it: they act on the chat of the new one, or refuse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

import recado.cli
from events.decisions import Ignored, Reply
from events.inbound import Control
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.joining import Joined
from events.subjects import ChatKey
from gateways.names.bucket import AliasBucket
from gateways.names.names import Names
from tests.actors.house import House, house
from tests.gateways.names.given import following
from tests.nats_server import NatsServer

OLD, NEW = ChatKey("shop", "5511999990001@s.whatsapp.net"), ChatKey("shop", "5521999990002@s.whatsapp.net")
AT = 1_790_000_000
NEXT = ChatKey("shop", f"5511999990001~{AT}@s.whatsapp.net")


class Told(NamedTuple):
    """How a command ended: its JSON, or what it said instead."""

    code: int
    said: Any


class Shop(NamedTuple):
    home: House
    names: Names
    bucket: AliasBucket
    env: dict[str, str]

    async def run(self, *args: str) -> Told:
        result = await asyncio.to_thread(CliRunner().invoke, recado.cli.main, [*args, "--json"], env=self.env)
        said = [line for line in result.stdout.splitlines() if line.startswith("{")]  # the log may write between
        return Told(result.exit_code, json.loads(said[-1]) if said else result.output)

    async def writes(self, key: ChatKey, id_: str, *, answered: bool = True) -> Any:
        asked = len(self.home.model.requests)
        await self.home.say(id_, key=key)
        request = await self.home.model.asked(asked + 1)
        if answered:
            self.home.model.answer(request, f"answer to {id_}")
            await self.home.reads.seen(lambda one: id_ in getattr(one.event, "in_reply_to", ()))
        return request

    async def changes(self) -> None:
        """The person tells the new number."""
        await self.names.renamed("shop", (OLD.chat,), (NEW.chat,), AT)

    async def closed(self) -> None:
        await self.home.reads.seen(lambda one: one.key == OLD and isinstance(one.event, Joined) and one.event.done)


@pytest.fixture
async def shop(bus: Bus, jetstream_log: JetStreamLog, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[Shop]:
    env = {"NATS_URL": nats_server.url, "RECADO_DATA": str(tmp_path / "data"), "OPENAI_API_MODE": "scripted"}
    async with (
        following(bus, jetstream_log, "shop") as names,
        house(jetstream_log, people=names) as home,  # type: ignore[arg-type]
    ):
        yield Shop(home, names, await AliasBucket.open(bus), env)


@pytest.mark.parametrize("command", ["pause", "resume", "reset", "send", "approve", "block"])
async def test_an_order_for_the_old_number(shop: Shop, command: str) -> None:
    """It acts on the chat that goes on, and answers under its name."""
    await shop.writes(OLD, "m1")
    await shop.changes()
    await shop.closed()
    words = ("It is Ana.",) if command == "send" else ()
    told = await shop.run(command, "5511999990001", *words, *(("--wait", "0") if words else ()))
    state = "unchanged" if command == "resume" else "done"
    assert (told.code, told.said["chat"], told.said["state"]) == (0, NEW.chat, state)


async def test_while_a_turn_of_the_old_chat_runs(shop: Shop) -> None:
    """The order acts there before the chat closes, and what it ordered holds in the new one."""
    await shop.writes(OLD, "m1", answered=False)
    await shop.changes()
    told = await shop.run("pause", "5511999990001")
    assert (told.code, told.said["chat"]) == (0, OLD.chat)
    await shop.closed()
    await shop.home.say("m2", key=NEW)
    ended = await shop.home.reads.seen(lambda one: "m2" in getattr(one.event, "messages", ()))
    assert isinstance(ended.event, Ignored)
    assert (ended.key, ended.event.reason) == (NEW, "paused")


async def test_an_order_that_comes_as_the_chat_closes(shop: Shop) -> None:
    """Whoever gave it before the closing was known is told so; nothing is done in a chat that is no more."""
    await shop.writes(OLD, "m1")
    await shop.changes()
    await shop.closed()
    for command in ("pause", "send", "erase", "block"):
        await shop.home.log.publish(OLD, Control(id=f"o-{command}", command=command, text="hello"), msg_id="")
        refused = await shop.home.reads.seen(lambda one: getattr(one.event, "cause", None) == f"o-{command}")  # noqa: B023
        assert isinstance(refused.event, Ignored)
        assert refused.event.reason == "joined"
    assert shop.home.reads.chat(NEW).pause is None
    assert shop.home.reads.chat(NEW).admission == ""


@pytest.mark.parametrize("next_holder", [False, True])
async def test_erasing(shop: Shop, next_holder: bool) -> None:
    """`erase` of the new number, or of the old one while nobody else has it, erases both chats; the old number's entry
    goes as well, unless another person has written from it, whose chat stays."""
    await shop.writes(OLD, "m1")
    await shop.changes()
    await shop.closed()
    await shop.writes(NEW, "m2")
    if next_holder:
        await shop.writes(NEXT, "s1")
    assert await shop.bucket.find("shop", OLD.chat) == NEXT.chat
    number = NEW.chat.partition("@")[0] if next_holder else "5511999990001"
    told = await shop.run("erase", number, "--yes")
    assert told.code == 0
    for key in (OLD, NEW):
        assert {one.type async for one in shop.home.log.of_chat(key, 2**62)} <= {"erased"}
    assert [one.event.text async for one in shop.home.log.of_chat(NEXT, 2**62) if isinstance(one.event, Reply)] == (
        ["answer to s1"] if next_holder else []
    )
    assert await shop.bucket.find("shop", OLD.chat) == (NEXT.chat if next_holder else None)
    # A person who comes with either number is a new one.
    await shop.writes(NEW, "n1")
    chat = shop.names.canonical("shop", OLD.chat)
    assert chat == (NEXT.chat if next_holder else OLD.chat)
    request = await shop.writes(ChatKey("shop", chat), "n2")
    assert [line.text for line in request.history] == (["hello", "answer to s1"] if next_holder else [])


async def test_orders_for_the_next_holder(shop: Shop) -> None:
    """Once another person has written from the old number, an order for it is theirs."""
    await shop.writes(OLD, "m1")
    await shop.changes()
    await shop.closed()
    await shop.writes(NEXT, "s1")
    told = await shop.run("block", "5511999990001")
    assert told.said["chat"] == NEXT.chat
    assert shop.home.reads.chat(NEW).admission == ""
