"""A gateway that dies at any step: each reply is shown once, or is resolved by name."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from events.inbound import Inbound
from events.log import Appended, EventLog
from events.memory_log import MemoryLog
from events.parts import Option
from events.parts import Part as Content
from events.subjects import ChatKey
from gateways.cloud.messages import messages_of
from gateways.delivery.delivery import Delivery
from gateways.delivery.next_part import Split
from gateways.delivery.sender import Outcome, Part
from gateways.local.simulator import Simulator
from tests.gateways.replies import ANA, TOM, Phone, delivering, receipts, say, until_noted, until_settled

Replies = dict[ChatKey, tuple[str, ...]]

REPLIES: Replies = {ANA: ("a1", "a2", "a3"), TOM: ("t1", "t2")}


class Power:
    """Goes off at step `at`: whoever takes a further step never comes back from it."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.off = asyncio.Event()

    async def step(self) -> None:
        if self.left == 0 or self.off.is_set():
            self.off.set()
            await asyncio.Event().wait()
        self.left -= 1


class PoweredLog:
    """A log that is reached only while there is power: it goes before an event is stored, or before that is known."""

    def __init__(self, log: EventLog, power: Power) -> None:
        self._log = log
        self._power = power

    async def publish(self, key: ChatKey, event: Inbound, *, msg_id: str) -> Appended:
        await self._power.step()
        stored = await self._log.publish(key, event, msg_id=msg_id)
        await self._power.step()
        return stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class PoweredPhone(Phone):
    def __init__(self, power: Power, shown: list[str]) -> None:
        super().__init__()
        self._power = power
        self.shown = shown

    async def send(self, part: Part) -> Outcome:
        await self._power.step()
        outcome = await super().send(part)
        await self._power.step()
        return outcome


FIVE = (
    Content(kind="image", url="https://example.org/rye.png"),
    Content(kind="document", url="https://example.org/menu.pdf"),
    Content(kind="location", latitude=1.0, longitude=2.0),
    Content(kind="contact", name="Ana", phones=("+5511999990001",)),
    Content(kind="choices", text="Which size?", choices=(Option(id="s", title="Small"),)),
)

WAYS: dict[str, tuple[Split, list[str], Replies]] = {
    "whole": (lambda reply: [reply.text], [""], REPLIES),
    # `text of a1` goes out in three parts.
    "in parts": (lambda reply: reply.text.split(), [":1", ":2", ":3"], REPLIES),
    "of five parts": (
        lambda reply: messages_of(replace(reply, parts=FIVE)),
        [":1", ":2", ":3", ":4", ":5"],
        {ANA: ("a1", "a2")},
    ),
}
"""The ways of splitting a reply, the ends of its parts' names, and the replies."""


async def life(  # noqa: PLR0917
    log: EventLog, shown: list[str], data_dir: Path, power: Power, split: Split, ids: list[str]
) -> bool:
    """One life of a gateway until it has delivered everything, or until the power goes; whether it went."""
    powered: Any = PoweredLog(log, power)
    phone = PoweredPhone(power, shown)
    running = asyncio.create_task(Delivery(powered, "local", phone, data_dir=data_dir, split=split).run())
    ended = asyncio.create_task(until_settled(log, *ids))
    gone = asyncio.create_task(power.off.wait())
    try:
        async with asyncio.timeout(60):
            await asyncio.wait({running, ended, gone}, return_when=asyncio.FIRST_COMPLETED)
        file = data_dir / "gateway-local.json"
        checkpoint = file.read_bytes()
    finally:
        for task in (running, ended, gone):
            task.cancel()
        await asyncio.gather(running, ended, gone, return_exceptions=True)
    # A process that is killed writes nothing on its way out.
    file.write_bytes(checkpoint)
    return power.off.is_set()


async def crash_at(step: int, data_dir: Path, split: Split, parts: list[str], replies: Replies) -> bool:
    """Kill a gateway at this step and let others finish; check every promise. Whether the step was reached."""
    log = MemoryLog()
    shown: list[str] = []
    async with delivering(log, Phone(), data_dir):
        pass
    for key, ids in replies.items():
        await say(log, *ids, key=key)
    every = [id_ for ids in replies.values() for id_ in ids]
    died = await life(log, shown, data_dir, Power(step), split, every)
    # The one that comes after it dies too, a little further on; the third one lives.
    await life(log, shown, data_dir, Power(3), split, every)
    assert not await life(log, shown, data_dir, Power(-1), split, every)
    times = Counter(shown)
    states = {id_: await receipts(log, id_) for id_ in every}
    for id_ in every:
        shown_of = [times[id_ + part] for part in parts]
        assert max(shown_of) <= 1, f"{id_} was shown twice after a crash at step {step}"
        assert all(shown_of) or "parked" in states[id_], f"{id_} is lost after a crash at step {step}"
        assert "parked" not in states[id_] or states[id_].index("parked") == len(states[id_]) - 1
    for ids in replies.values():
        order = [name for name in shown if name.partition(":")[0] in ids]
        assert order == sorted(order), f"out of order after a crash at step {step}"
    await log.close()
    return died


@pytest.mark.parametrize("way", WAYS)
async def test_killed_at_every_step(tmp_path: Path, way: str) -> None:
    """At each step that touches the log or the wire, one after the other, until a life has none left."""
    step = 0
    while True:
        data_dir = tmp_path / str(step)
        if not await crash_at(step, data_dir, *WAYS[way]):
            break
        step += 1
    assert step >= 6 * sum(map(len, WAYS[way][2].values())) * len(WAYS[way][1]), (
        "two receipts and a sending, before and after"
    )


@pytest.mark.parametrize("step", range(12))
async def test_a_phone_gets_every_reply_after_any_crash(log: EventLog, data_dir: Path, step: int) -> None:
    """The simulated network may be asked again, so that there nothing stays in doubt: every reply ends as delivered."""
    async with delivering(log, Phone(), data_dir):
        pass
    await say(log, "r1", "r2")
    power = Power(step)
    powered: Any = PoweredLog(log, power)
    running = asyncio.create_task(Delivery(powered, "local", Simulator(powered, "local"), data_dir=data_dir).run())
    gone = asyncio.create_task(power.off.wait())
    done = asyncio.create_task(until_noted(log, "r1 delivered", "r2 delivered"))
    await asyncio.wait({gone, done}, return_when=asyncio.FIRST_COMPLETED)
    for task in (running, gone, done):
        task.cancel()
    await asyncio.gather(running, gone, done, return_exceptions=True)
    async with delivering(log, Simulator(log, "local"), data_dir):
        await until_noted(log, "r1 delivered", "r2 delivered")
    for id_ in ("r1", "r2"):
        assert (await receipts(log, id_))[0] == "sending"
