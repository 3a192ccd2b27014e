"""Two chats that prove to be one person's become one, in the middle of everything."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.protocol import Answer, ReplyRequest
from chat.gates import Gates
from chat.pending import has_pending_work
from chat.teamwork import state_of
from events.admission import Blocked
from events.decisions import Attention, Erased, Ignored, Paused, Reply, Reset, Resumed
from events.inbound import Message, Receipt
from events.joining import Joined
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from events.teamwork import Assigned, Labelled, Noted, Resolved
from tests.actors.house import ANA, NOTHING, House, Model, house
from tests.actors.people import Book

LID = ChatKey("local", "99887766@lid")
USER = ChatKey("local", "BR.1349@bsuid")


async def answered(home: House, key: ChatKey, id_: str, times: int) -> None:
    asked = len(home.model.requests)
    await home.say(id_, key=key)
    home.model.answer(await home.model.asked(asked + 1), f"answer to {id_}")
    await home.decided(Reply, times, key)


async def joined(home: House, key: ChatKey, *, whole: bool = False, done: bool = False) -> Joined:
    def is_it(recorded: Recorded) -> bool:
        event = recorded.event
        return recorded.key == key and isinstance(event, Joined) and (event.whole, event.done) == (whole, done)

    event = (await home.reads.seen(is_it)).event
    assert isinstance(event, Joined)
    return event


def endings(home: House, id_: str) -> list[tuple[str, str]]:
    """The endings of a message, but for those in a chat from which it was moved."""
    found = []
    for recorded in home.reads.events:
        match recorded.event:
            case Reply(in_reply_to=messages) if id_ in messages:
                found.append((recorded.key.chat, "reply"))
            case Ignored(messages=messages, reason=reason) if id_ in messages and reason != "joined":
                found.append((recorded.key.chat, reason))
    return found


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


NEXT = ChatKey("local", "5511999999999~1790000000@s.whatsapp.net")
NEW = ChatKey("local", "5521777777777@s.whatsapp.net")


@pytest.mark.parametrize("begun", [False, True])
async def test_a_changed_number(begun: bool) -> None:
    """The old chat closes into the new one, older or not, with what holds and what was said. Who has the old number
    next is a stranger: not stopped, and with no history. Erasing the new chat erases the old one, and not theirs."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book, gates=Gates(stop_words=frozenset({"stop"}))) as home:
        await answered(home, ANA, "a1", 1)
        if begun:
            await answered(home, NEW, "n1", 1)
        await home.say("a2", "stop", ANA)
        await home.reads.seen(lambda one: isinstance(one.event, Ignored) and one.event.reason == "stop_word")
        await book.moves("local", ANA.chat, NEW.chat, 1_790_000_000)
        await joined(home, ANA, done=True)
        await home.say("late", key=ANA)
        await home.reads.seen(lambda one: getattr(one.event, "messages", ()) == ("late",) and one.key == NEW)
        assert endings(home, "late") == [(NEW.chat, "stopped")]
        assert home.reads.chat(NEW).stopped
        await home.say("b1", key=NEXT)
        request = await home.model.asked(2 + begun)
        assert request.history == ()
        home.model.answer(request)
        await home.decided(Reply, 1, NEXT)
        await home.order("e1", "erase", NEW)
        await home.reads.seen(lambda one: isinstance(one.event, Erased) and one.event.done and one.key == NEW)
        assert [recorded.type async for recorded in log.of_chat(ANA, 1000)] in ([], ["erased"] * 2)
        assert not home.reads.chat(ANA).stopped
        await answered(home, NEXT, "b2", 2)


