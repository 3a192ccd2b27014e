"""Many profiles on one instance: the CPU of a reply and the waking of a chat beside those of an instance without
profiles, and the memory of a profile.

Both instances live in this process and take turns. Their model answers at once, without a server, so what profiles cost
is seen against recado's own work alone.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any, cast
from unittest.mock import Mock

import msgspec

from actors.answering import Profiles
from actors.instance import Instance, Parts
from actors.leases.clocks import BusTime
from actors.router import Router
from actors.tools.services import ServiceTools
from backends.scripted import Scripted
from benchmarks.figures import Figure, Outcome, Say, Target, at_most, figure, ratio
from benchmarks.memory import memory
from events.decisions import Reply
from events.inbound import Message
from events.memory_library import MemoryLibrary
from events.memory_log import MemoryLog
from events.memory_profiles import MemoryProfileLog
from events.profile import Profile
from events.recorded import Recorded
from events.subjects import PARTITIONS, ChatKey
from projections.reads.actor_reads import ChatReads
from projections.reads.reader import Reader
from projections.runner import Runner
from recado.settings.settings import settings_of
from recado.wiring.backends import Model
from recado.wiring.means import Shared
from recado.wiring.profiles import AnsweringByProfile

NONE, MANY = "without profiles", "with profiles"
OWN = {"OPENAI_API_MODE": "scripted", "RECADO_DEBOUNCE": "0", "OPENAI_API_KEY": "sk-none", "RECADO_TIMEZONE": "UTC"}


class Size(msgspec.Struct, frozen=True):
    """Profiles, each for an account, and chats in each account; `replies` of each instance in each of `rounds`."""

    profiles: int = 200
    chats: int = 100
    rounds: int = 9
    replies: int = 1000


TINY = Size(profiles=3, chats=2, rounds=2, replies=6)


def key_of(size: Size, number: int) -> ChatKey:
    """The chats in turns: one of each account, then the next one of each."""
    account, chat = number % size.profiles, number // size.profiles % size.chats
    return ChatKey(f"shop{account}", f"55119{chat:08}@s.whatsapp.net")


class Bot:
    """An instance over a log in memory, with its projection in `folder`."""

    def __init__(self, folder: Path, profiles: Callable[[str], Profiles]) -> None:
        folder.mkdir()
        self.log = MemoryLog()
        self._replies = 0
        self._answered = asyncio.Event()
        self.runner = Runner(self.log, folder, self._dispatch, on_read=self._go_ahead)
        bus_time, incarnation = BusTime(), token_hex(4)
        parts = Parts(
            incarnation=incarnation,
            log=self.log,
            reads=ChatReads(Reader(folder, lambda: self.runner.path), self.runner.uncommitted),
            progress=self.runner,
            bus_time=bus_time,
            fresh_id=lambda: token_hex(8),
        )
        self.instance = Instance(parts, profiles(incarnation))
        self.router = Router(self.instance, idle_after=3600.0)

    async def start(self) -> None:
        self.instance.bus_time.observe((await self.log.head()).now)
        self.following = asyncio.create_task(self.runner.run())
        await self.runner.caught_up.wait()
        self.router.take(range(PARTITIONS))

    async def converse(self, size: Size, first: int, count: int) -> float:
        """Have `count` messages answered; returns the milliseconds of CPU for each."""
        wanted = self._replies + count
        began = time.process_time()
        for number in range(first, first + count):
            await self.log.publish(key_of(size, number), Message(id=f"m{number}", text="do you have bread?"), msg_id="")
            if number % 50 == 0:
                await asyncio.sleep(0)
        while self._replies < wanted:
            self._answered.clear()
            await self._answered.wait()
        return (time.process_time() - began) / count * 1000

    def wake_all(self, size: Size) -> list[float]:
        """The milliseconds for waking each chat."""
        took = []
        for number in range(size.profiles * size.chats):
            key = key_of(size, number)
            event = Recorded(self.runner.checkpoint, key, "i", "in", datetime.now(UTC), "", Message(id="m", text=""))
            began = time.perf_counter()
            self.router.dispatch([event])
            took.append((time.perf_counter() - began) * 1000)
        return took

    async def close(self) -> None:
        await self.router.close()
        self.following.cancel()
        await asyncio.gather(self.following, return_exceptions=True)

    def _go_ahead(self, batch: list[Recorded]) -> bool:
        return self.router.deliver_early(batch)

    def _dispatch(self, batch: list[Recorded]) -> None:
        self.router.dispatch(batch)
        self._replies += sum(isinstance(one.event, Reply) for one in batch)
        self._answered.set()


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    memories, built = await _memory_of_profiles(size, say)
    answers: list[AnsweringByProfile] = []

    def answering(stored: MemoryProfileLog) -> Callable[[str], Profiles]:
        def made(incarnation: str) -> Profiles:
            answers.append(_answers(incarnation, stored, "scripted"))
            return answers[-1].profiles

        return made

    stored = await _stored(size)
    bots = {NONE: Bot(folder / "none", answering(MemoryProfileLog())), MANY: Bot(folder / "many", answering(stored))}
    for bot in bots.values():
        await bot.start()
    following = asyncio.create_task(answers[1].follow(bots[MANY].router))
    await answers[1].read.wait()
    say("every profile a few times")
    chats = size.profiles * min(size.chats, 5)
    for bot in bots.values():
        await bot.converse(size, 0, chats)
    cpu: dict[str, list[float]] = {name: [] for name in bots}
    for number in range(size.rounds):
        say(f"replies, round {number + 1} of {size.rounds}")
        order = list(bots.items()) if number % 2 else list(reversed(bots.items()))
        for name, bot in order:
            cpu[name].append(await bot.converse(size, chats + number * size.replies, size.replies))
    woken: dict[str, list[float]] = {}
    for name, bot in bots.items():
        await bot.router.close()
        bot.router.take(range(PARTITIONS))
        say(f"waking {name}")
        woken[name] = bot.wake_all(size)
    following.cancel()
    for bot in bots.values():
        await bot.close()
    for one in answers:
        await one.close()
    figures: dict[str, Figure] = {f"CPU of a reply {name}": figure(each, "ms") for name, each in cpu.items()}
    figures["CPU of a reply, with / without"] = ratio(cpu[MANY], cpu[NONE])
    figures |= {f"waking a chat {name}": figure(each, "ms") for name, each in woken.items()}
    figures["a profile that is used"] = figure([memories], "KB")
    figures["making a profile's answering"] = figure(built, "ms")
    targets: tuple[Target, ...] = (
        at_most("CPU of a reply, with / without", figures["CPU of a reply, with / without"], 1.03),
        at_most("waking a chat with profiles", figures[f"waking a chat {MANY}"], 0.4),
    )
    return Outcome({"profiles": size.profiles, "chats of each": size.chats}, figures, targets)


async def _memory_of_profiles(size: Size, say: Say) -> tuple[float, list[float]]:
    """The KB of a profile that asks a server, with all that answers by it, and the milliseconds of making each."""
    say("memory of the profiles")
    stored = await _stored(
        size, openai_api_mode="responses", fallback_model="second", ai_system_prompt="be kind " * 200
    )
    answers = _answers("bench", stored, "responses")
    answers.profiles.of(key_of(size, 0))
    gc.collect()
    before, times = memory(), []
    following = asyncio.create_task(answers.follow(cast(Router, _Nobody())))
    await answers.read.wait()
    for number in range(size.profiles):
        began = time.perf_counter()
        answers.profiles.of(key_of(size, number))
        times.append((time.perf_counter() - began) * 1000)
    gc.collect()
    grown = (memory() - before) / size.profiles / 1024
    following.cancel()
    await answers.close()
    return grown, times


class _Nobody:
    """A router without chats."""

    def profiles_changed(self, is_changed: Any, some_waited: bool) -> None: ...


async def _stored(size: Size, **settings: Any) -> MemoryProfileLog:
    stored, at = MemoryProfileLog(), datetime.now(UTC)
    profiles = [
        Profile(name=f"shop{number}", n=1, at=at, accounts=(f"shop{number}",), settings=settings)
        for number in range(size.profiles)
    ]
    await stored.write(profiles, expected=0)
    return stored


def _answers(incarnation: str, stored: MemoryProfileLog, mode: str) -> AnsweringByProfile:
    services = ServiceTools(cast(Any, None))
    shared = Shared(services, cast(Any, None), Model(Scripted(), "scripted"), MemoryLibrary(), cast(Any, Mock()))
    return AnsweringByProfile(incarnation, settings_of({**OWN, "OPENAI_API_MODE": mode}), shared, stored)
