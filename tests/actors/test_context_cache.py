"""A cached context equals the projection's context, after any events of the chat."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.answering import Answering, Means, OneProfile, Policy
from actors.context_cache import LONGEST, MOST, ContextCache
from actors.instance import Instance, Parts
from actors.leases.clocks import BusTime
from actors.router import Router
from backends.protocol import Answer, ReplyFailed, ReplyRequest
from chat.context import Line
from chat.state import Chat
from events.decisions import Reply, TurnStarted
from events.inbound import Control, Edit, Inbound, Media, Message, Revoke
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import PARTITIONS, ChatKey
from projections import commit_buffer
from projections.in_memory import InMemoryProjection
from projections.reads.actor_reads import ChatReads
from projections.reads.reader import Reader
from projections.runner import Runner
from tests.actors.house import ANA
from tests.projections.past import NOON, Past
from tests.waiting import until

LIMIT = 4


class Model:
    """A backend that answers on demand; with each request it keeps the end of the log at that time."""

    name = "chat"

    def __init__(self, flat: Flat) -> None:
        self.open: dict[str, asyncio.Future[Answer]] = {}
        self.asked: list[tuple[ReplyRequest, int]] = []
        self.ahead = 0
        self._flat = flat

    async def reply(self, request: ReplyRequest) -> Answer:
        last = (await self._flat.log.head()).last
        self.ahead += self._flat.runner.checkpoint < last - 1
        self.asked.append((request, last))
        self.open[request.turn] = asyncio.get_running_loop().create_future()
        try:
            return await self.open[request.turn]
        finally:
            del self.open[request.turn]

    async def close(self) -> None:
        pass


class Flat:
    """Real actors over a real projection and the in-memory log."""

    def __init__(self, folder: Path) -> None:
        self.log = MemoryLog()
        self.runner = Runner(self.log, folder, self._dispatch, on_read=self._go_ahead)
        self.reader = Reader(folder, lambda: self.runner.path)
        self.reads = ChatReads(self.reader, self.runner.uncommitted)
        self.model = Model(self)
        self.messages: list[str] = []
        self.events: list[Recorded] = []
        self._numbers = iter(range(1, 10_000))
        policy = Policy(debounce=0.0, history=LIMIT, words_for=lambda _: {"apology": "Sorry."}, takeover=timedelta(0))
        self.instance = Instance(
            Parts(
                incarnation="one",
                log=self.log,
                reads=self.reads,
                progress=self.runner,
                bus_time=BusTime(),
                fresh_id=lambda: f"t{next(self._numbers)}",
            ),
            OneProfile(Answering("one", Means(backend=self.model), policy)),
        )
        self.router = Router(self.instance)

    def _go_ahead(self, batch: list[Recorded]) -> bool:
        return self.router.deliver_early(batch)

    def _dispatch(self, batch: list[Recorded]) -> None:
        self.events += batch
        self.router.dispatch(batch)

    async def settle(self) -> None:
        """Return when nothing more happens by itself, and the projection has every event."""
        last = -1
        while (head := (await self.log.head()).last) != last:
            last = head
            await self.runner.reached(last)
            for _ in range(20):
                await asyncio.sleep(0)

    async def happen(self, step: tuple[str, Any]) -> None:
        """Let one event happen, without waiting for its effects."""
        what, detail = step
        match what:
            case "answer" | "fail":
                for turn, answer in self.model.open.items():
                    if answer.done():
                        continue
                    if what == "fail":
                        answer.set_exception(ReplyFailed("bad_key", "no"))
                    else:
                        answer.set_result(Answer(text=f"answer\x00 to {turn}", model="by hand"))
            case "edit" | "revoke" if self.messages:
                of, number = self.messages[-1 - detail % len(self.messages)], next(self._numbers)
                kind = {"of": of, "id": f"e{number}"}
                await self.publish(Revoke(**kind) if what == "revoke" else Edit(**kind, text=f"edited {number}"))
            case "message" | "from_me" | "video" | "again":
                id_ = self.messages[0] if what == "again" and self.messages else f"m{next(self._numbers)}"
                self.messages.append(id_)
                fields: dict[str, Any] = {"from_me": what == "from_me"}
                if what == "video":
                    fields |= {"kind": "video", "media": Media(object="a film")}
                await self.publish(Message(id=id_, text=f"words of {id_}", **fields))
            case "order":
                text = "by a human" if detail == "send" else None
                await self.publish(Control(id=f"c{next(self._numbers)}", command=detail, text=text))

    def contexts(self) -> list[tuple[tuple[Line, ...], set[tuple[Line, ...]]]]:
        """The context in each request, and the contexts that a projection has between the turn's beginning and the
        request. For messages that were open before, from the decision before the turn on, at which a turn may read
        them."""
        known, contexts = InMemoryProjection.empty(NOON), [tuple[Line, ...]()]
        first, before = dict[str, int](), 0
        for event in self.events:
            known.fold([event])
            contexts.append(known.reads.context(ANA, LIMIT, known.reads.snapshot(ANA).reset_upto))
            if isinstance(event.event, TurnStarted):
                first[event.event.turn] = before if event.event.cause is None else event.seq
            before = event.seq if event.side == "o" else before
        known.close()
        return [(asked.history, set(contexts[first[asked.turn] : last + 1])) for asked, last in self.model.asked]

    async def publish(self, event: Inbound) -> None:
        await self.log.publish(ANA, event, msg_id=f"x:{next(self._numbers)}")


@asynccontextmanager
async def living() -> AsyncIterator[Flat]:
    with tempfile.TemporaryDirectory() as folder:
        flat = Flat(Path(folder))
        flat.instance.bus_time.observe((await flat.log.head()).now)
        following = asyncio.create_task(flat.runner.run())
        await flat.runner.caught_up.wait()
        flat.router.take(range(PARTITIONS))
        try:
            yield flat
        finally:
            await flat.router.close()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            flat.reader.close()


STEPS = st.one_of(
    *[st.just(("message", 0)), st.just(("answer", 0))] * 4,
    st.tuples(st.sampled_from(["from_me", "video", "again", "fail"]), st.just(0)),
    st.tuples(st.sampled_from(["edit", "revoke"]), st.integers(0, 5)),
    st.tuples(st.just("order"), st.sampled_from(["send", "reset", "retry", "pause", "resume", "erase"])),
)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(STEPS, st.booleans()), min_size=4, max_size=24))
@pytest.mark.slow("100 installations with a projection each")
def test_the_cache_equals_the_projection(steps: Sequence[tuple[tuple[str, Any], bool]]) -> None:
    """Messages, answers, failures, edits, deletions and orders in any order, some of them at once."""

    async def live() -> None:
        async with living() as flat:
            for step, settles in [*steps, (("answer", 0), True), (("message", 0), True)]:
                await flat.happen(step)
                if settles:
                    await flat.settle()
            await flat.settle()
            for shown, read in flat.contexts():
                assert shown in read, f"after {list(steps)!r}"

    asyncio.run(live())


async def test_a_conversation_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next turn has the answer before it, and the model is asked before the file has either message."""
    monkeypatch.setattr(commit_buffer, "LINGER", 3600.0)
    async with living() as flat:
        for number in range(1, 6):
            await flat.happen(("message", 0))
            # Not before: `settle` has the events written, and the file may have them before the model is asked.
            await until(lambda number=number: len(flat.model.asked) == number)
            await flat.settle()
            await flat.happen(("answer", 0))
            await flat.settle()
        assert [len(request.history) for request, _ in flat.model.asked] == [0, 2, 4, 4, 4]
        assert all(shown in read for shown, read in flat.contexts())
        assert flat.model.ahead >= 4, "all but the first, whose chat had to be woken"


