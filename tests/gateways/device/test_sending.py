"""Replies on their way out through a linked device, and what is made of its faults."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chat.receipts import is_settled
from events.decisions import TurnStarted
from events.inbound import Receipt
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.parts import Part
from events.subjects import ChatKey
from gateways.device.errors import SendUnclear, failure_of
from gateways.device.session import DeviceLoggedOut
from gateways.device.wire import NotSent, Quote, Refused
from tests.gateways.device.events import ANA, GROUP, message
from tests.gateways.device.gateway import Linked, linked
from tests.gateways.replies import NOON, decide, events, reply
from tests.waiting import until

KEY, THERE = ChatKey("me", ANA), ChatKey("me", GROUP)


async def states(me: Linked, id_: str) -> list[str]:
    found = [recorded.event for recorded in await events(me.log, "me")]
    return [event.state for event in found if isinstance(event, Receipt) and event.reply == id_]


async def settled(me: Linked, id_: str) -> list[str]:
    """The states of the reply once it has its outcome."""

    async def all_() -> list[str]:
        found = await states(me, id_)
        return found if any(is_settled(state) for state in found) else []  # type: ignore[arg-type]

    return await until(all_)


async def test_formatted_and_split(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """As the Cloud API's gateway does it."""
    long = "\n\n".join(f"**Part {number}** " + "word " * 300 for number in range(4))
    async with linked(bus, jetstream_log, data_dir) as me:
        await decide(me.log, reply("r1", KEY, text="**bold** [site](https://a.example)"), KEY)
        await settled(me, "r1")
        await decide(me.log, reply("r2", KEY, text=long), KEY)
        await until(lambda: len(me.phone.sent) == 3)
        assert me.phone.texts[0] == "*bold* site (https://a.example)"
        assert all(len(text) <= 4096 for text in me.phone.texts)
        assert [chat for chat, _, _ in me.phone.sent] == [ANA] * 3