async def test_another_program_tells_the_names() -> None:
    """It publishes to any name with `aliases`; the chats' owner settles them before it answers."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book) as home:
        await answered(home, ANA, "a1", 1)
        await log.publish(USER, Message(id="u1", text="hi", aliases=(ANA.chat,)), msg_id="")
        home.model.answer(await home.model.asked(2))
        await home.decided(Reply, 2, ANA)
        assert endings(home, "u1") == [(ANA.chat, "reply")]
        assert book.known.canonical(USER.chat) == ANA.chat


@pytest.mark.parametrize(
    "name",
    ["5511999999999@c.us", "5511999999999:12@s.whatsapp.net", "5511999999999.1:3@s.whatsapp.net", "5511999999999"],
)
async def test_other_forms_of_a_name(name: str) -> None:
    """Such a subject names the person for certain: the answer comes in their chat."""
    async with house() as home:
        await answered(home, ANA, "a1", 1)
        await home.say("b1", key=ChatKey("local", name.format("5511999999999")))
        home.model.answer(await home.model.asked(2))
        await home.decided(Reply, 2, ANA)
        assert endings(home, "b1") == [(ANA.chat, "reply")]


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


NAMES = ("5511999999999@s.whatsapp.net", "99887766@lid", "BR.1349@bsuid")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("say"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
            st.tuples(st.just("again"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
            st.tuples(st.just("stop"), st.sampled_from(NAMES), st.just("")),
            st.tuples(st.just("block"), st.sampled_from(NAMES), st.just("")),
            st.tuples(st.just("name"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
            st.tuples(st.just("crash"), st.just(""), st.just("")),
        ),
        min_size=2,
        max_size=10,
    )
)
@pytest.mark.slow("25 stories of up to ten events, each with its own instances")
def test_any_order_ends_with_one_chat(story: list[tuple[str, str, str]]) -> None:
    """Whatever tells that three names are one person's, and whenever an instance dies: in the end one chat answers,
    each message has one ending, and a stop or a block holds under every name."""
    asyncio.run(asyncio.wait_for(_lives(story), 60))


async def _lives(story: list[tuple[str, str, str]]) -> None:
    log, numbers = MemoryLog(), count(1)
    book, said, silenced, came_as = Book(log), list[str](), False, ""
    todo = [*story, *(("name", NAMES[0], other) for other in NAMES[1:]), *(("say", name, name) for name in NAMES)]
    while todo:
        async with house(log, f"i{next(numbers)}", people=book, gates=Gates(stop_words=frozenset({"stop"}))) as home:
            home.answering.backend = Echo(home.model)  # type: ignore[assignment]
            while todo and todo[0][0] != "crash":
                what, name, other = todo.pop(0)
                id_ = f"m{next(numbers)}"
                if what == "say":
                    # A gateway resolves what it knows; another program publishes to any name with its aliases.
                    chat = book.known.canonical(name) if name == other else name
                    aliases = (other,) if name != other else ()
                    said.append(id_)
                    came_as = chat
                    event = Message(id=id_, text="hello", aliases=aliases)
                    await log.publish(ChatKey("local", chat), event, msg_id="")
                elif what == "again" and said and book.known.canonical(other) == book.known.canonical(came_as):
                    await home.say(said[-1], key=ChatKey("local", other))
                elif what == "stop":
                    silenced = True
                    await home.say(id_, "stop", ChatKey("local", name))
                elif what == "block":
                    silenced = True
                    await home.order(id_, "block", ChatKey("local", book.known.canonical(name)))
                elif what == "name":
                    await book.person("local", (name, other))
                await asyncio.sleep(0)
            if todo:
                todo.pop(0)
                continue
            async with asyncio.timeout(60):
                while any(not endings(home, id_) for id_ in said) or any(_is_busy(home, name) for name in NAMES):
                    await asyncio.sleep(0.005)
            assert [len(endings(home, id_)) for id_ in said] == [1] * len(said)
            asked = len(home.model.requests)
            for name in NAMES:
                await home.say(f"last-{name}", key=ChatKey("local", name))
            async with asyncio.timeout(60):
                while any(not endings(home, f"last-{name}") for name in NAMES):
                    await asyncio.sleep(0.005)
            (one,) = {name for name in NAMES if not home.reads.chat(ChatKey("local", name)).into}
            assert one == book.known.canonical(NAMES[0])
            state = home.reads.chat(ChatKey("local", one))
            assert (state.stopped or state.admission == "blocked") == silenced
            assert {chat for name in NAMES for chat, _ in endings(home, f"last-{name}")} == {one}
            assert (len(home.model.requests) == asked) == silenced


def _is_busy(home: House, name: str) -> bool:
    return has_pending_work(home.reads.chat(ChatKey("local", name)))


class Echo:
    """A model that answers at once."""

    name = "chat"

    def __init__(self, model: Model) -> None:
        self._model = model

    async def reply(self, request: ReplyRequest) -> Answer:
        self._model.requests.append(request)
        return Answer(text="hi", model="echo", usage=NOTHING)

    async def close(self) -> None: ...
