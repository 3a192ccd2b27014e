"""The mailbox on the loop keeps pykka's promises."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Any, ClassVar

import pykka
import pytest

from actors.mailbox import LoopActor


class Notes(LoopActor):
    """Notes its messages and their thread; `boom` breaks it."""

    started: ClassVar[list[Notes]] = []

    def __init__(self, told_at_start: str = "") -> None:
        super().__init__()
        self.started.append(self)
        self.told: list[Any] = []
        self.threads: set[int] = set()
        self.failure: BaseException | None = None
        self._at_start = told_at_start

    def on_start(self) -> None:
        if self._at_start == "boom":
            raise RuntimeError("boom")
        if self._at_start:
            self.actor_ref.tell(self._at_start)

    def on_receive(self, message: Any) -> Any:
        self.threads.add(threading.get_ident())
        if message == "boom":
            raise RuntimeError("boom")
        if message == "again":
            self.actor_ref.tell("later")
        self.told.append(message)
        return len(self.told)

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.failure = exception_value


def start(**how: Any) -> tuple[pykka.ActorRef[Notes], Notes]:
    ref = Notes.start(**how)
    return ref, Notes.started.pop()


async def test_letters_arrive_in_order_and_never_inside_another() -> None:
    """A message of an actor to itself comes after the messages that are already in its inbox."""
    ref, notes = start()
    for letter in ("a", "again", "b"):
        ref.tell(letter)
    assert notes.told == [], "tell never runs the handler"
    await asyncio.sleep(0)
    assert notes.told == ["a", "again", "b", "later"]


async def test_many_letters_keep_their_order() -> None:
    """Ten thousand messages, from two rounds of the loop."""
    ref, notes = start()
    for number in range(5000):
        ref.tell(number)
    await asyncio.sleep(0)
    for number in range(5000, 10000):
        ref.tell(number)
    await asyncio.sleep(0)
    assert notes.told == list(range(10000))


async def test_a_message_told_in_on_start_is_not_lost() -> None:
    """The inbox works from the first moment."""
    _, notes = start(told_at_start="hello")
    await asyncio.sleep(0)
    assert notes.told == ["hello"]


async def test_letters_from_other_threads_are_handled_on_the_loop() -> None:
    """`tell` is safe from any thread, and `ask` gives another thread its answer."""
    ref, notes = start()
    await asyncio.gather(*(asyncio.to_thread(ref.tell, number) for number in range(50)))
    assert await asyncio.to_thread(ref.ask, "count", timeout=60) == 51
    assert notes.threads == {threading.get_ident()}
    assert sorted(notes.told[:-1]) == list(range(50))


async def test_a_defect_ends_this_actor_alone() -> None:
    """on_failure gets the exception, the ref is dead, other actors go on."""
    broken, notes = start()
    other, whole = start()
    broken.tell("boom")
    other.tell("a")
    await asyncio.sleep(0)
    assert isinstance(notes.failure, RuntimeError)
    assert not broken.is_alive()
    assert whole.told == ["a"]
    with pytest.raises(pykka.ActorDeadError):
        broken.tell("b")


async def test_a_defect_at_the_start_is_a_failure_too() -> None:
    """An actor that cannot start is dead at once."""
    ref, _ = start(told_at_start="boom")
    assert not ref.is_alive()


async def test_stop_comes_after_the_letters_before_it() -> None:
    """Stopping is a message like any other; a thread that waits for the stop is told."""
    ref, notes = start()
    ref.tell("a")
    stopped = ref.stop(block=False)
    await asyncio.sleep(0)
    assert notes.told == ["a"]
    assert not ref.is_alive()
    assert await asyncio.to_thread(stopped.get, timeout=60) is True
