"""Files of replies are uploaded once for each number, and go out in words where WhatsApp does not take them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chat.parts import reading
from events.decisions import Erased
from events.log import EventLog
from events.parts import Part
from events.subjects import ChatKey
from gateways.cloud import circuit_breaker, media_ids, uploads
from gateways.cloud import sender as sender_module
from gateways.delivery.delivery import CHATS_AT_ONCE
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import ANA, TOM, cloud_gateway
from tests.gateways.cloud.kept_files import PNG, KeptFiles
from tests.gateways.cloud.said import say, steps, until_step
from tests.gateways.replies import NOON, decide
from tests.waiting import until

PICTURE = Part(kind="image", object="MEDIA/menu", mime="image/png", caption="Menu")
MENU = Part(kind="document", object="MEDIA/pdf", mime="application/pdf", filename="menu.pdf")
PDF = b"%PDF-1.7" + b"menu" * 50_000


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds or minutes in the world takes none here."""
    monkeypatch.setattr(sender_module, "pause", lambda _class, tries: 0.02 * tries)
    monkeypatch.setattr(circuit_breaker, "pause", lambda _class, tries: 0.02 * tries)
    monkeypatch.setattr(uploads, "_FIRST_PAUSE", 0.02)
    monkeypatch.setattr(uploads, "_LONGEST_PAUSE", 0.05)


def files() -> KeptFiles:
    return KeptFiles(menu=PNG, pdf=PDF)


async def send(log: EventLog, id_: str, *parts: Part, key: ChatKey = ANA, **fields: Any) -> None:
    await say(log, id_, key, text=reading(parts), parts=parts, **fields)


async def test_a_file_is_uploaded_and_sent_by_its_id(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        await send(log, "r1", PICTURE, MENU)
        await until_step(log, "r1", "accepted 2/2")
        assert [one.object for one in meta.taken] == [
            {"id": meta.uploads.taken[0].id, "caption": "Menu"},
            {"id": meta.uploads.taken[1].id, "filename": "menu.pdf"},
        ]
        assert [(one.mime, one.size) for one in meta.uploads.taken] == [
            ("image/png", len(PNG)),
            ("application/pdf", len(PDF)),
        ]
        assert await steps(log, "r1") == ["sending 1/2", "accepted 1/2", "sending 2/2", "accepted 2/2"]


async def test_many_replies_at_once_share_one_upload(log: EventLog, data_dir: Path) -> None:
    """The same bytes under another name too."""
    chats = [ChatKey("shop", f"1202555{number:04}@s.whatsapp.net") for number in range(100)]
    kept = files()
    kept.contents["MEDIA/copy"] = PNG
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=kept):
        for number, key in enumerate(chats):
            named = "MEDIA/copy" if number % 2 else "MEDIA/menu"
            await send(log, f"r{number}", Part(kind="image", object=named, mime="image/png"), key=key)
        await meta.until_taken(100, 60)
        assert len(meta.uploads.taken) == 1
        assert len({taken.to for taken in meta.taken}) == 100