async def test_quotes(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """In a group a reply says what it answers; between two people where it would not be clear."""
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.phone.bring(message("G1", "what time?", chat=GROUP, sender=ANA))
        await me.phone.bring(message("A1", "one"))
        await decide(me.log, reply("g", THERE, in_reply_to=("G1",)), THERE)
        await decide(me.log, reply("a", KEY, in_reply_to=("A1",)), KEY)
        await settled(me, "g")
        await settled(me, "a")
        assert {chat: quote for chat, _, quote in me.phone.sent} == {GROUP: Quote("G1", ANA, "what time?"), ANA: None}


async def test_our_own_messages_are_quoted(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """By the reply or one of its messages, as the owner's own words; an unknown one is left out, and so is a quote that
    the reply does not want."""
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.owner = ("5511888880000@s.whatsapp.net",)
        await me.phone.bring(message("A1", "one"))
        await me.phone.bring(message("A2", "two"))
        await decide(me.log, reply("r1", KEY, in_reply_to=("A1", "A2"), quote=""), KEY)
        for number, name in enumerate(("r1", "r1#1", "r9", "A1")):
            await decide(me.log, reply(f"q{number}", KEY, quote=name), KEY)
        await settled(me, "q3")
        ours = Quote("3EB0OUT1", me.phone.owner[0], "text of r1")
        assert [quote for _, _, quote in me.phone.sent] == [None, ours, ours, None, Quote("A1", ANA, "one")]


async def test_a_device_sends_no_acknowledgement(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """It would be a text of its own; the answer follows."""
    async with linked(bus, jetstream_log, data_dir) as me:
        eyes = Part(kind="reaction", to="A1", emoji="👀")
        await decide(me.log, reply("t1.k", KEY, about="t1", author="system", text="👀", parts=(eyes,)), KEY)
        await decide(me.log, reply("r1", KEY), KEY)
        await settled(me, "r1")
        assert (me.phone.texts, await states(me, "t1.k")) == (["text of r1"], ["sending", "failed"])


async def test_typing_and_read_marks(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.phone.bring(message("A1", "one"))
        await decide(me.log, TurnStarted(turn="t1", messages=("A1",), backend="scripted", at=NOON), KEY)
        await until(lambda: me.phone.typed == [(ANA, True)])
        assert me.phone.marks == [(ANA, "A1")]
        await decide(me.log, reply("a", KEY, in_reply_to=("A1",)), KEY)
        await until(lambda: me.phone.typed[-1] == (ANA, False))


@pytest.mark.parametrize(
    ("failure", "expected", "sent"),
    [
        (NotSent("websocket not connected"), ["sending", "sending", "sending", "accepted"], 1),
        (Refused("recipient", "server returned error 463"), ["sending", "failed"], 0),
        (SendUnclear("timed out waiting for message send response"), ["sending", "in_doubt", "parked"], 0),
        (TimeoutError(), ["sending", "in_doubt", "parked"], 0),
        (OSError("the library is gone"), ["sending", "in_doubt", "parked"], 0),
    ],
)
async def test_faults(  # noqa: PLR0917 - what pytest gives
    bus: Bus,
    jetstream_log: JetStreamLog,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    expected: list[str],
    sent: int,
) -> None:
    """Sent again only what was not sent for certain; what nobody knows of is parked by its name, and the next goes."""
    monkeypatch.setattr("gateways.device.sender._AGAIN_AFTER", 0.01)
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.failures.append(failure)
        await decide(me.log, reply("r1", KEY), KEY)
        assert await settled(me, "r1") == expected
        assert me.phone.texts == ["text of r1"] * sent
        await decide(me.log, reply("r2", KEY), KEY)
        assert await settled(me, "r2") == ["sending", "accepted"]


async def test_in_doubt_and_resent(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """Where RECADO_IN_DOUBT says so."""
    async with linked(bus, jetstream_log, data_dir, in_doubt="resend") as me:
        me.phone.failures.append(SendUnclear("timed out waiting for message send response"))
        await decide(me.log, reply("r1", KEY), KEY)
        assert (await settled(me, "r1"))[-2:] == ["sending", "accepted"]
        assert me.phone.texts == ["text of r1"]


async def test_nothing_to_send(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    async with linked(bus, jetstream_log, data_dir) as me:
        await decide(me.log, reply("r1", KEY, text=" \n"), KEY)
        assert await settled(me, "r1") == ["sending", "failed"]


async def test_stopped_between_send_and_log(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """Cancelled as a crash would: the next one does not send it again, and names it."""
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.hold = asyncio.Event()
        await decide(me.log, reply("r1", KEY), KEY)
        await until(lambda: me.phone.texts == ["text of r1"])
        me.running.cancel()
        await asyncio.gather(me.running, return_exceptions=True)
        assert await states(me, "r1") == ["sending"]
    async with linked(bus, jetstream_log, data_dir) as me:
        assert await settled(me, "r1") == ["sending", "in_doubt", "parked"]
        assert me.phone.sent == []


async def test_errors_for_a_person_end_the_gateway(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.breaks_with = DeviceLoggedOut()
        me.phone.breaks.set()
        with pytest.raises(DeviceLoggedOut, match="recado gateway device"):
            await me.running


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("websocket not connected", NotSent),
        ("failed to send message node: websocket not connected", NotSent),
        ("failed to get group members: info query timed out", NotSent),
        ("failed to get group members: you're not participating in that group", Refused),
        ("can't send message to unknown server nowhere", Refused),
        ("server returned error 479", Refused),
        ("timed out waiting for message send response", SendUnclear),
        ("failed to send message node: write tcp: broken pipe", SendUnclear),
        ("websocket disconnected before message send returned response", SendUnclear),
        ("", SendUnclear),
    ],
)
def test_whatsmeows_words(words: str, expected: type[Exception]) -> None:
    assert isinstance(failure_of(words), expected)
