"""One message, receipt or order of a single sender stops neither its own chat nor another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.media_files import Files, Settled
from backends.protocol import Usage
from chat.work import Adopt
from events.codec import decode, encode, read
from events.decisions import Decision, Ignored, Reply, TurnAdopted, TurnFailed, TurnStarted
from events.inbound import Media, Message, Receipt
from events.log import Appended
from events.memory_log import MemoryLog
from events.recorded import Recorded, Unreadable, unreadable_seq
from events.subjects import ChatKey, decision_subject, inbound_subject
from projections.projection import Projection
from tests.actors.house import ANA, house
from tests.chat.story import NOON, Story, text

SORRY = {"unreadable": "I cannot open it."}


class NoSpeech(Files):
    """Every voice note is silent."""

    def __init__(self) -> None:
        pass

    async def settle(self, *_: Any) -> Any:
        return Settled("nothing", reason="file_unreadable", detail="nothing is said in it")


@pytest.mark.parametrize("id_", ["silent-voice-1", "wamid.HBgN", "seq", "x:seq:5"])
async def test_a_file_that_cannot_be_read(id_: str) -> None:
    """The message ends, the person is told once, nothing is a dead letter, and the chat goes on."""
    note = Media(object="n", mime="audio/ogg", voice=True)
    async with house(files=NoSpeech(), words=SORRY) as home:
        await home.log.publish(ANA, Message(id=id_, kind="audio", media=note), msg_id=id_)
        ended = await home.decided(Ignored)
        assert (ended.messages, ended.reason, ended.told) == ((id_,), "file_unreadable", True)
        assert (await home.decided(Reply)).text == SORRY["unreadable"]
        assert home.log.dead_letters == []
        await home.say("m2")
        home.model.answer(await home.model.asked(1))
        assert (await home.decided(Reply, 2)).in_reply_to == ("m2",)


async def test_an_id_that_names_other_bytes() -> None:
    """A person's id `seq:1` buries no event of another chat: the message itself is the dead letter."""
    other = ChatKey(ANA.account, "5511900000009@s.whatsapp.net")
    async with house(words=SORRY) as home:
        home.log.put(inbound_subject(other, "edit"), b'{"id": "e", "of": "nothing", "text": "private"}')
        home.log.put(inbound_subject(ANA, "in"), b'{"id": "seq:1", "text": "hi"}')
        ended = await home.decided(Ignored)
        assert (ended.messages, ended.reason, ended.told) == (("seq:2",), "malformed_id", False)
        assert [letter.body for letter in home.log.dead_letters] == [b'{"id": "seq:1", "text": "hi"}']


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("control", b'{"id": "c", "command": "template"}'),
        ("receipt", b'{"id": "r", "reply": "x", "state": "seen"}'),
        ("receipt", b'{"id": "r", "reply": "x", "state": "sent", "part": 9223372036854775808}'),
        ("receipt", b'{"id": "r", "reply": "x", "state": "sent", "parts": -1}'),
        ("receipt", b'{"id": "r", "reply": "x", "state": "failed", "error": {"code": 18446744073709551616}}'),
        ("edit", b"\xff"),
        ("in", b"[" * 100_000),
    ],
)
async def test_bytes_that_are_no_event_give_no_notice(kind: str, body: bytes) -> None:
    """They end with `told: false`; only the message that a person sent is answered."""
    async with house(words=SORRY) as home:
        home.log.put(inbound_subject(ANA, kind), body)
        assert (await home.decided(Ignored)).told is False
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        assert (await home.decided(Reply)).in_reply_to == ("m1",)
        replies = [one for one in home.reads.events if isinstance(one.event, Reply)]
        assert len(replies) == 1


@pytest.mark.parametrize("number", [2**53 + 1, 2**63, 2**64, 10**30, -1])
def test_no_count_of_an_event_is_out_of_bounds(number: int) -> None:
    """Each whole number of each event has bounds: with a value outside it is no such event."""
    for subject, body in [
        (decision_subject(ANA, "reset"), b'{"upto": %d, "at": "2026-01-01T00:00:00Z"}'),
        (inbound_subject(ANA, "receipt"), b'{"id": "r", "reply": "x", "state": "sent", "part": %d}'),
    ]:
        stored = subject if subject.startswith("evt") else f"evt.1.{subject.split('.', 2)[2]}.i.receipt"
        recorded = read(1, stored, datetime.now(UTC), None, body % number)
        assert isinstance(recorded.event, Unreadable)


