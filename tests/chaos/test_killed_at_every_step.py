"""SIGKILL at one step of a turn after the other; started again, every promise holds.

Where a step lies between two messages on the wire, the proxy holds the second one back: the process stands at exactly
that step when it is killed, whatever the machine's speed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.chaos.nats_proxy import Frame, NatsProxy, appends, brings
from tests.chaos.outsider import ANA
from tests.chaos.stage import Stage, stage

Step = tuple[Callable[[NatsProxy], None], list[str]]
"""The request that the proxy holds back, and the decisions that the log then has."""


async def killed_there(on: Stage, decided: list[str]) -> None:
    """Kill recado where the proxy holds it, with these decisions in the log; start it again."""
    await on.proxy.holds()
    await on.log.until(lambda: len(on.log.decided()) >= len(decided), f"the decisions {decided}")
    on.recado.kill()
    assert on.log.decided() == decided, "it was killed at another step than the one meant"
    on.proxy.pass_all()
    await on.recado.started()


IN_A_TURN: dict[str, Step] = {
    "the message is stored, recado has not seen it": (lambda p: p.hold_deliveries(brings("in")), []),
    "turn_started is on its way": (lambda p: p.hold_before(appends("turn_started")), []),
    "turn_started is stored, unanswered": (lambda p: p.hold_after(appends("turn_started")), ["turn_started"]),
    "turn_started is stored, the projection behind": (
        lambda p: p.hold_deliveries(brings("turn_started")),
        ["turn_started", "thread_created"],
    ),
    "thread_created is on its way": (lambda p: p.hold_before(appends("thread_created")), ["turn_started"]),
    "thread_created is stored, unanswered": (
        lambda p: p.hold_after(appends("thread_created")),
        ["turn_started", "thread_created"],
    ),
    "the model has answered, the reply is on its way": (
        lambda p: p.hold_before(appends("reply")),
        ["turn_started", "thread_created"],
    ),
    "the reply is stored, unanswered": (
        lambda p: p.hold_after(appends("reply")),
        ["turn_started", "thread_created", "reply"],
    ),
    "the reply is stored, the projection behind": (
        lambda p: p.hold_deliveries(brings("reply")),
        ["turn_started", "thread_created", "reply"],
    ),
}


@pytest.mark.parametrize("step", IN_A_TURN)
async def test_killed_in_a_turn(tmp_path: Path, step: str) -> None:
    """Two messages wait when it starts; it is killed at the step; afterwards both are answered, once, and so is what
    comes then."""
    hold, decided = IN_A_TURN[step]
    async with stage(tmp_path, RECADO_DEBOUNCE="0.1") as on:
        await on.recado.started()
        hold(on.proxy)
        with nullcontext() if "reply" in step else on.model.holding():
            await on.outsider.write(ANA, "m1", "good")
            await on.outsider.write(ANA, "m2", "morning")
            await killed_there(on, decided)
        await on.log.ended(ANA, "m2")
        await on.outsider.write(ANA, "m3", "good night")
        await on.log.ended(ANA, "m3")
        await on.kept_its_promises()
        shown = await on.history(ANA)
        asked = [entry for entry in shown if entry["author"] == "person"]
        assert [entry["text"] for entry in asked] == ["good", "morning", "good night"]
        assert [entry["ending"] for entry in asked] == ["reply"] * 3
        assert shown[-1]["text"] == "reply to: good night"


async def test_killed_while_the_burst_lasts(tmp_path: Path) -> None:
    """The messages are in the projection and recado waits for more: after the kill they are answered together."""
    async with stage(tmp_path, RECADO_DEBOUNCE="60") as on:
        await on.recado.started()
        await on.outsider.write(ANA, "m1", "good")
        await on.outsider.write(ANA, "m2", "morning")
        await on.shows(ANA, "good", "morning")
        on.recado.kill()
        await on.recado.started(RECADO_DEBOUNCE="0")
        reply = await on.log.ended(ANA, "m1")
        assert reply.event.in_reply_to == ("m1", "m2")
        await on.kept_its_promises()


async def test_messages_that_came_while_it_was_dead(tmp_path: Path) -> None:
    """No instance was running; at its start they are pending."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        on.recado.kill()
        await on.outsider.write(ANA, "m1")
        await on.outsider.write(ANA, "m2")
        await on.recado.started()
        await on.log.ended(ANA, "m2")
        await on.kept_its_promises()


