"""An actor survives crashes, rivals, a log that refuses, defects and idleness."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors.in_flight import InFlight
from actors.log_end import Behind
from actors.messages import Passivate, Stored
from chat.work import EndBurst
from events.decisions import Decision, Ignored, Reply, ThreadCreated, TurnAdopted, TurnFailed, TurnStarted
from events.inbound import Message
from events.log import Appended, LogFull, LogUnavailable
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from tests.actors.house import ANA, house
from tests.waiting import until


@pytest.mark.parametrize("kind", [TurnStarted, ThreadCreated])
async def test_a_turn_is_adopted_after_a_crash(kind: type[Decision]) -> None:
    """At any point of the turn, the next incarnation adopts it before it asks the model, and answers once."""
    log = MemoryLog()
    async with house(log, "one") as home:
        await home.say("m1")
        await home.decided(kind)
    async with house(log, "two") as home:
        request = await home.model.asked(1)
        adopted = await home.decided(TurnAdopted)
        assert adopted.by == "two"
        home.model.answer(request)
        assert (await home.decided(Reply)).in_reply_to == ("m1",)


async def test_an_unanswered_message_is_answered_after_a_crash() -> None:
    """No instance was running when it came: the next start finds it pending."""
    log = MemoryLog()
    async with house(log, "one", debounce=60.0) as home:
        await home.say("m1")
        await home.reads.reached(1)
    async with house(log, "two") as home:
        home.model.answer(await home.model.asked(1))
        assert (await home.decided(Reply)).in_reply_to == ("m1",)


async def test_a_crash_between_failure_and_apology_still_apologises() -> None:
    """The apology is pending until it is in the log."""

    class NoApology(MemoryLog):
        async def append(self, key: ChatKey, decision: Decision, **how: Any) -> Appended:
            if isinstance(decision, Reply):
                await asyncio.Event().wait()
            return await super().append(key, decision, **how)

    log = NoApology()
    async with house(log, "one") as home:
        await home.say("m1")
        home.model.fail(await home.model.asked(1))
        failed = await home.decided(TurnFailed)
    log.__class__ = MemoryLog  # the log answers again
    async with house(log, "two") as home:
        assert (await home.decided(Reply)).about == failed.turn


async def test_of_two_instances_on_one_log_each_message_is_answered_once() -> None:
    """Without any lease the CAS alone keeps it single: the loser drops its run and follows the winner."""
    log = MemoryLog()
    async with house(log, "one") as one, house(log, "two") as two:
        await one.say("m1")
        for home in (one, two):
            home.model.answer_all = asyncio.create_task(_answer_everything(home.model))  # type: ignore[attr-defined]
        for number in range(2, 8):
            reply = await one.decided(Reply, number - 1)
            assert reply.in_reply_to == (f"m{number - 1}",)
            await one.say(f"m{number}")
        await two.decided(Reply, 7)
        replies = [e.event.in_reply_to for e in two.reads.events if isinstance(e.event, Reply)]
        assert replies == [(f"m{number}",) for number in range(1, 8)]
        for home in (one, two):
            home.model.answer_all.cancel()  # type: ignore[attr-defined]


async def _answer_everything(model: Any) -> None:
    answered = 0
    while True:
        request = await model.asked(answered + 1)
        answered += 1
        if request.turn in model._answers:
            model.answer(request)


async def test_a_zombie_is_fenced_by_the_adoption() -> None:
    """An instance hung while another adopted its turn: its answer is refused and dropped, and it goes on."""
    log = MemoryLog()
    async with house(log, "one") as zombie:
        await zombie.say("m1")
        request = await zombie.model.asked(1)
        zombie.tail_open.clear()
        async with house(log, "two") as owner:
            adopted = await owner.decided(TurnAdopted)
            assert adopted.by == "two"
            zombie.model.answer(request, "from the grave")
            owner.model.answer(await owner.model.asked(1), "from the owner")
            assert (await owner.decided(Reply)).text == "from the owner"
        zombie.tail_open.set()
        await zombie.decided(Reply)
        await zombie.say("m2")
        zombie.model.answer(await zombie.model.asked(2), "alive")
        assert (await zombie.decided(Reply, 2)).text == "alive"


@pytest.mark.parametrize("refusal", [LogUnavailable("no answer"), LogFull("full")])
async def test_a_refused_append_is_tried_again_and_the_run_is_not(refusal: Exception) -> None:
    """The model is asked once, however often the log refuses its reply, and the try keeps its message id."""
    tries: list[str] = []

    class Refusing(MemoryLog):
        async def append(self, key: ChatKey, decision: Decision, *, msg_id: str, **how: Any) -> Appended:
            if isinstance(decision, Reply):
                tries.append(msg_id)
                if len(tries) < 3:
                    raise refusal
            return await super().append(key, decision, msg_id=msg_id, **how)

    async with house(Refusing()) as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        await home.decided(Reply)
        assert len(home.model.requests) == 1
        assert len(tries) == 3
        assert len(set(tries)) == 1


async def test_an_append_whose_answer_was_lost_is_not_made_twice() -> None:
    """The log stored the reply and the answer never came: the next try finds it there."""

    class Forgetful(MemoryLog):
        lost = False

        async def append(self, key: ChatKey, decision: Decision, **how: Any) -> Appended:
            appended = await super().append(key, decision, **how)
            if isinstance(decision, Reply) and not self.lost:
                self.lost = True
                raise LogUnavailable("no answer")
            return appended

    async with house(Forgetful()) as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        await home.decided(Reply)
        await home.say("m2")
        home.model.answer(await home.model.asked(2))
        await home.decided(Reply, 2)
        assert sum(isinstance(e.event, Reply) for e in home.reads.events) == 2


async def test_a_reply_too_long_to_store_fails_the_turn() -> None:
    """It ends as a failure of which the person is told, not in a loop."""
    async with house(MemoryLog(largest=2000)) as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1), "x" * 3000)
        assert (await home.decided(TurnFailed)).error.class_ == "malformed_answer"
        assert (await home.decided(Reply)).author == "system"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_broken_actor_wakes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect in one run ends the actor, which is woken from its snapshot and still answers; others go on."""
    monkeypatch.setattr("actors.router._FIRST_PAUSE", 0.01)
    async with house() as home:
        await home.say("m1")
        home.model.breaks(await home.model.asked(1))
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply)).in_reply_to == ("m1",)


