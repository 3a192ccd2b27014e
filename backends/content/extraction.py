"""Extracts the text of documents that the model cannot be given as files."""

from __future__ import annotations

import codecs

from backends.content.extract_process import LONGEST, READERS
from backends.content.reader_process import refusal, run
from backends.protocol import CannotBeRead
from events.details import Detail

SECONDS = 5
"""Seconds of CPU for one document."""

WIDEST = 4
"""Bytes of a character in UTF-8, at most."""

_PLAIN = frozenset({"application/json", "application/xml", "application/x-ndjson", "application/yaml"})


class Extraction:
    """Opens each document in a process of its own, with at most `seconds` of CPU."""

    def __init__(self, *, seconds: int = SECONDS) -> None:
        self._seconds = seconds

    async def extract(self, body: bytes, mime: str) -> str:
        """The beginning of the text of a document of the type `mime` (without parameters): LONGEST characters at most.
        Raises CannotBeRead."""
        if mime.startswith("text/") or mime in _PLAIN:
            return _decoded(body[: LONGEST * WIDEST])
        if mime not in READERS:
            raise CannotBeRead("unsupported", Detail.NOT_OPENED.said(type=mime or Detail.WITHOUT_TYPE))
        output = await run(
            "backends.content.extract_process", mime, body=body, seconds=self._seconds, most=LONGEST * WIDEST
        )
        if output.status:
            raise refusal(output, self._seconds)
        return output.body.decode(errors="replace")


def _decoded(beginning: bytes) -> str:
    try:
        # A character that was cut in two at the end is left out.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(beginning)
    except UnicodeDecodeError:
        text = beginning[:LONGEST].decode("cp1252", errors="replace")
    return text[:LONGEST]
