"""Two chats that prove to be one person's become one, in the middle of everything."""

from __future__ import annotations

import asyncio

import pytest

from chat.gates import Gates
from chat.teamwork import state_of
from events.admission import Blocked
from events.decisions import Attention, Erased, Ignored, Paused, Reply, Reset, Resumed
from events.inbound import Message, Receipt
from events.joining import Joined
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from events.teamwork import Assigned, Labelled, Noted, Resolved
from tests.actors.house import ANA, house
from tests.actors.joining import LID, USER, answered, endings, joined
from tests.actors.people import Book


async def test_one_conversation() -> None:
    """History of both in log order; the second chat takes no orders; late messages are answered under the first."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book) as home:
        await answered(home, ANA, "a1", 1)
        await answered(home, LID, "l1", 1)
        await answered(home, ANA, "a2", 2)
        await book.person("local", (ANA.chat, LID.chat))
        await joined(home, ANA, whole=True)
        await joined(home, LID, done=True)
        await home.say("l2", key=LID)
        request = await home.model.asked(4)
        assert [line.text for line in request.history] == [
            *("hello", "answer to a1", "hello", "answer to l1", "hello", "answer to a2")
        ]
        home.model.answer(request)
        await home.decided(Reply, 3, ANA)
        assert endings(home, "l2") == [(ANA.chat, "reply")]
        # What either chat had is a repeat, wherever it comes again.
        await home.say("l1", key=ANA)
        await home.say("a1", key=LID)
        await home.order("o1", "pause", LID)
        refused = await home.reads.seen(lambda one: getattr(one.event, "cause", None) == "o1")
        assert isinstance(refused.event, Ignored)
        assert refused.event.reason == "joined"
        await answered(home, ANA, "a3", 4)
        assert [len(endings(home, id_)) for id_ in ("l1", "a1", "l2", "a3")] == [1, 1, 1, 1]


@pytest.mark.parametrize("held", ["stop", "block", "pause", "approve"])
async def test_a_rule_of_either_chat_holds_in_both(held: str) -> None:
    """A person said stop under the younger name, or an operator ordered something there."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book, gates=Gates(stop_words=frozenset({"stop"}))) as home:
        await answered(home, ANA, "a1", 1)
        await answered(home, LID, "l1", 1)
        if held == "stop":
            await home.say("l2", "STOP!", LID)
            await home.reads.seen(lambda one: isinstance(one.event, Ignored) and one.event.reason == "stop_word")
        else:
            await home.order("o1", held, LID)
            await home.reads.seen(lambda one: getattr(one.event, "cause", None) == "o1")
        await book.person("local", (ANA.chat, LID.chat))
        await home.say("a2", key=ANA)
        await joined(home, ANA, whole=True)
        if held == "approve":
            home.model.answer(await home.model.asked(3))
            await home.decided(Reply, 2, ANA)
            assert home.reads.chat(ANA).admission == "approved"
            return
        reason = {"stop": "stopped", "block": "blocked", "pause": "paused"}[held]
        await home.reads.seen(lambda one: isinstance(one.event, Ignored) and "a2" in one.event.messages)
        assert endings(home, "a2") == [(ANA.chat, reason)]
        assert len(home.model.requests) == 2