def test_an_event_that_a_table_cannot_take(tmp_path: Path) -> None:
    """The projection goes on after it, alone or among others, and a second reader comes to the same state."""
    wild = Receipt(id="r", reply="x", state="sent", part=2**63)
    events = [
        Recorded(1, ANA, "i", "in", NOON, "", text("m1")),
        Recorded(2, ANA, "i", "receipt", NOON, "", wild),
        Recorded(3, ANA, "i", "in", NOON, "", text("m2")),
    ]
    states = []
    for name, batches in (("a.db", [events]), ("b.db", [[event] for event in events])):
        projection = Projection.create(tmp_path / name, NOON)
        for batch in batches:
            projection.apply(batch)
        assert projection.checkpoint == 3
        states.append(projection.db.execute("SELECT snapshot FROM chats").fetchall())
        assert projection.db.execute("SELECT count(*) FROM history").fetchone() == (2,)
        projection.close()
    assert states[0] == states[1]


def test_a_turn_that_is_adopted_again_and_again() -> None:
    """After five adoptions without a decision of its own it fails as `broken`; the person is told."""
    started = TurnStarted(turn="t1", messages=("m1",), backend="chat", at=NOON)
    story = Story().given(text("m1")).given(started, by="crashed-0")
    for life in range(1, 6):
        assert story.pending() == (Adopt("t1"),)
        story.given(TurnAdopted(turn="t1", by=f"crashed-{life}", at=NOON), by=f"crashed-{life}")
    (work,) = story.pending()
    failed = story.does(work)
    assert isinstance(failed, TurnFailed)
    assert failed.error.class_ == "broken"
    assert story.chat.turn is None


async def test_a_chat_that_breaks_on_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few tries the message is set aside, and the next one is answered."""
    monkeypatch.setattr("actors.router._FIRST_PAUSE", 0.01)

    class Breaks(MemoryLog):
        async def append(self, key: ChatKey, decision: Decision, **how: Any) -> Appended:
            if isinstance(decision, TurnStarted) and "poison" in decision.messages:
                raise ValueError("a defect")
            return await super().append(key, decision, **how)

    with capture_logs():  # tracebacks with all locals take a second each
        async with house(Breaks()) as home:
            await home.say("poison")
            ended = await home.decided(Ignored)
            assert (ended.messages, ended.reason) == (("poison",), "broken")
            await home.say("m2")
            home.model.answer(await home.model.asked(1))
            assert (await home.decided(Reply, 2)).in_reply_to == ("m2",)


@pytest.mark.parametrize("id_", ["seq:", "seq:x", "seq:-1", "seq:1.0", "seq:²", "silent", "", "seq:" + "9" * 30])
def test_an_id_that_names_no_bytes(id_: str) -> None:
    assert unreadable_seq(id_) is None


@pytest.mark.parametrize("tokens", [-1, -(2**70), 2**53 + 1, 2**70])
async def test_a_model_that_counts_tokens_in_its_own_way(tokens: int) -> None:
    """The reply stays readable, also for those who read the log again."""
    async with house() as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1), usage=Usage(tokens, tokens))
        reply = await home.decided(Reply)
        assert decode("reply", encode(reply)) == reply


async def test_a_turn_that_its_former_owner_still_finishes() -> None:
    """It is left to that one, however often it was adopted, and set aside only after that one is gone."""
    log = MemoryLog()
    await log.publish(ANA, Message(id="m1", text="hi"), msg_id="m1")
    started = TurnStarted(turn="t1", messages=("m1",), backend="chat", at=NOON)
    last = (await log.append(ANA, started, expected=0, msg_id="life0:1")).seq
    for life in range(1, 6):
        adopted = TurnAdopted(turn="t1", by=f"life{life}", at=NOON)
        last = (await log.append(ANA, adopted, expected=last, msg_id=f"life{life}:1")).seq
    asked: list[str] = []

    def is_finishing(by: str) -> bool:
        asked.append(by)
        return len(asked) < 3

    async with house(log, is_finishing=is_finishing, stale_after=timedelta.max) as home:
        failed = await home.decided(TurnFailed)
        assert (failed.turn, failed.error.class_) == ("t1", "broken")
        assert asked == ["life5"] * 3