async def test_an_idle_actor_leaves_memory_and_comes_back() -> None:
    """Passivation needs an empty mailbox and nothing under way; the next message wakes the chat where it was."""
    async with house(idle_after=0.0) as home:
        await home.say("m1")
        request = await home.model.asked(1)
        assert len(home.router) == 1, "a chat whose run is in flight stays"
        home.model.answer(request)
        thread = (await home.decided(Reply)).thread
        await until(lambda: len(home.router) == 0)
        await home.say("m2")
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, 2)).thread == thread
        assert home.reads.chat(ANA).thread is not None


async def test_a_message_just_before_passivation_is_answered() -> None:
    """Both messages are in the inbox at once: the chat stays for the work of the first one."""
    async with house() as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        await home.decided(Reply)
        arrived = Recorded(99, ANA, "i", "in", home.instance.bus_time.now(), "", Message(id="m2", text="hello"))
        home.reads.commit(arrived)
        home.router.dispatch([arrived])
        home.router._live[ANA].ref.tell(Passivate())
        request = await home.model.asked(2)
        assert [line.text for line in request.messages] == ["hello"]


class HeldLog(MemoryLog):
    """Holds appends back until `goes_on`; `held` counts those that wait."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.held = 0

    async def append(self, key: ChatKey, event: Decision, **how: Any) -> Appended:
        self.held += 1
        try:
            await self.goes_on.wait()
        finally:
            self.held -= 1
        return await super().append(key, event, **how)


async def test_a_backlog_is_worked_off_without_drowning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chats with pending work are woken in slices, and no more while enough is under way; in the end all are
    answered."""

    class Limit(int):
        """Counts how often the router finds too much in flight: `busy > limit` asks the limit."""

        pauses = 0

        def __lt__(self, busy: int) -> bool:
            self.pauses += busy > int(self)
            return busy > int(self)

    limit = Limit(20)
    monkeypatch.setattr("actors.router._BUSY", limit)
    monkeypatch.setattr("actors.router._AT_ONCE", 10)
    log = HeldLog()
    chats = [ChatKey("local", f"5511{number:09}@s.whatsapp.net") for number in range(150)]
    async with house(log, "one", debounce=60.0) as home:
        for chat in chats:
            await home.say("m1", key=chat)
        await home.reads.reached(150)
    log.goes_on.clear()
    async with house(log, "two") as home:
        await until(lambda: limit.pauses >= 3)
        assert 20 <= log.held < 100, "too many at once"
        log.goes_on.set()
        answering = asyncio.create_task(_answer_everything(home.model))
        for chat in chats:
            assert (await home.decided(Reply, key=chat)).in_reply_to == ("m1",)
        answering.cancel()