async def test_messages_that_wait_and_a_turn_that_runs() -> None:
    """The running turn of the younger chat ends there; what waits is answered in the older, once."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book) as home:
        await answered(home, ANA, "a1", 1)
        await home.say("l1", key=LID)
        running = await home.model.asked(2)
        await home.say("l2", key=LID)
        await home.reads.seen(lambda one: isinstance(one.event, Message) and one.event.id == "l2")
        await book.person("local", (ANA.chat, LID.chat))
        await home.say("a2", key=ANA)
        await joined(home, ANA)
        home.model.answer(running)
        await joined(home, ANA, whole=True)
        while sum(len(endings(home, id_)) for id_ in ("l2", "a2")) < 2:
            request = await home.model.asked(len(home.model.requests))
            if request.turn in home.model._answers:
                home.model.answer(request)
            await asyncio.sleep(0)
        assert endings(home, "l1") == [(LID.chat, "reply")]
        assert endings(home, "l2") == endings(home, "a2") == [(ANA.chat, "reply")]


@pytest.mark.parametrize("about_reply", [False, True])
async def test_a_request_for_a_human_goes_along(about_reply: bool) -> None:
    """With its words, once; only one about a reply leaves the bot answering."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book) as home:
        await answered(home, ANA, "a1", 1)
        await answered(home, LID, "l1", 1)
        if about_reply:
            reply = next(one.event.id for one in home.reads.events if isinstance(one.event, Reply) and one.key == LID)
            await log.publish(LID, Receipt(id="r", reply=reply, state="parked"), msg_id="")
        else:
            await home.order("o1", "handoff", LID, text="wants a refund")
        await home.decided(Attention, 1, LID)
        await book.person("local", (ANA.chat, LID.chat))
        asked = await home.decided(Attention, 1, ANA)
        await joined(home, LID, done=True)
        assert home.reads.chat(LID).attention is None
        await home.say("a2", key=ANA)
        if about_reply:
            home.model.answer(await home.model.asked(3))
            await home.decided(Reply, 2, ANA)
            assert home.reads.chat(ANA).pause is None
            return
        assert asked.text == "wants a refund"
        await home.reads.seen(lambda one: getattr(one.event, "messages", ()) == ("a2",))
        assert endings(home, "a2") == [(ANA.chat, "handed_off")]
        await home.order("o2", "resume")
        await home.decided(Resumed)
        assert home.reads.chat(ANA).attention is None
        await answered(home, ANA, "a3", 2)
        assert sum(isinstance(one.event, Attention) and one.key == ANA for one in home.reads.events) == 1


async def test_the_work_of_users_goes_along() -> None:
    """The user who has the younger chat, its labels and its state; the older one's stay where it has some."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book) as home:
        await answered(home, ANA, "a1", 1)
        await answered(home, LID, "l1", 1)
        orders = (
            (ANA, "label", {"add": ("VIP",)}, Labelled), (ANA, "resolve", {}, Resolved),
            (LID, "label", {"add": ("vip", "new")}, Labelled), (LID, "assign", {"to": "bea"}, Assigned),
            (LID, "note", {"text": "pays on Friday"}, Noted), (LID, "resolve", {}, Resolved),
        )  # fmt: skip
        for number, (key, command, fields, decision) in enumerate(orders):
            await home.order(f"o{number}", command, key, **fields)
            await home.decided(decision, 1, key)
        await book.person("local", (ANA.chat, LID.chat))
        await joined(home, LID, done=True)
        chat, closed = home.reads.chat(ANA), home.reads.chat(LID)
        assert (chat.labels, chat.assigned, state_of(chat)) == (("VIP", "new"), "bea", "resolved")
        assert (closed.labels, closed.assigned) == ((), "")
        await home.order("late", "label", LID, add=("lost",))
        refused = await home.reads.seen(lambda one: getattr(one.event, "cause", None) == "late")
        assert isinstance(refused.event, Ignored)
        assert refused.event.reason == "joined"


@pytest.mark.parametrize("where", [ANA, LID])
async def test_a_conversation_that_began_again(where: ChatKey) -> None:
    """A reset under either name counts for both, up to its time."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book) as home:
        await answered(home, ANA, "a1", 1)
        await answered(home, LID, "l1", 1)
        await home.order("o1", "reset", where)
        await home.decided(Reset, 1, where)
        await answered(home, ANA, "a2", 2)
        await book.person("local", (ANA.chat, LID.chat))
        await joined(home, ANA, whole=True)
        await home.say("a3", key=ANA)
        request = await home.model.asked(4)
        assert [line.text for line in request.history] == ["hello", "answer to a2"]
        home.model.answer(request)


