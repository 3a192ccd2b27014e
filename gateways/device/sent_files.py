"""The files of replies, uploaded by a linked device before their messages are claimed."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import structlog

from events.backoff import Backoff
from events.details import Detail
from events.files import File, Files, NotWhole
from events.inbound import ReceiptError
from events.log import LogUnavailable
from events.parts import FILES
from gateways.delivery.file_types import LARGEST, type_of
from gateways.delivery.sender import Part
from gateways.device.wire import NotSent, Outgoing, Phone

AT_ONCE = 2
"""Files that are uploaded at the same time; memory holds each one whole, up to 100 MB."""

PATIENCE = 300.0
"""Seconds for which an upload that fails is tried again; then the plain reading goes out."""

WITHIN = 300.0
"""Seconds for one try."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_LONGEST_DETAIL = 500

log = structlog.get_logger("recado.gateway")


class SentFiles:
    """Uploads the files of parts with `phone`."""

    def __init__(self, files: Files, phone: Phone) -> None:
        self._files = files
        self._phone = phone
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._uploaded: dict[str, tuple[Part, Outgoing]] = {}

    async def prepared(self, part: Part) -> Part:
        """The part when its file is at WhatsApp, or as its plain reading. Other parts come back as they are."""
        content = part.content
        if content is None or content.kind not in FILES or content.object is None:
            return part
        pause, deadline = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE), time.monotonic() + PATIENCE
        while True:
            await self._phone.ready()
            try:
                if (file := await self._files.find(content.object)) is None:
                    return _in_words(part, "file_removed", Detail.FILE_GONE.said(object=content.object))
                if file.size > LARGEST[content.kind]:
                    detail = Detail.LARGER_THAN_SENT.said(size=file.size, limit=LARGEST[content.kind])
                    return _in_words(part, "file_too_large", detail)
                mime = await type_of(content, file)
                async with self._slots, asyncio.timeout(WITHIN):
                    upload = await self._phone.upload(content.kind, await _whole(file))
            except NotWhole as damage:
                return _in_words(part, "file_removed", str(damage))
            except (NotSent, LogUnavailable) as outage:
                reason = str(outage)
            except Exception as error:  # noqa: BLE001 - the device has its own errors, and nothing was sent
                reason = f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL]
                if time.monotonic() >= deadline:
                    return _in_words(part, "file_not_uploaded", reason)
            else:
                self._uploaded[part.chat] = (part, Outgoing(content, mime, upload))
                return part
            log.warning("file_not_uploaded", reply=part.reply, reason=reason, retry_in=pause.seconds)
            await pause.wait()

    def uploaded(self, part: Part) -> Outgoing | None:
        """The file of a part that was prepared, once."""
        prepared, outgoing = self._uploaded.pop(part.chat, (None, None))
        return outgoing if prepared == part else None


async def _whole(file: File) -> bytes:
    async with aclosing(file.pieces()) as pieces:
        return b"".join([piece async for piece in pieces])


def _in_words(part: Part, class_: str, detail: str) -> Part:
    log.warning("file_sent_as_text", reply=part.reply, reason=class_, detail=detail)
    return part.in_words(ReceiptError(class_=class_, detail=detail))
