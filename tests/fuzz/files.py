"""Files of any bytes, in an object store that is played here; the real readers open them."""

from __future__ import annotations

import io
import zipfile

from events.jetstream.media_store import Object
from events.log import LogUnavailable
from tests.fuzz.values import Values

MIMES = (
    "application/pdf", "text/plain", "text/csv", "application/json", "image/png", "audio/ogg", "video/mp4", "a", "",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)  # fmt: skip
CHEAP = ("text/plain", "text/csv", "application/json", "image/png", "audio/ogg", "a")
"""Types for which no process is started."""


class Objects:
    """What `put` made; a few are not to be had."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self.files: dict[str, bytes] = {}

    def put(self, name: str) -> None:
        self.files[name] = self._bytes()

    async def find(self, name: str) -> Object | None:
        if name not in self.files:
            return None
        match self._values.random.randrange(20):
            case 0:
                raise LogUnavailable("the bus is away")
            case 1:
                return Object(0, "not_fetched", self._values.fitting_text())
            case 2:
                return Object(2**62)
        return Object(len(self.files[name]))

    async def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    async def erase(self, name: str) -> bool:
        return self.files.pop(name, None) is not None

    def _bytes(self) -> bytes:
        random = self._values.random
        text = self._values.text().encode(errors="replace")
        match random.randrange(6):
            case 0:
                return text
            case 1:
                return b"%PDF-1.7\n" + random.randbytes(300)
            case 2:
                return b"\x89PNG\r\n\x1a\n" + random.randbytes(40)
            case 3:
                whole = io.BytesIO()
                with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr("word/document.xml", b"<w:document>" + text)
                    archive.writestr("[Content_Types].xml", random.randbytes(20))
                return whole.getvalue()
            case 4:
                return b"\xef\xbb\xbf" + text + b"\xff"
            case _:
                return random.randbytes(random.choice((0, 1, 50, 5000)))
