"""Files that cannot go or that WhatsApp refuses, at once or later: the reply goes out in words, or ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chat.parts import reading
from events.decisions import Erased
from events.log import EventLog
from events.parts import Part
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import ANA, TOM, cloud_gateway
from tests.gateways.cloud.impatient import impatient
from tests.gateways.cloud.kept_files import PNG
from tests.gateways.cloud.said import say, steps, until_step
from tests.gateways.cloud.sent_files import MENU, PICTURE, files, send
from tests.gateways.replies import NOON, decide
from tests.waiting import until

__all__ = ["impatient"]


@pytest.mark.parametrize("code", [100, 131009, 131051, 131052, 131053])
async def test_a_file_that_is_refused_as_such(log: EventLog, data_dir: Path, code: int) -> None:
    """Uploaded once more, since Meta may have forgotten it; then its words go, under its number, and say why."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.fail(code=code, times=2)
        await send(log, "r1", PICTURE, MENU)
        await until_step(log, "r1", "accepted 2/2")
        assert [one.type for one in meta.taken] == ["text", "document"]
        assert meta.taken[0].text == "📷\nMenu"
        assert await steps(log, "r1") == [
            "sending 1/2", "sending 1/2 content", "sending 1/2", "accepted 1/2 file_refused",
            "sending 2/2", "accepted 2/2",
        ]  # fmt: skip


