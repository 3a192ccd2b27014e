"""An event that recado breaks on is kept whole, and can be tried again after the repair."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.decisions import Decision, Erased, Ignored, Reply, Resumed, TurnAdopted, TurnFailed, TurnStarted
from events.inbound import Control, Message
from events.log import Appended
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.actors.house import ANA, BOB, house
from tests.chat.story import NOON


class Breaks(MemoryLog):
    """A log that raises an unforeseen error if a decision names `poison`."""

    async def append(self, key: ChatKey, decision: Decision, **how: Any) -> Appended:
        is_poison = isinstance(decision, TurnStarted) and "poison" in decision.messages
        if is_poison or (isinstance(decision, Resumed) and decision.cause == "poison"):
            raise ValueError("a defect")
        return await super().append(key, decision, **how)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.router._FIRST_PAUSE", 0.01)


@pytest.mark.parametrize(
    "event", [Message(id="poison", text="hello"), Control(id="poison", command="resume")], ids=["message", "order"]
)
async def test_an_ending_as_broken_is_a_dead_letter(event: Message | Control) -> None:
    """It holds the event as it came, names its chat, and points at it in the log."""
    with capture_logs():  # tracebacks with all locals take a second each
        async with house(log := Breaks()) as home:
            stored = await home.log.publish(ANA, event, msg_id="x")
            assert (await home.decided(Ignored)).reason == "broken"
            raw = await home.log.read(stored.seq)
            (letter,) = log.dead_letters
    assert raw is not None
    assert letter.body == raw.body
    assert letter.headers["Recado-Chat"] == ANA.chat
    assert letter.headers["Recado-Seq"] == str(stored.seq)
    assert letter.headers["Recado-Reason"] == "broken"


async def test_a_turn_that_ends_as_broken_is_a_dead_letter() -> None:
    """Each of its messages is one."""
    log = MemoryLog()
    for id_ in ("m1", "m2"):
        await log.publish(ANA, Message(id=id_, text=id_), msg_id=id_)
    started = TurnStarted(turn="t1", messages=("m1", "m2"), backend="chat", at=NOON)
    last = (await log.append(ANA, started, expected=0, msg_id="life0:1")).seq
    for life in range(1, 6):
        adopted = TurnAdopted(turn="t1", by=f"life{life}", at=NOON)
        last = (await log.append(ANA, adopted, expected=last, msg_id=f"life{life}:1")).seq
    async with house(log, stale_after=timedelta.max) as home:
        await home.decided(TurnFailed)
    assert [letter.body for letter in log.dead_letters] == [b'{"id":"m1","text":"m1"}', b'{"id":"m2","text":"m2"}']


async def test_erasing_a_chat_takes_its_dead_letters_along() -> None:
    """Those of another chat, and those of an unknown one, stay."""
    async with house(log := MemoryLog()) as home:
        for number, chat in enumerate([ANA.chat, BOB.chat, None]):
            await log.bury(ANA.account, b"words", reason="broken", msg_id=str(number), chat=chat)
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        await home.decided(Reply)
        await home.log.publish(ANA, Control(id="e", command="erase"), msg_id="e")
        await home.decided(Erased, 2)
        assert [letter.headers.get("Recado-Chat") for letter in log.dead_letters] == [BOB.chat, None]