async def test_killed_while_the_model_writes(tmp_path: Path) -> None:
    """The request is at the provider, which takes its time: after the kill the turn is adopted and asked once more."""
    async with stage(tmp_path) as on:
        on.model.fail("hang")
        await on.recado.started()
        await on.outsider.write(ANA, "m1")
        await on.asked(1)
        on.recado.kill()
        await on.model.until(lambda requests: requests[0].outcome == "client gone")
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.kept_its_promises()
        assert len(on.model.requests) == 2
        assert on.log.decided() == ["turn_started", "thread_created", "turn_adopted", "reply"]


async def test_killed_again_and_again_in_the_same_turn(tmp_path: Path) -> None:
    """Three incarnations die in one turn, one before and one after its own adoption is stored; the fourth answers."""
    async with stage(tmp_path) as on:
        on.model.fail("hang")
        await on.recado.started()
        await on.outsider.write(ANA, "m1")
        await on.asked(1)
        on.recado.kill()
        for hold in (on.proxy.hold_before, on.proxy.hold_after):
            hold(appends("turn_adopted"))
            on.recado.start()
            await on.proxy.holds()
            if hold == on.proxy.hold_after:
                await on.log.seen("turn_adopted")
            on.recado.kill()
            on.proxy.pass_all()
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.kept_its_promises()
        assert on.log.decided().count("turn_adopted") == 2


BEGUN = ["turn_started", "thread_created"]

WHEN_IT_FAILS: dict[str, Step] = {
    "turn_failed is on its way": (lambda p: p.hold_before(appends("turn_failed")), BEGUN),
    "turn_failed is stored, unanswered": (lambda p: p.hold_after(appends("turn_failed")), [*BEGUN, "turn_failed"]),
    "the apology is on its way": (lambda p: p.hold_before(appends("reply")), [*BEGUN, "turn_failed"]),
    "the apology is stored, unanswered": (
        lambda p: p.hold_after(appends("reply")),
        [*BEGUN, "turn_failed", "reply"],
    ),
    "the apology is stored, the projection behind": (
        lambda p: p.hold_deliveries(brings("turn_failed")),
        [*BEGUN, "turn_failed", "reply"],
    ),
}


@pytest.mark.parametrize("step", WHEN_IT_FAILS)
async def test_killed_when_a_turn_fails(tmp_path: Path, step: str) -> None:
    """The turn fails once, and the person is told once."""
    hold, decided = WHEN_IT_FAILS[step]
    async with stage(tmp_path) as on:
        on.model.fail("bad_key", times=None)
        await on.recado.started()
        hold(on.proxy)
        await on.outsider.write(ANA, "m1")
        await killed_there(on, decided)
        await on.log.seen("reply", key=ANA)
        await on.kept_its_promises()
        assert on.log.decided().count("turn_failed") == 1
        assert [e.event.author for e in on.log.events if e.type == "reply"] == ["system"]


ORDERS: dict[str, tuple[str, str, Step]] = {
    "pause: paused is on its way": ("pause", "ignored", (lambda p: p.hold_before(appends("paused")), BEGUN)),
    "pause: paused is stored, unanswered": (
        "pause",
        "ignored",
        (lambda p: p.hold_after(appends("paused")), [*BEGUN, "paused"]),
    ),
    "pause: the run's ending is on its way": (
        "pause",
        "ignored",
        (lambda p: p.hold_before(appends("ignored")), [*BEGUN, "paused"]),
    ),
    "pause: the run's ending is stored": (
        "pause",
        "ignored",
        (lambda p: p.hold_after(appends("ignored")), [*BEGUN, "paused", "ignored"]),
    ),
    "send: the text is on its way": ("send", "reply", (lambda p: p.hold_before(appends("reply")), BEGUN)),
    "send: the text is stored, unanswered": (
        "send",
        "reply",
        (lambda p: p.hold_after(appends("reply")), [*BEGUN, "reply"]),
    ),
}


