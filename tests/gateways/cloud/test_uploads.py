"""Files of replies are uploaded once for each number, and go out in words where WhatsApp does not take them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from events.log import EventLog
from events.parts import Part
from events.subjects import ChatKey
from gateways.cloud import media_ids, uploads
from gateways.delivery.delivery import CHATS_AT_ONCE
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import TOM, cloud_gateway
from tests.gateways.cloud.impatient import impatient
from tests.gateways.cloud.kept_files import PNG
from tests.gateways.cloud.said import say, steps, until_step
from tests.gateways.cloud.sent_files import MENU, PDF, PICTURE, files, send
from tests.waiting import until

__all__ = ["impatient"]


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
