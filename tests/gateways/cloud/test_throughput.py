"""The messages a second that Meta allows a number: asked for, set, counted in both directions, told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.account_update import throughput
from events.memory_log import MemoryLog
from gateways.cloud.pacing import Pacing
from gateways.cloud.throughput import FIRST, Followed, NotTold, NumberAsked, Throughput, throughput_in
from gateways.cloud.token import fixed
from tests.doubles.graph_limits import Limits
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID, news
from tests.gateways.cloud.gateway import ANA, cloud_gateway
from tests.gateways.replies import decide, reply
from tests.waiting import until


def answer(**fields: object) -> bytes:
    return msgspec.json.encode(fields | {"id": PHONE_NUMBER_ID})


@pytest.mark.parametrize(
    ("fields", "per_second"),
    [
        ({"throughput": {"level": "STANDARD"}}, 80),
        ({"throughput": {"level": "HIGH"}}, 1000),
        ({"throughput": {"level": "high"}, "is_on_biz_app": False}, 1000),
        ({"throughput": {"level": "STANDARD"}, "is_on_biz_app": True}, 20),
        ({"throughput": {"level": "NOT_APPLICABLE"}}, 80),
        ({"throughput": {"level": "VERY_HIGH"}}, 80),
        ({"is_on_biz_app": True}, 20),
    ],
)
def test_the_levels(fields: dict[str, object], per_second: int) -> None:
    """A level that is new to recado counts as the lowest that a number of its own may have."""
    assert throughput_in(answer(**fields)).per_second == per_second


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"<html>", b'"HIGH"', b"\xff", b"[" * 100_000,
        answer(), answer(throughput={}), answer(throughput={"level": 80}), answer(throughput="HIGH"),
        answer(throughput={"level": "HIGH"}, is_on_biz_app="perhaps"),
        answer(error={"code": 100, "message": "(#100) Tried accessing nonexisting field"}),
        answer(error={"code": 190, "message": "expired"}, throughput={"level": "HIGH"}),
    ],
)  # fmt: skip
def test_an_answer_that_tells_nothing(body: bytes) -> None:
    """No number is made up, and nothing else is raised."""
    with pytest.raises(NotTold):
        throughput_in(body)


@given(
    st.integers(1, 1200),
    st.lists(st.tuples(st.sampled_from(["in", "out", "out", "wait"]), st.floats(0, 1.5)), min_size=1, max_size=300),
)
def test_no_second_has_more_than_is_allowed(per_second: int, steps: list[tuple[str, float]]) -> None:
    """Whatever comes in between, Meta, who counts both directions, refuses none that goes out."""
    pacing, limits, now = Pacing(per_second), Limits(per_second, counts_inbound=True), 100.0
    for number, (what, seconds) in enumerate(steps):
        if what == "wait":
            now += seconds
        elif what == "in" and limits.room(now):
            limits.came_in(b'{"entry": [{"changes": [{"value": {"messages": [{}]}}]}]}', now)
            pacing.came_in(now)
        else:
            now += pacing.number(now) + 1e-6
            assert limits.code(str(number), now) is None


def test_what_came_in_holds_others_back_for_a_second_at_most() -> None:
    """Thousands that Meta delivers again after an outage do not stop the answers."""
    pacing = Pacing(80)
    for _ in range(5_000):
        pacing.came_in(100.0)
    assert 0.9 <= pacing.number(100.0) <= 1.1


def test_another_pace_forgives_nothing() -> None:
    """Neither a faster nor a slower pace opens a second burst; what waited goes on at the new pace."""
    pacing, limits, now = Pacing(80), Limits(80), 100.0
    for number in range(400):
        if number % 40 == 0:
            pacing.allow(80 if number % 80 else 79, now)
        now += pacing.number(now) + 1e-6
        assert limits.code(str(number), now) is None
    pacing.allow(1000, now)
    start = now
    for _ in range(750):
        now += pacing.number(now)
    assert 0.9 <= now - start <= 1.1


async def test_meta_is_asked_now_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and when there is news; an upgrade, and the app that comes in, are followed."""
    async with GraphDouble() as meta, aiohttp.ClientSession() as session:
        found: list[Throughput] = []
        ask = NumberAsked(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN))
        followed = Followed("shop", ask, None, found.append)
        running = asyncio.create_task(followed.run())
        await until(lambda: len(found) == 2)
        meta.upgrade("HIGH")
        followed.hurry()
        await until(lambda: len(found) == 3)
        followed.hurry()
        await until(lambda: meta.asked == 3)
        meta.upgrade("HIGH", on_biz_app=True)
        followed.hurry()
        await until(lambda: len(found) == 4)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [(one.per_second, one.source) for one in found] == [
        (80, "default"), (80, "meta"), (1000, "meta"), (20, "meta"),
    ]  # fmt: skip


async def test_an_answer_that_does_not_come_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for again, sooner than usual."""
    monkeypatch.setattr("gateways.cloud.throughput._FIRST_PAUSE", 0.01)
    answers = iter([NotTold("no"), Throughput(1000, "HIGH"), NotTold("no"), NotTold("no"), Throughput(1000, "HIGH")])
    asked, found = asyncio.Event(), list[Throughput]()

    async def ask() -> Throughput:
        one = next(answers, None)
        if one is None:
            asked.set()
            raise NotTold("enough")
        if isinstance(one, NotTold):
            raise one
        return one

    followed = Followed("shop", ask, None, found.append)
    running = asyncio.create_task(followed.run())
    for _ in range(6):
        followed.hurry()
        await asyncio.sleep(0)
    await until(lambda: followed.hurry() or asked.is_set())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert found == [FIRST, Throughput(1000, "HIGH")]


async def test_a_setting_counts_and_meta_is_not_asked() -> None:
    async def ask() -> Throughput:
        raise AssertionError

    found: list[Throughput] = []
    await Followed("shop", ask, 20, found.append).run()
    assert found == [Throughput(20, source="settings")]


async def test_a_number_with_the_app_is_not_hurried(tmp_path: Path) -> None:
    """Forty answers at once, from a number that may have 20 messages a second, take their time. An upgrade is known as
    soon as Meta tells of it."""
    log = MemoryLog()
    async with GraphDouble(Limits(1_000_000)) as meta:
        meta.upgrade("STANDARD", on_biz_app=True)
        async with cloud_gateway(log, meta, tmp_path, asks=True):
            await until(lambda: meta.asked > 0)
            await noted(log, 20)
            for number in range(40):
                key = ANA._replace(chat=f"1202555{number:04}@s.whatsapp.net")
                await decide(log, reply(f"r{number}", key), key)
            await meta.until_taken(40)
            assert meta.taken[-1].at - meta.taken[0].at > 1.5, "at 80 a second it takes half a second"
            meta.upgrade("HIGH")
            await meta.deliver(news("phone_number_quality_update", event="THROUGHPUT_UPGRADE"))
            await noted(log, 1000)
    await log.close()


async def noted(log: MemoryLog, per_second: int) -> None:
    async with asyncio.timeout(30):
        while throughput(await log.notes("shop")).get("shop") != per_second:
            await asyncio.sleep(0.01)