async def test_an_actor_that_has_still_to_catch_up_stays() -> None:
    """After a conflict it waits for the tail, however long, since no other instance would wake the chat."""
    log = MemoryLog()
    async with house(log, "one", idle_after=0.0) as late:
        await late.say("m1")
        late.model.answer(await late.model.asked(1))
        await late.decided(Reply)
        late.tail_open.clear()
        async with house(log, "two") as owner:
            await owner.say("m2")
            owner.model.answer(await owner.model.asked(1))
            await owner.decided(Reply, 2)
        arrived = Recorded(99, ANA, "i", "in", late.instance.bus_time.now(), "", Message(id="m9", text="hello"))
        late.router.dispatch([arrived])
        await until(lambda: ANA in late.router._live)
        actor_ref = late.router._live[ANA].ref
        actor_ref.tell(Stored(arrived))
        await until(lambda: isinstance(late.actor(ANA)._log_end, Behind))
        actor_ref.tell(Passivate())
        await until(actor_ref.actor_inbox.empty)
        assert actor_ref.is_alive()


async def test_a_chat_whose_last_decision_was_deleted_goes_on() -> None:
    """The log's last decision of the chat is below the last folded one: the next append expects the log's."""
    log = MemoryLog()
    async with house(log) as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        await home.decided(Reply)
        created = await home.reads.seen(lambda e: e.type == "thread_created")
        log._last_decision[ANA] = created.seq
        await home.say("m2")
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, 2)).in_reply_to == ("m2",)


async def test_another_decision_after_a_deleted_one_is_no_endless_conflict() -> None:
    """The last decision was deleted, then another instance decided: the next append expects that decision."""

    class Rival(MemoryLog):
        deleted_to = 0
        refused = 0

        async def append(self, key: ChatKey, decision: Decision, *, expected: int, **how: Any) -> Appended:
            if self.deleted_to and expected == self.deleted_to:
                self.refused += 1
                assert self.refused < 3, "the actor expects the deleted state again and again"
                if self.refused == 1:
                    aside = Ignored(messages=(), reason="erased", at=decision.at)
                    await super().append(key, aside, expected=expected, msg_id="rival:1")
            return await super().append(key, decision, expected=expected, **how)

    log = Rival()
    async with house(log) as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        await home.decided(Reply)
        created = await home.reads.seen(lambda e: e.type == "thread_created")
        log.deleted_to = log._last_decision[ANA] = created.seq
        await home.say("m2")
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, 2)).in_reply_to == ("m2",)
        assert log.refused == 1


async def test_no_turn_starts_while_the_log_is_nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that has begun is finished; the next one waits for room."""
    monkeypatch.setattr("actors.in_flight._NO_ROOM", 0.01)
    looks: list[bool] = []
    look = InFlight._look_for_room

    def noted(self: InFlight, effect: EndBurst) -> None:
        looks.append(self._instance.has_room)
        look(self, effect)

    monkeypatch.setattr(InFlight, "_look_for_room", noted)
    async with house() as home:
        await home.say("m1")
        request = await home.model.asked(1)
        home.instance.has_room = False
        home.model.answer(request)
        await home.decided(Reply)
        await home.say("m2")
        await until(lambda: len(looks) >= 3)
        assert len(home.model.requests) == 1
        home.instance.has_room = True
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, 2)).in_reply_to == ("m2",)
