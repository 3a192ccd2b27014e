"""A chat is erased while people write, providers are away and instances die."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from actors.media_files import NoObjects
from backends.protocol import CannotForget, ReplyFailed
from events.decisions import Erased, Ignored, Reply
from events.inbound import Control, Message
from events.jetstream.media_store import SENT
from events.log import LogUnavailable
from events.memory_log import MemoryLog
from events.parts import Part
from events.recorded import Recorded
from events.subjects import ChatKey
from tests.actors.house import ANA, BOB, House, house

ERASE = Control(id="c1", command="erase", by="ana")


def is_receipt(recorded: Recorded) -> bool:
    return isinstance(recorded.event, Erased) and recorded.event.done


async def answered(home: House, key: ChatKey, asked: int, times: int = 1) -> None:
    """A person has written and has the answer: the model was `asked` so many times, the person so many `times`."""
    await home.say(f"m{asked}", key=key)
    home.model.answer(await home.model.asked(asked))
    await home.decided(Reply, times, key)


async def test_everything_of_one_chat_goes() -> None:
    """Nothing of another chat goes; the receipt counts the events."""
    log = MemoryLog()
    async with house(log) as home:
        await answered(home, ANA, 1)
        await answered(home, BOB, 2)
        bobs = [recorded.seq async for recorded in log.of_chat(BOB, 1000)]
        await log.publish(ANA, ERASE, msg_id="c1")
        receipt = (await home.reads.seen(is_receipt)).event
        assert isinstance(receipt, Erased)
        left = [recorded.type async for recorded in log.of_chat(ANA, 1000)]
        assert left == ["erased", "erased"]
        assert receipt.events == 5  # the message, its turn, its thread, the reply, the order
        assert [recorded.seq async for recorded in log.of_chat(BOB, 1000)] == bobs


class Interrupting(MemoryLog):
    """A log in which a message comes just after the search for the chat's end."""

    interrupted = 0

    async def last_of(self, key: ChatKey) -> int:
        seq = await super().last_of(key)
        if self.interrupted < 3:
            self.interrupted += 1
            await self.publish(key, Message(id=f"late-{self.interrupted}", text="wait"), msg_id=f"{self.interrupted}")
        return seq


async def test_a_message_during_the_erasure() -> None:
    """The decision is appended only after all inbound messages have an ending: no message vanishes without one."""
    log = Interrupting()
    async with house(log) as home:
        await answered(home, ANA, 1)
        await log.publish(ANA, ERASE, msg_id="c1")
        await home.reads.seen(is_receipt)
        ended = [e.event.messages for e in home.reads.events if isinstance(e.event, Ignored)]
        assert sorted(message for messages in ended for message in messages) == ["late-1", "late-2", "late-3"]
        assert len(home.model.requests) == 1
        decisions = [e for e in home.reads.events if isinstance(e.event, Erased)]
        assert len(decisions) == 2


class Provider:
    """Keeps threads, and deletes them after the given number of refusals."""

    def __init__(self, *refusals: Exception) -> None:
        self.refusals = list(refusals)
        self.forgotten: list[tuple[str, str, tuple[str, ...]]] = []

    def keeps(self, backend: str) -> bool:
        return backend == "chat"

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.forgotten.append((backend, thread, tuple(runs)))


async def test_a_provider_that_is_away_is_asked_again() -> None:
    """Every thread that the chat ever had is deleted, former ones too."""
    log, provider = MemoryLog(), Provider(ReplyFailed("unreachable", "no route"))
    async with house(log, threads=provider) as home:
        await answered(home, ANA, 1)
        await log.publish(ANA, Control(id="c0", command="reset"), msg_id="c0")
        await answered(home, ANA, 2, times=2)
        await log.publish(ANA, ERASE, msg_id="c1")
        receipt = (await home.reads.seen(is_receipt)).event
        assert isinstance(receipt, Erased)
        assert (receipt.threads, receipt.left) == (2, ())
        assert len({thread for _, thread, _ in provider.forgotten}) == 2


async def test_a_provider_that_refuses() -> None:
    """The log is emptied all the same, and the receipt names the thread."""
    log, provider = MemoryLog(), Provider(CannotForget("not yours"))
    async with house(log, threads=provider) as home:
        await answered(home, ANA, 1)
        await log.publish(ANA, ERASE, msg_id="c1")
        receipt = (await home.reads.seen(is_receipt)).event
        assert isinstance(receipt, Erased)
        (left,) = receipt.left
        assert left.endswith(": not yours")
        assert [recorded.type async for recorded in log.of_chat(ANA, 1000)] == ["erased", "erased"]


class Failing(MemoryLog):
    """Refuses to delete until the test permits it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.works = False

    async def erase(self, seq: int) -> None:
        self.asked.set()
        if not self.works:
            raise LogUnavailable("no answer")
        await super().erase(seq)


async def test_another_instance_goes_on_with_it() -> None:
    """The erasure is pending until it is done, for the chat's owner and for an instance that wakes it from its
    snapshot."""
    log = Failing()
    async with house(log, "one") as home:
        await answered(home, ANA, 1)
        await log.publish(ANA, ERASE, msg_id="c1")
        await log.asked.wait()
    log.works = True
    async with house(log, "two") as home:
        await home.reads.seen(is_receipt)
    assert [recorded.type async for recorded in log.of_chat(ANA, 1000)] == ["erased", "erased"]


class Erasing(NoObjects):
    """An object store that remembers what was erased in it."""

    def __init__(self) -> None:
        self.erased: list[str] = []

    async def erase(self, name: str) -> bool:
        self.erased.append(name)
        return True


async def test_files_that_were_sent_to_the_chat_alone_go_with_it() -> None:
    """By a tool, or by hand. Files of the library, of other messages, and those at an address are left."""
    log, store = MemoryLog(), Erasing()
    own = Part(kind="document", object=f"MEDIA/{SENT}1")
    others = ("LIBRARY/" + "0" * 64, "MEDIA/meta:2")
    sent = (own, *(Part(kind="document", object=one) for one in others), Part(kind="image", url="https://a.example/b"))
    async with house(log, objects=store) as home:
        await answered(home, ANA, 1)
        await log.publish(ANA, Control(id="c0", command="send", parts=sent), msg_id="c0")
        await home.decided(Reply, 2, ANA)
        await log.publish(ANA, ERASE, msg_id="c1")
        receipt = (await home.reads.seen(is_receipt)).event
    assert isinstance(receipt, Erased)
    assert store.erased == [f"{SENT}1"]
    assert receipt.objects == 1


class Marks:
    """The bucket of what users have seen, which is away."""

    def __init__(self) -> None:
        self.asked: list[ChatKey] = []

    async def forget(self, key: ChatKey) -> None:
        self.asked.append(key)
        raise LogUnavailable("no answer")


async def test_marks_of_the_desk_hold_no_erasure_up() -> None:
    """They are asked to go; where their bucket is lost, the erasure ends all the same."""
    log, marks = MemoryLog(), Marks()
    async with house(log, marks=marks) as home:
        await answered(home, ANA, 1)
        await log.publish(ANA, ERASE, msg_id="c1")
        await home.reads.seen(is_receipt)
    assert set(marks.asked) == {ANA}