REFUSALS = {
    "removed": (Part(kind="image", object="MEDIA/gone", mime="image/png", caption="Menu"), "file_removed"),
    "damaged": (Part(kind="image", object="MEDIA/damaged", mime="image/png", caption="Menu"), "file_removed"),
    "empty": (Part(kind="image", object="MEDIA/empty", mime="image/png", caption="Menu"), "file_removed"),
    "large": (Part(kind="image", object="MEDIA/large", mime="image/png", caption="Menu"), "file_too_large"),
    "type": (Part(kind="image", object="MEDIA/menu", mime="image/tiff", caption="Menu"), "file_refused"),
    "no type": (Part(kind="image", object="MEDIA/unknown", caption="Menu"), "file_refused"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_a_file_that_cannot_go(log: EventLog, data_dir: Path, case: str) -> None:
    """Its words go under its number, and the receipt says why; the rest of the reply follows."""
    part, reason = REFUSALS[case]
    kept = files()
    kept.contents |= {"MEDIA/damaged": PNG * 2, "MEDIA/empty": b"", "MEDIA/unknown": b"?" * 9}
    kept.contents["MEDIA/large"] = bytes(5 * 1024**2 + 1)
    kept.damaged.add("MEDIA/damaged")
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=kept):
        await send(log, "r1", part, MENU)
        await until_step(log, "r1", "accepted 2/2")
        assert [(one.type, one.text) for one in meta.taken] == [("text", "📷\nMenu"), ("document", None)]
        assert await steps(log, "r1") == ["sending 1/2", f"accepted 1/2 {reason}", "sending 2/2", "accepted 2/2"]


async def test_a_refused_file_is_not_uploaded_again_and_again(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        steps_seen: list[str] = []
        meta.uploads.on_step = steps_seen.append
        for number in range(5):
            await send(log, f"r{number}", REFUSALS["type"][0])
        await until_step(log, "r4", "accepted file_refused")
        assert steps_seen == ["uploading"]


URL = Part(kind="image", url="https://example.org/a.png", caption="Menu")


@pytest.mark.parametrize(("part", "code"), [(PICTURE, 131052), (PICTURE, 100), (URL, 131053)])
async def test_a_file_that_is_refused_later(log: EventLog, data_dir: Path, part: Part, code: int) -> None:
    """Its words go once, under its number; however often that is reported, and also if they are refused too."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        await send(log, "r1", part)
        await until_step(log, "r1", "accepted")
        await meta.tell(meta.taken[0], "failed", "failed", code=code)
        await until_step(log, "r1", "accepted file_refused")
        await meta.tell(meta.taken[0], "failed", code=code)
        await meta.tell(meta.taken[1], "failed", code=code)
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert [one.type for one in meta.taken] == ["image", "text", "text"]
        assert meta.taken[1].text == reading((part,))
        found = await steps(log, "r1")
        assert found[:2] == ["sending", "accepted"]
        assert found.count("sending") == 2
        assert "failed content" in found


async def test_the_middle_of_a_reply_is_refused_later(log: EventLog, data_dir: Path) -> None:
    """The reply goes on; the words follow it, under the number of the file, and end nothing."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        hold = meta.uploads.held["application/pdf"] = asyncio.Event()
        await send(log, "r1", PICTURE, MENU, Part(kind="location", latitude=1.0, longitude=2.0))
        await until_step(log, "r1", "accepted 1/3")
        await meta.tell(meta.taken[0], "failed", code=131053)
        hold.set()
        await until_step(log, "r1", "accepted 1/3 file_refused")
        assert [one.type for one in meta.taken] == ["image", "document", "location", "text"]
        await meta.tell(meta.taken[3], "delivered")
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert (await steps(log, "r1"))[-3:] == ["sending 1/3", "accepted 1/3 file_refused", "delivered 1/3"]


async def test_refused_before_the_answer_to_its_post(log: EventLog, data_dir: Path) -> None:
    """The status overtakes the answer: the part is in words, and the next part follows."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files(), doubt_seconds=60.0):
        meta.fail("hang")
        await send(log, "r1", PICTURE, Part(kind="location", latitude=1.0, longitude=2.0))
        await meta.until_taken(1)
        await meta.tell(meta.taken[0], "failed", code=131053)
        meta._ended.set()  # the answer is lost
        await until_step(log, "r1", "accepted 1/2 file_refused")
        assert [one.type for one in meta.taken] == ["image", "location", "text"]


async def test_refused_while_no_gateway_ran(log: EventLog, data_dir: Path) -> None:
    """A later start finds the refusal in the log; a refusal that is repeated after the words went does nothing."""
    async with GraphDouble() as meta:
        async with cloud_gateway(log, meta, data_dir, files=files()):
            await send(log, "r1", PICTURE)
            await until_step(log, "r1", "accepted")
            await meta.tell(meta.taken[0], "failed", code=131053)
            await until_step(log, "r1", "accepted file_refused")
        (data_dir / "gateway-shop.json").unlink()
        async with cloud_gateway(log, meta, data_dir, files=files()):
            await meta.tell(meta.taken[0], "failed", code=131053)
            await say(log, "r2")
            await until_step(log, "r2", "accepted")
            assert [one.type for one in meta.taken] == ["image", "text", "text"]


async def test_refused_after_the_chat_was_erased(log: EventLog, data_dir: Path) -> None:
    """The words are gone, and so nothing is sent."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted")
        held = meta.taken[0]
        await decide(log, Erased(upto=1, at=NOON), ANA)
        assert held.tracker is not None
        held.tracker = held.tracker.replace('"r1"', '"r0"')
        await meta.tell(held, "failed", code=131053)
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert [one.type for one in meta.taken] == ["image", "text"]


async def test_a_late_refusal_of_another_kind_is_no_matter_of_files(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted")
        await meta.tell(meta.taken[0], "failed", code=131026)
        await until_step(log, "r1", "failed recipient")
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert [one.type for one in meta.taken] == ["image", "text"]
        assert meta.taken[1].text == "text of r2"


async def test_a_file_whose_quote_is_refused_goes_without_it(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.fail(code=131009)
        await send(log, "r1", PICTURE, quote="wamid.gone")
        await until_step(log, "r1", "accepted")
        assert [(one.type, one.quoted) for one in meta.taken] == [("image", None)]
        assert len(meta.uploads.taken) == 1


async def test_words_in_place_of_a_file_go_without_a_refused_quote(log: EventLog, data_dir: Path) -> None:
    """Given a file and a quote that WhatsApp both refuses for good, then the plain reading goes out."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.fail(code=131009, times=5)
        await send(log, "r1", PICTURE, quote="wamid.gone")
        await until_step(log, "r1", "accepted file_refused")
        assert [(one.type, one.text, one.quoted) for one in meta.taken] == [("text", "📷\nMenu", None)]


async def test_nothing_is_written_about_a_chat_that_was_erased_while_its_file_waited(
    log: EventLog, data_dir: Path
) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.uploads.fail("http", status=503, times=10**6)
        await send(log, "r1", PICTURE)
        tried: list[str] = []
        meta.uploads.on_step = tried.append
        await until(lambda: len(tried) > 2)
        await decide(log, Erased(upto=1, at=NOON), ANA)
        await say(log, "other", TOM)
        await until_step(log, "other", "accepted")
        meta.uploads._faults.clear()
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert await steps(log, "r1") == []
        assert [one.type for one in meta.taken] == ["text", "text"]


@pytest.mark.parametrize("status", [403, 406, 415, 422])
async def test_one_file_that_is_refused_on_the_way_pauses_no_number(log: EventLog, data_dir: Path, status: int) -> None:
    """A proxy or a scanner answers in place of Graph."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.uploads.fail("http", status=status, times=10**6)
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted file_refused")
        assert meta.texts() == ["📷\nMenu"]