@pytest.mark.parametrize("stopped", [False, True])
async def test_erasing_one_erases_all(stopped: bool) -> None:
    """With every chat that closed into it, and the names last. Who said stop stays so under every name."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book, gates=Gates(stop_words=frozenset({"stop"}))) as home:
        await answered(home, ANA, "a1", 1)
        await answered(home, LID, "l1", 1)
        await book.person("local", (ANA.chat, LID.chat, USER.chat))
        await joined(home, LID, done=True)
        if stopped:
            await home.say("a2", "stop", ANA)
            await home.reads.seen(lambda one: isinstance(one.event, Ignored) and one.event.reason == "stop_word")
        await home.order("e1", "erase")

        def is_receipt(recorded: Recorded) -> bool:
            return isinstance(recorded.event, Erased) and recorded.event.done and recorded.key == ANA

        await home.reads.seen(is_receipt)
        assert set(book.erased) == {LID.chat, USER.chat}
        for key in (ANA, LID, USER):
            left = [recorded.type async for recorded in log.of_chat(key, 1000)]
            assert set(left) <= {"erased"}
            assert home.reads.chat(key).stopped == (stopped and bool(left))
        for number, key in enumerate((ANA, LID, USER)):
            await home.say(f"n{number}", key=key)
            if stopped:
                await home.reads.seen(lambda one: getattr(one.event, "messages", ()) == (f"n{number}",))  # noqa: B023
                assert endings(home, f"n{number}") == [(key.chat, "stopped")]
            else:
                home.model.answer(await home.model.asked(3 + number))
                await home.reads.seen(lambda one: getattr(one.event, "in_reply_to", ()) == (f"n{number}",))  # noqa: B023


async def test_an_old_chat_that_is_joined_again() -> None:
    """The older chat is the younger of a third: what holds, and who had joined, goes on."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book) as home:
        for number, key in enumerate((USER, ANA, LID)):
            await answered(home, key, f"m{number}", 1)
        await home.order("o1", "pause", LID)
        await home.decided(Paused, 1, LID)
        await book.person("local", (ANA.chat, LID.chat))
        await joined(home, ANA, whole=True)
        await book.person("local", (USER.chat, ANA.chat))
        event = await joined(home, USER, whole=True)
        assert event.others == (LID.chat,)
        assert {joint.chat for joint in home.reads.chat(USER).joints} == {ANA.chat, LID.chat}
        await home.say("late", key=LID)
        await home.reads.seen(lambda one: isinstance(one.event, Ignored) and one.event.reason == "paused")
        assert endings(home, "late") == [(USER.chat, "paused")]
        await home.order("o2", "resume", USER)
        await home.decided(Resumed, 1, USER)


async def test_older_instances_wait() -> None:
    """While one of them cannot read a joining, none is decided."""
    log = MemoryLog()
    book = Book(log)
    may = [False]
    async with house(log, people=book, all_read=lambda _: may[0]) as home:
        await answered(home, ANA, "a1", 1)
        await answered(home, LID, "l1", 1)
        await book.person("local", (ANA.chat, LID.chat))
        await answered(home, LID, "l2", 2)
        assert not any(isinstance(one.event, Joined) for one in home.reads.events)
        may[0] = True
        await home.say("l3", key=LID)
        home.model.answer(await home.model.asked(4))
        await home.decided(Reply, 2, ANA)
        assert endings(home, "l3") == [(ANA.chat, "reply")]


async def test_unknown_commands_are_refused_by_name() -> None:
    async with house() as home:
        await home.order("o1", "dance")
        await home.order("o2", "block")
        await home.decided(Blocked)
        refused = [one.event for one in home.reads.events if getattr(one.event, "cause", None) == "o1"]
        assert [event.reason for event in refused if isinstance(event, Ignored)] == ["unknown_command"]
