"""Reads the file of a message: waits until it has arrived, and brings it into a form that a model can be shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec
import structlog

from actors.document_slots import DocumentSlots
from backends.protocol import CannotBeRead, Transcript, Usage
from chat.attachments import LARGEST_READ, bare_mime, is_audio
from events.decisions import MediaForm
from events.details import Detail
from events.inbound import Media
from events.jetstream.media_store import COMES_LATER, Object
from events.log import LogUnavailable
from events.subjects import ChatKey

ARRIVES_WITHIN = 90.0
"""Seconds for which a turn waits for a file that comes after its message; gateways give up before."""

LONGEST_TEXT = 50_000
"""Characters of a transcript or a document that the model is shown and the log keeps."""

_FIRST_LOOK, _LONGEST_LOOK = 0.05, 1.0
_FREE = Usage()

log = structlog.get_logger("recado.media")


class Settled(msgspec.Struct, frozen=True):
    """The result of reading a file; the fields are those of events.decisions.MediaRead."""

    form: MediaForm
    text: str | None = None
    reason: str | None = None
    detail: str | None = None
    model: str | None = None
    usage: Usage = Usage()


class Objects(Protocol):
    """The store that keeps files. Every method raises LogUnavailable."""

    async def erase(self, name: str) -> bool:
        """Delete the object `name` and overwrite its bytes; False if there was none."""

    async def find(self, name: str) -> Object | None:
        """The description of the object `name`; None if it is not there, yet or any more."""

    async def read(self, name: str) -> bytes | None:
        """The whole object; None if it is not there."""


InTurn = Callable[[], AbstractAsyncContextManager[None]]
"""Waits for a slot in which a file of the chat may be opened, until the block is left."""

Listen = Callable[[bytes, str, float, InTurn], Awaitable[Transcript]]
"""Transcribes audio of a MIME type within so many seconds. Raises CannotBeRead, ReplyFailed."""

Extract = Callable[[bytes, str], Awaitable[str]]
"""The text of a document of a MIME type. Raises CannotBeRead."""


class Files(Protocol):
    """The files of messages."""

    async def settle(self, kind: str, media: Media, patience: float, key: ChatKey) -> Settled:
        """The form in which a model can be shown the file of a message of this kind. Takes about `patience` seconds
        after the file has arrived and the chat has its turn. Raises ReplyFailed for errors that are not the file's."""

    async def read(self, name: str) -> bytes | None:
        """The object's bytes; None if it is not there any more."""


class MediaFiles:
    """Files in the object store.

    - `listen`: None: nothing here transcribes audio.
    - `takes`: the types (without parameters) that the model is given as they are.
    - `slots`: shared by all files of a process.
    """

    def __init__(
        self,
        objects: Objects,
        *,
        listen: Listen | None,
        extract: Extract,
        takes: frozenset[str] = frozenset(),
        arrives_within: float = ARRIVES_WITHIN,
        slots: DocumentSlots | None = None,
    ) -> None:
        self._objects = objects
        self._listen = listen
        self._extract = extract
        self._takes = takes
        self._arrives_within = arrives_within
        self._slots = slots or DocumentSlots()

    async def settle(self, kind: str, media: Media, patience: float, key: ChatKey) -> Settled:
        settled = await self._settle(kind, media, patience, key)
        if settled.form == "nothing":
            log.warning("media_not_read", object=media.object, kind=kind, reason=settled.reason, detail=settled.detail)
        return settled

    async def read(self, name: str) -> bytes | None:
        try:
            body = await self._objects.read(name)
        except LogUnavailable as error:
            log.warning("media_unavailable", object=name, reason=str(error))
            return None
        if body is None:
            log.warning("media_gone", object=name)
        return body

    async def _settle(self, kind: str, media: Media, patience: float, key: ChatKey) -> Settled:
        if is_audio(kind, media):
            return await self._transcribed(media, patience, key)
        if (gone := await self._missing(kind, media)) is not None:
            return gone
        mime = bare_mime(media.mime)
        if mime in self._takes:
            return Settled(form="image" if mime.startswith("image/") else "file")
        if kind == "image":
            return _nothing("unsupported", Detail.NOT_SHOWN.said(type=mime or Detail.WITHOUT_TYPE))
        async with self._slots.of(key):  # before the bytes are taken into memory
            return await self._extracted(mime, media)

    async def _transcribed(self, media: Media, patience: float, key: ChatKey) -> Settled:
        if self._listen is None:
            return _nothing("not_transcribed", Detail.NO_TRANSCRIPTION.said())
        if (gone := await self._missing("audio", media)) is not None:
            return gone
        if not (body := await self.read(media.object)):
            return _empty(body)
        try:
            spoken = await self._listen(body, bare_mime(media.mime), patience, lambda: self._slots.of(key))
        except CannotBeRead as failure:
            return _nothing(failure.reason, failure.detail)
        return _words(spoken.text, Detail.NO_SPEECH, spoken.model, spoken.usage)

    async def _extracted(self, mime: str, media: Media) -> Settled:
        if not (body := await self.read(media.object)):
            return _empty(body)
        try:
            return _words(await self._extract(body, mime), Detail.NO_TEXT)
        except CannotBeRead as failure:
            return _nothing(failure.reason, failure.detail)

    async def _missing(self, kind: str, media: Media) -> Settled | None:
        """The reason for which the file cannot be read at all, once it has arrived; None: it can."""
        there = await self._arrived(media.object)
        if there is None:
            return _nothing("not_fetched", Detail.NOT_IN_STORE.said())
        if there.reason is not None:
            return _nothing(there.reason, there.detail)
        limit = LARGEST_READ.get(kind, 0)
        return _nothing("too_large", Detail.LARGER.said(size=there.size, limit=limit)) if there.size > limit else None

    async def _arrived(self, name: str) -> Object | None:
        """The object `name`; waits for it if its file comes after the message."""
        wait = _FIRST_LOOK
        patience = self._arrives_within if name.startswith(COMES_LATER) else 0.0
        until = asyncio.get_running_loop().time() + patience
        while True:
            try:
                there = await self._objects.find(name)
            except LogUnavailable as error:
                log.info("media_unavailable", object=name, reason=str(error))
                there = None
            if there is not None or asyncio.get_running_loop().time() >= until:
                return there
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_LOOK)


class NoFiles:
    """No file is read."""

    async def settle(self, kind: str, media: Media, patience: float, key: ChatKey) -> Settled:  # noqa: ARG002 - the protocol's
        return _nothing("unsupported", Detail.NO_FILES.said())

    async def read(self, name: str) -> bytes | None:  # noqa: ARG002 - the protocol's
        return None


class NoObjects:
    """No object store."""

    async def erase(self, name: str) -> bool:  # noqa: ARG002 - the protocol's
        return False

    async def find(self, name: str) -> Object | None:  # noqa: ARG002 - the protocol's
        return None

    async def read(self, name: str) -> bytes | None:  # noqa: ARG002 - the protocol's
        return None


def _nothing(reason: str, detail: str) -> Settled:
    return Settled("nothing", reason=reason, detail=detail)


def _empty(body: bytes | None) -> Settled:
    return _nothing("file_unreadable", (Detail.EMPTY if body is not None else Detail.NOT_WHOLE).said())


def _words(text: str, without: Detail, model: str | None = None, usage: Usage = _FREE) -> Settled:
    """The words that were read, or the reason `without` any."""
    text = text.strip()
    if not text:
        return Settled("nothing", reason="file_unreadable", detail=without.said(), model=model, usage=usage)
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + " … (cut off)"
    return Settled("text", text=text, model=model, usage=usage)
