"""Whatever tells that names are one person's, and in whatever order, one chat is left."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.protocol import Answer, ReplyRequest
from chat.gates import Gates
from chat.pending import has_pending_work
from events.inbound import Message
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.actors.house import NOTHING, House, Model, house
from tests.actors.joining import endings
from tests.actors.people import Book

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