def started(turn: str, key: ChatKey = ANA) -> Recorded:
    event = TurnStarted(turn=turn, messages=("m",), backend="chat", at=NOON)
    return Past().happened(event, key)


def replied(turn: str, key: ChatKey = ANA) -> Recorded:
    event = Reply(
        id=f"{turn}.r", turn=turn, chat=key.chat, account=key.account, text="yes", in_reply_to=("m",),
        author="assistant", at=NOON,
    )  # fmt: skip
    return Past().happened(event, key)


def test_long_contexts_are_read() -> None:
    """Contexts that are too long are not cached."""
    contexts, long = ContextCache(), (Line("user", "x" * (LONGEST + 1)),)
    contexts.hear(started("t1"), Chat())
    contexts.show(ANA, "t1", LIMIT, long, (Line("user", "hi"),))
    contexts.hear(replied("t1"), Chat())
    contexts.hear(started("t2"), Chat())
    assert contexts.of(ANA, "t2", LIMIT) is None


def test_chats_that_were_quiet_for_longest_are_forgotten() -> None:
    """At most MOST chats are cached."""
    contexts = ContextCache()
    keys = [ChatKey("local", f"{number}@s.whatsapp.net") for number in range(MOST + 1)]
    for key in keys:
        contexts.hear(started("t1", key), Chat())
        contexts.show(key, "t1", LIMIT, (), (Line("user", "hi"),))
    assert contexts.of(keys[0], "t1", LIMIT) is None
    assert contexts.of(keys[1], "t1", LIMIT) == ()
    assert contexts.of(keys[1], "t1", LIMIT + 1) is None, "another profile shows more lines"
    assert contexts.of(keys[1], "t2", LIMIT) is None, "what is shown of another turn is not known"
