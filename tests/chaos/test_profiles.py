"""Profiles change all the while over three instances, of which some die: each reply is of one that was in force."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from events.decisions import Reply, RunStarted, ThreadCreated, TurnStarted
from events.jetstream.connection import Bus
from events.jetstream.profiles import JetStreamProfileLog
from events.profile import Profile
from events.recorded import Recorded
from events.subjects import ChatKey
from tests.chaos.fleet import CHATS, Fleet, fleet
from tests.chaos.profile_judge import Written, judge

SEED = os.environ["RECADO_TEST_SEED"]
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ACCOUNTS = ("bakery", "grocer")
MODES = ("chat", "responses", "scripted")


class Changes:
    """Writes versions of the profile of each account, one after the other."""

    def __init__(self, bus: Bus, profiles: JetStreamProfileLog, dice: random.Random) -> None:
        self.written: list[Written] = []
        self._bus = bus
        self._profiles = profiles
        self._dice = dice
        self._numbers = {account: count(1) for account in ACCOUNTS}

    async def change(self) -> None:
        account, n = (name := self._dice.choice(ACCOUNTS)), next(self._numbers[name])
        removed = self._dice.random() < 0.15
        settings = {
            "openai_api_mode": self._dice.choice(MODES),
            "ai_system_prompt": f"version {n}",
            "max_conversation_history": self._dice.randint(1, 20),
            "run_timeout": 30,
        }
        began = datetime.now(UTC)
        profile = Profile(
            name=account, n=n, at=began, accounts=(account,), settings={} if removed else settings, removed=removed
        )
        expected = (await self._profiles.look()).seq
        await self._profiles.write([profile], expected=expected)
        self.written.append(Written(profile.ref, (account,), began, datetime.now(UTC), removed))

    async def go_on(self, pause: float, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.change()
            await asyncio.sleep(self._dice.uniform(0, 2 * pause))


@asynccontextmanager
async def changes(those: Fleet, dice: random.Random) -> AsyncIterator[Changes]:
    bus = await Bus.open(those.url)
    profiles = await JetStreamProfileLog.open(bus)
    try:
        yield Changes(bus, profiles, dice)
    finally:
        await profiles.close()
        await bus.close()


async def people(those: Fleet, dice: random.Random, stop: asyncio.Event) -> None:
    for number in count():
        if stop.is_set():
            return
        key = ChatKey(dice.choice(ACCOUNTS), dice.choice(CHATS[:12]).chat)
        await those.outsider.written(key, f"m{number}", f"message {number}")
        await asyncio.sleep(dice.uniform(0, 0.1))


def used(those: Fleet) -> set[str]:
    """The profiles of the turns so far."""
    return {one.event.profile for one in those.log.events if isinstance(one.event, TurnStarted)}


# On a busy machine an instance may see a version late: the ordinary run judges which profile, `make chaos` also when.
_CHAOS = pytest.param(300.0, 2.0, marks=[pytest.mark.chaos, pytest.mark.timeout(900)])


@pytest.mark.parametrize(("seconds", "within"), [(8.0, 60.0), _CHAOS])
@pytest.mark.slow("three processes, of which one dies and comes back")
async def test_each_reply_is_of_a_profile_in_force(tmp_path: Path, seconds: float, within: float) -> None:
    """Two accounts change their mode, prompt and history again and again while people write and an instance is killed:
    every message has its one ending, and each turn is one profile's from its beginning to its reply."""
    dice = random.Random(f"{SEED} profiles")
    async with fleet(tmp_path, "a", "b", "c", latency=0.2, RECADO_DEBOUNCE="0") as those, changes(those, dice) as wrote:
        await those.started("a", "b", "c")
        stop = asyncio.Event()  # a request that is cancelled as its answer comes would go on
        work = [asyncio.create_task(people(those, dice, stop)), asyncio.create_task(wrote.go_on(0.4, stop))]
        for _ in range(max(1, int(seconds / 20))):
            await asyncio.sleep(min(seconds, 20.0) / 2)
            lost = dice.choice(("a", "b", "c"))
            those[lost].kill()
            await asyncio.sleep(min(seconds, 20.0) / 2)
            those[lost].start()
        await those.log.until(lambda: len(used(those)) > 2, "some profiles are used")
        stop.set()
        await asyncio.gather(*work)
        await those.spread("a", "b", "c")
        await those.log.settled()
        assert not judge(those.log.events, wrote.written, timedelta(seconds=within))
        await those.kept_its_promises("a", "b", "c", seed=SEED)


KEY = ChatKey("bakery", CHATS[0].chat)
VERSIONS = [
    Written("bakery@1", ("bakery",), NOON, NOON),
    Written("bakery@2", ("bakery",), NOON + timedelta(minutes=1), NOON + timedelta(minutes=1)),
    Written("bakery@3", ("bakery",), NOON + timedelta(minutes=2), NOON + timedelta(minutes=2), removed=True),
]


def log_of(profile: str, seconds: float, **others: str) -> list[Recorded]:
    at = NOON + timedelta(seconds=seconds)
    decided = [
        TurnStarted(turn="t1", messages=("m1",), backend="responses", at=at, profile=profile),
        ThreadCreated(backend="responses", thread="c", reason="first", at=at, profile=others.get("thread", profile)),
        RunStarted(turn="t1", run="r", attempt=1, at=at, profile=others.get("run", profile)),
        Reply(
            id="r1", turn="t1", chat=KEY.chat, account=KEY.account, text="", in_reply_to=("m1",), author="assistant",
            at=at, profile=others.get("reply", profile),
        ),
    ]  # fmt: skip
    return [Recorded(seq, KEY, "o", "", at, "", event) for seq, event in enumerate(decided, 1)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profile", "seconds", "others", "faults"),
    [
        ("bakery@1", 30, {}, 0),
        ("bakery@1", 61, {}, 0),
        ("bakery@1", 63, {}, 1),
        ("bakery@2", 59, {}, 1),
        ("bakery@2", 60, {}, 0),
        ("", 1, {}, 0),
        ("", 3, {}, 1),
        ("", 121, {}, 0),
        ("bakery@3", 130, {}, 1),
        ("grocer@1", 30, {}, 1),
        ("bakery@1", 30, {"run": "bakery@2"}, 1),
        ("bakery@1", 30, {"thread": "bakery@2", "reply": ""}, 2),
    ],
)
def test_the_judge(profile: str, seconds: float, others: dict[str, str], faults: int) -> None:
    """It finds a turn whose profile was not in force, and a decision of another profile than its turn's."""
    assert len(judge(log_of(profile, seconds, **others), VERSIONS, timedelta(seconds=2))) == faults
