"""Replies that quote, reactions, previews of links and the typing indicator, over the real client to the double."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.decisions import TurnStarted
from events.inbound import Message, Receipt
from events.log import EventLog
from events.parts import Part
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import ANA, TOM, cloud_gateway
from tests.gateways.cloud.said import LONG, say, steps, until_step
from tests.gateways.replies import NOON, decide
from tests.waiting import until

EYES = Part(kind="reaction", to="wamid.1", emoji="👀")


async def hear(log: EventLog, *ids: str, **fields: object) -> None:
    for id_ in ids:
        await log.publish(ANA, Message(id=id_, text="?", **fields), msg_id=id_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "which"),
    [("r1", 0), ("r1#1", 0), ("r1#2", 1), ("r1#3", 2), ("r0", None), ("r1#9", None), ("r1#", None), ("#1", None)],
)
async def test_our_own_messages_are_quoted(log: EventLog, data_dir: Path, name: str, which: int | None) -> None:
    """By the reply, whose first message that is, or by one of its messages; an unknown one is left out."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1", text=LONG)
        await say(log, "r1", TOM)
        await say(log, "r2", quote=name)
        await until_step(log, "r2", "accepted")
        mine = [one for one in meta.taken if one.to == ANA.chat.partition("@")[0]]
        assert mine[-1].quoted == (None if which is None else mine[which].id)


async def test_an_id_in_a_receipt_that_is_none_of_whatsapps(log: EventLog, data_dir: Path) -> None:
    """Any program on the bus writes receipts: nothing is quoted, and the reply is sent."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await log.publish(ANA, Receipt(id="x", reply="r1", state="sent", provider_id="../../etc/passwd"), msg_id="x")
        await say(log, "r2", quote="r1")
        await until_step(log, "r2", "accepted")
        assert [one.quoted for one in meta.taken] == [None]


async def test_a_restarted_gateway_knows_them(log: EventLog, data_dir: Path) -> None:
    """They are in the log; a reply in one message has no number, and may be named with 1."""
    async with GraphDouble() as meta:
        async with cloud_gateway(log, meta, data_dir):
            await say(log, "r1")
            await until_step(log, "r1", "accepted")
        async with cloud_gateway(log, meta, data_dir):
            await say(log, "r2", quote="r1#1")
            await say(log, "r3", text="👍", parts=(Part(kind="reaction", to="r1", emoji="👍"),))
            await until_step(log, "r3", "accepted")
        assert [one.quoted for one in meta.taken] == [None, meta.taken[0].id, None]
        assert meta.taken[2].object["message_id"] == meta.taken[0].id


async def test_what_was_written_after_makes_it_unclear(log: EventLog, data_dir: Path) -> None:
    """Also if it has its ending already; a reaction, or news of WhatsApp, makes nothing unclear."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await hear(log, "wamid.1", "wamid.2")
        await say(log, "all", in_reply_to=("wamid.1", "wamid.2"), quote="")
        await say(log, "r1", in_reply_to=("wamid.1",))
        await say(log, "r2", in_reply_to=("wamid.2",))
        await hear(log, "wamid.3", kind="reaction")
        await hear(log, "wamid.4", kind="system")
        await say(log, "ends", in_reply_to=("wamid.3", "wamid.4"), quote="")
        await say(log, "r3", in_reply_to=("wamid.2",))
        await until_step(log, "r3", "accepted")
        assert [one.quoted for one in meta.taken] == [None, "wamid.1", None, None, None]


async def test_an_empty_quote_quotes_nothing(log: EventLog, data_dir: Path) -> None:
    """Where the profile wants none, even of several open messages."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await hear(log, "wamid.1", "wamid.2")
        await say(log, "r1", in_reply_to=("wamid.1", "wamid.2"), quote="")
        await until_step(log, "r1", "accepted")
        assert [one.quoted for one in meta.taken] == [None]


async def test_a_quote_that_whatsapp_refuses_is_left_out(log: EventLog, data_dir: Path) -> None:
    """The words go once more without it, under the same number: it was certainly not sent."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=131009)
        await say(log, "r1", quote="wamid.of-another-chat")
        await until_step(log, "r1", "accepted")
        assert [(one.text, one.quoted) for one in meta.taken] == [("text of r1", None)]


async def test_a_reaction_to_another_message_is_its_emoji(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1", text="👍", parts=(Part(kind="reaction", to="say-1", emoji="👍"),), quote="wamid.1")
        await until_step(log, "r1", "accepted")
        assert [(one.type, one.text, one.quoted) for one in meta.taken] == [("text", "👍", None)]


async def test_an_acknowledgement_is_a_reaction_or_nothing(log: EventLog, data_dir: Path) -> None:
    """To a message that is none of WhatsApp's there is none, and the chat goes on; 24 hours later no template goes out
    for it."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, window_template="hello_again:en"):
        about = {"author": "system", "text": "👀", "turn": None}
        await say(log, "t1.k", about="t1", parts=(EYES,), **about)
        await say(log, "t2.k", about="t2", parts=(Part(kind="reaction", to="say-1", emoji="👀"),), **about)
        await until_step(log, "t2.k", "failed recipient")
        meta.fail(code=131047)
        await say(log, "t3.k", about="t3", parts=(EYES,), **about)
        await until_step(log, "t3.k", "failed window_closed")
        await say(log, "r1")
        await until_step(log, "r1", "accepted")
        assert [one.type for one in meta.taken] == ["reaction", "text"]
        assert meta.taken[0].object == {"message_id": "wamid.1", "emoji": "👀"}


async def test_a_reaction_in_doubt_holds_nothing_up(log: EventLog, data_dir: Path) -> None:
    """It is sent again, which changes nothing for the person, and the answer follows: it does not wait for a status."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, doubt_seconds=600):
        meta.fail("lost")
        await say(log, "t1.k", about="t1", author="system", text="👀", parts=(EYES,))
        await say(log, "r1")
        await until_step(log, "r1", "accepted")
        assert [one.type for one in meta.taken] == ["reaction", "reaction", "text"]
        assert (await steps(log, "t1.k"))[-1] == "accepted"


@pytest.mark.parametrize(("previews", "shown"), [(True, [True, False]), (False, [False, False])])
async def test_previews_of_links(log: EventLog, data_dir: Path, previews: bool, shown: list[bool]) -> None:
    """Where the reply has the mark; another one has none."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1", text="see https://example.org", **({"previews": True} if previews else {}))
        await say(log, "r2", text="see https://example.org")
        await until_step(log, "r2", "accepted")
        assert [one.object.preview_url for one in meta.taken] == shown


async def test_typing_goes_on_until_the_answer(log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reaction, a word to wait and a refused order end it not; the answer does."""
    monkeypatch.setattr("gateways.cloud.typing_indicator.AGAIN_AFTER", 0.05)
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await hear(log, "wamid.1")
        await decide(log, TurnStarted(turn="t1", messages=("wamid.1",), backend="scripted", at=NOON), ANA)
        await until(lambda: len(meta.marks) > 0)
        await say(log, "t1.k", about="t1", author="system", text="👀", parts=(EYES,))
        await say(log, "t1.w", about="t1", author="system", text="One moment.")
        await until_step(log, "t1.w", "accepted")
        before = len(meta.marks)
        await until(lambda: len(meta.marks) > before + 2)
        assert meta.marks[-1].typing_indicator is not None
        await say(log, "r1", in_reply_to=("wamid.1",), turn="t1")
        await until_step(log, "r1", "accepted")
    assert meta.violations == []
