"""The files of replies, uploaded once for each number before their messages are claimed.

Nothing is claimed while a file is on its way, so a crash leaves no doubt: the next start uploads it again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from msgspec.structs import replace
from prometheus_client import Counter

from chat.attachments import MIB
from events.backoff import Backoff
from events.details import Detail
from events.files import File, Files, NotWhole
from events.inbound import ReceiptError
from events.log import LogUnavailable
from events.parts import FILES
from gateways.cloud.file_receipts import FILE_REFUSED
from gateways.cloud.media_ids import MediaIds
from gateways.cloud.uploading import Uploading
from gateways.delivery.file_types import LARGEST, type_of
from gateways.delivery.sender import Part

AT_ONCE = 4
"""Files up to LARGE that are uploaded at the same time. An upload holds a few pieces of 128 KiB, never the whole."""

LARGE, LARGE_AT_ONCE = 5 * MIB, 2
"""Larger files have places of their own, so that they hold up no picture."""

UNREADABLE_FOR = 3600.0
"""Seconds for which a store that does not answer is asked again; then the plain reading goes out."""

PATIENCE = 300.0
"""Seconds for which an upload that fails for no known reason is tried again; then the plain reading goes out."""

REFUSED_FOR = 600.0
"""Seconds for which a refused file is not uploaded again."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_MOST_REFUSED = 1_000
_OF_THE_ACCOUNT = frozenset({"unreached", "account_throttle", "account_stop"})
_TRIED_AGAIN = frozenset({"transient", "in_doubt", "pair_throttle"})

UPLOADED = Counter("recado_media_uploaded", "Uploads of files of replies, by what became of them", ["outcome"])

log = structlog.get_logger("recado.gateway")

Key = tuple[str, str]


class Uploads:
    """The uploads of one number. `path`: where media ids are remembered; None: in memory alone. `now`: seconds since
    1970."""

    def __init__(
        self, uploading: Uploading, files: Files, path: Path | None = None, *, now: Callable[[], float] = time.time
    ) -> None:
        self._uploading = uploading
        self._files = files
        self._ids = MediaIds(path, uploading.number)
        self._now = now
        self._small, self._large = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(LARGE_AT_ONCE)
        self._running: dict[str, asyncio.Task[str | ReceiptError]] = {}
        self._refused: dict[str, tuple[ReceiptError, float]] = {}

    async def prepared(self, part: Part) -> Part | ReceiptError:
        """The part with its file's media id, or as its plain reading; an error if the number cannot upload now.

        A part without a file in the object stores comes back as it is.
        """
        content = part.content
        if content is None or content.kind not in FILES or content.object is None:
            return part
        pause, began = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE), time.monotonic()
        deadline = began + PATIENCE
        while True:
            try:
                file = await self._files.find(content.object)
                if file is None:
                    return _in_words(part, "file_removed", Detail.FILE_GONE.said(object=content.object))
                if file.size > LARGEST[content.kind]:
                    detail = Detail.LARGER_THAN_SENT.said(size=file.size, limit=LARGEST[content.kind])
                    return _in_words(part, "file_too_large", detail)
                answer = await self._media_of(file, await type_of(content, file))
            except LogUnavailable as outage:
                if time.monotonic() >= began + UNREADABLE_FOR:
                    return _in_words(part, "file_not_uploaded", str(outage))
                log.warning("file_not_read", reply=part.reply, reason=str(outage), retry_in=pause.seconds)
                await pause.wait()
                continue
            except NotWhole as damage:
                return _in_words(part, "file_removed", str(damage))
            if isinstance(answer, str):
                return replace(part, media=answer)
            if answer.class_ in _OF_THE_ACCOUNT:
                return answer
            if answer.class_ not in _TRIED_AGAIN:
                return part.in_words(_told(part, replace(answer, class_=FILE_REFUSED)))
            if time.monotonic() >= deadline:
                return part.in_words(_told(part, replace(answer, class_="file_not_uploaded")))
            log.warning("file_not_uploaded", reply=part.reply, reason=answer.detail, retry_in=pause.seconds)
            await pause.wait()

    def forget(self, media: str) -> None:
        """Upload the file again before it is sent next: WhatsApp has refused its media id."""
        self._ids.forget(media)

    async def close(self) -> None:
        """End the uploads that run."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _media_of(self, file: File, mime: str) -> str | ReceiptError:
        """The file's media id; one upload serves all who wait for it."""
        key = f"{file.sha256} {mime}"
        if (known := await self._ids.get(key, self._now())) is not None:
            return known
        refusal, until = self._refused.get(key, (None, 0.0))
        if refusal is not None and time.monotonic() < until:
            return refusal
        if (task := self._running.get(key)) is None:
            task = self._running[key] = asyncio.create_task(self._upload(key, file, mime))
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)  # who stops waiting ends it for no one else

    def _ended(self, key: str, task: asyncio.Task[str | ReceiptError]) -> None:
        del self._running[key]
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.info("upload_ended", reason=str(failure), then="who waits for it has it too")

    async def _upload(self, key: str, file: File, mime: str) -> str | ReceiptError:
        async with self._large if file.size > LARGE else self._small:
            answer = await self._uploading.post(file, mime)
        if isinstance(answer, str):
            UPLOADED.labels("uploaded").inc()
            await self._ids.put(key, answer, self._now())
            return answer
        UPLOADED.labels(answer.class_ or "unknown").inc()
        if answer.class_ not in _OF_THE_ACCOUNT and answer.class_ not in _TRIED_AGAIN:
            self._refused.pop(key, None)
            self._refused[key] = (answer, time.monotonic() + REFUSED_FOR)
            if len(self._refused) > _MOST_REFUSED:
                del self._refused[next(iter(self._refused))]
        return answer


def _in_words(part: Part, class_: str, detail: str) -> Part:
    return part.in_words(_told(part, ReceiptError(class_=class_, detail=detail)))


def _told(part: Part, reason: ReceiptError) -> ReceiptError:
    log.warning("file_sent_as_text", reply=part.reply, reason=reason.class_, code=reason.code, detail=reason.detail)
    return reason