@pytest.mark.parametrize("step", ORDERS)
async def test_killed_while_it_obeys(tmp_path: Path, step: str) -> None:
    """An order came while the model writes: it is obeyed once, and it ends the running message once."""
    command, ending, (hold, decided) = ORDERS[step]
    async with stage(tmp_path) as on:
        on.model.fail("hang", times=None)
        await on.recado.started()
        await on.outsider.write(ANA, "m1")
        await on.asked(1)
        hold(on.proxy)
        await on.outsider.order(ANA, "c1", command, text="A human is here.")
        await killed_there(on, decided)
        assert (await on.log.ended(ANA, "m1")).type == ending
        await on.kept_its_promises()


@pytest.mark.parametrize("stored", [False, True])
async def test_killed_when_a_failed_turn_is_tried_again(tmp_path: Path, stored: bool) -> None:
    """`retry` takes the failure back once, and the message gets one more ending."""
    async with stage(tmp_path) as on:
        on.model.fail("bad_key")
        await on.recado.started()
        await on.outsider.write(ANA, "m1")
        await on.log.seen("turn_failed")
        await on.log.settled()
        (on.proxy.hold_after if stored else on.proxy.hold_before)(appends("turn_started"))
        await on.outsider.order(ANA, "c1", "retry")
        await killed_there(on, [*BEGUN, "turn_failed", "reply", *(["turn_started"] if stored else [])])
        await on.log.seen("reply", times=2)
        await on.kept_its_promises()
        assert (await on.log.ended(ANA, "m1")).type == "reply"


def buries(frame: Frame) -> bool:
    return frame.subject == "wa.dlq.local"


UNREADABLE: dict[str, Step] = {
    "its dead letter is on its way": (lambda p: p.hold_before(buries), []),
    "its dead letter is stored, unanswered": (lambda p: p.hold_after(buries), []),
    "its ending is on its way": (lambda p: p.hold_before(appends("ignored")), []),
    "its ending is stored, unanswered": (lambda p: p.hold_after(appends("ignored")), ["ignored"]),
}


@pytest.mark.parametrize("step", UNREADABLE)
async def test_killed_while_it_ends_an_unreadable_event(tmp_path: Path, step: str) -> None:
    """The bytes end as ignored once, and one dead letter keeps them."""
    hold, decided = UNREADABLE[step]
    async with stage(tmp_path) as on:
        await on.recado.started()
        hold(on.proxy)
        seq = await on.outsider.put("in", ANA, b"{not json")
        await killed_there(on, decided)
        await on.log.ended(ANA, f"seq:{seq}")
        await on.kept_its_promises()
        dead = await on.outsider.bus.jetstream().stream_info("DLQ")
        assert dead.state.messages == 1


async def test_killed_while_it_rebuilds_the_projection(tmp_path: Path) -> None:
    """The projection was deleted and is half rebuilt: the next start builds it whole, and nothing is answered again."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        for number in range(5):
            await on.outsider.write(ANA, f"m{number}")
        await on.log.ended(ANA, "m4")
        on.recado.kill()
        for file in on.recado.data.glob("projection*"):
            file.unlink()
        await on.outsider.write(ANA, "m5")
        on.proxy.hold_deliveries(brings("reply"))
        on.recado.start()
        await on.proxy.holds()
        assert list(on.recado.data.glob("projection-*.building")), "it is not rebuilding"
        on.recado.kill()
        on.proxy.pass_all()
        await on.recado.started()
        await on.log.ended(ANA, "m5")
        await on.kept_its_promises()


async def test_killed_together_with_the_server(tmp_path: Path) -> None:
    """The power is gone while a reply is on its way: server and recado come back, and the message is answered once."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        on.proxy.hold_before(appends("reply"))
        await on.outsider.write(ANA, "m1")
        await on.proxy.holds()
        on.recado.kill()
        on.server.kill()
        on.proxy.pass_all()
        on.server.start()
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.log.settled()
        assert on.log.wrong() == []
        await on.recado.is_verified()