async def test_ids_are_remembered_over_a_restart(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta:
        for id_ in ("r1", "r2"):
            async with cloud_gateway(log, meta, data_dir, files=files()):
                await send(log, id_, PICTURE)
                await until_step(log, id_, "accepted")
        assert len(meta.uploads.taken) == 1


@pytest.mark.parametrize("body", [b"", b"{", b'{"number": "1", "ids": {}}', b'{"number": 7}', b"\xff\xfe"])
async def test_lost_ids_cost_one_upload(log: EventLog, data_dir: Path, body: bytes) -> None:
    """A file that is damaged, or of another number, is none."""
    data_dir.mkdir()
    (data_dir / "uploads-shop.json").write_bytes(body)
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        await send(log, "r1", PICTURE)
        await send(log, "r2", PICTURE)
        await until_step(log, "r2", "accepted")
        assert len(meta.uploads.taken) == 1


async def test_an_id_that_meta_forgot_is_renewed(log: EventLog, data_dir: Path) -> None:
    """The refusal proves that nothing was sent: the file is uploaded again, and the message sent once."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted")
        meta.uploads.expire()
        await send(log, "r2", PICTURE)
        await send(log, "r3", PICTURE)
        await until_step(log, "r3", "accepted")
        assert [one.type for one in meta.taken] == ["image"] * 3
        assert len(meta.uploads.taken) == 2
        assert await steps(log, "r2") == ["sending", "sending content", "sending", "accepted"]


async def test_an_old_id_is_not_sent(log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Meta forgets a file it is uploaded again."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted")
        monkeypatch.setattr(media_ids, "KEPT", media_ids.KEPT * 0)
        await send(log, "r2", PICTURE)
        await until_step(log, "r2", "accepted")
        assert len(meta.uploads.taken) == 2
        assert await steps(log, "r2") == ["sending", "accepted"]


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


@pytest.mark.parametrize("kind", ["drop", "lost"])
async def test_a_lost_upload_is_repeated(log: EventLog, data_dir: Path, kind: Any) -> None:
    """It sends nothing, so it is never in doubt."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.uploads.fail(kind, times=2)
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted")
        assert await steps(log, "r1") == ["sending", "accepted"]


@pytest.mark.parametrize("fault", [{"kind": "http", "status": 502}, {"code": 131000}, {"code": 1}, {"code": 131016}])
async def test_a_fault_of_metas_is_waited_for(log: EventLog, data_dir: Path, fault: dict[str, Any]) -> None:
    """By this chat alone."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.uploads.fail(**fault, times=3)
        await send(log, "r1", PICTURE)
        await send(log, "t1", key=TOM)
        await until_step(log, "r1", "accepted")
        assert [one.type for one in meta.taken].count("image") == 1


async def test_a_fault_that_lasts_is_given_up(log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person gets the words."""
    monkeypatch.setattr(uploads, "PATIENCE", 0.1)
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.uploads.fail("http", status=503, times=10**6)
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted file_not_uploaded")
        assert meta.texts() == ["📷\nMenu"]


@pytest.mark.parametrize("code", [4, 80007, 130429, 190, 131031, 10])
async def test_the_account_waits(log: EventLog, data_dir: Path, code: int) -> None:
    """With its other chats; then all goes out, the picture as such."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        meta.uploads.fail(code=code, times=3)
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted")
        assert [one.type for one in meta.taken] == ["image"]
        assert await steps(log, "r1") == ["sending", "accepted"]


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


async def test_a_store_that_is_away_is_waited_for(log: EventLog, data_dir: Path) -> None:
    kept = files()
    kept.away = 3
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=kept):
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted")
        assert [one.type for one in meta.taken] == ["image"]


@pytest.mark.parametrize("mime", [None, "image/png\r\nX-Evil: 1", "no type", "", 'image/png; name="a\r\n"'])
async def test_a_type_that_is_none_is_found_out(log: EventLog, data_dir: Path, mime: str | None) -> None:
    """By the first bytes; nothing of it gets into the request's head."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files()):
        await send(log, "r1", Part(kind="image", object="MEDIA/menu", mime=mime))
        await until_step(log, "r1", "accepted")
        assert [one.mime for one in meta.uploads.taken] == ["image/png"]


async def test_a_large_document_holds_up_no_other_chat(
    log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More chats wait for documents than are sent to at once; words and pictures go out meanwhile."""
    monkeypatch.setattr(uploads, "LARGE", len(PNG))
    kept = files()
    documents = CHATS_AT_ONCE + 6
    for number in range(documents):
        kept.contents[f"MEDIA/doc{number}"] = PNG + str(number).encode()
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=kept):
        gate = meta.uploads.held["application/pdf"] = asyncio.Event()
        for number in range(documents):
            key = ChatKey("shop", f"1202555{number:04}@s.whatsapp.net")
            part = Part(kind="document", object=f"MEDIA/doc{number}", mime="application/pdf", filename="a.pdf")
            await send(log, f"d{number}", part, key=key)
        await until(lambda: meta.uploads.running == uploads.LARGE_AT_ONCE)
        await send(log, "t1", PICTURE, key=TOM)
        await say(log, "t2", TOM)
        await until_step(log, "t2", "accepted")
        assert [one.type for one in meta.taken] == ["image", "text"]
        assert await steps(log, "d0") == [], "a file that is uploaded is not claimed yet"
        kept.contents.clear()
        gate.set()
        await meta.until_taken(documents + 2, 60)
        assert meta.uploads.most_running <= uploads.AT_ONCE + uploads.LARGE_AT_ONCE


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


async def test_a_store_that_stays_away_is_given_up(
    log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "UNREADABLE_FOR", 0.1)
    kept = files()
    kept.away = 10**6
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=kept):
        await send(log, "r1", PICTURE)
        await until_step(log, "r1", "accepted file_not_uploaded")
        assert meta.texts() == ["📷\nMenu"]
