"""The texts of documents, from the library or by reading their bytes."""

from __future__ import annotations

import structlog

from backends.content.markdown import MarkdownReader
from backends.protocol import CannotBeRead
from events.backoff import Backoff
from events.knowledge import Version
from events.library import Library
from events.log import LogUnavailable
from projections.knowledge.index import Text

_LONGEST_PAUSE = 5.0

log = structlog.get_logger("recado.knowledge")


class LibraryTexts:
    """Texts of documents whose bytes lie in the library."""

    def __init__(self, library: Library, reader: MarkdownReader) -> None:
        self._library = library
        self._reader = reader

    async def text_of(self, version: Version) -> Text:
        document = version.document
        if document.text is not None and (stored := await self._content(document.text)) is not None:
            return Text(stored.decode(errors="replace"))
        body = await self._content(document.object) if document.object is not None else None
        if body is None:
            return Text("", "its file is no longer in the library: add it again")
        try:
            return Text((await self._reader.read(body, document.mime)).text)
        except CannotBeRead as refused:
            return Text("", refused.detail)

    async def _content(self, object_: str) -> bytes | None:
        pause = Backoff(0.1, _LONGEST_PAUSE)
        while True:
            try:
                return await self._library.content(object_)
            except LogUnavailable as error:
                log.warning("document_waits", object=object_[:20], reason=str(error), retry_in=pause.seconds)
            await pause.wait()
