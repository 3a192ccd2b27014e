"""Meta's upload of files: a form with three fields, and ids that its number alone may send, until they expire.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media and its list of supported types, both read
2026-11-29; the words of the refusals are those that clients have met (fbsamples/whatsapp-api-examples, issue 10).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Literal

import msgspec
from aiohttp import BodyPartReader, web

MIB = 1024**2

TYPES: dict[str, int] = {
    **dict.fromkeys(("audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus"), 16 * MIB),
    **dict.fromkeys(
        (
            "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        100 * MIB,
    ),
    **dict.fromkeys(("image/jpeg", "image/png"), 5 * MIB),
    "image/webp": 500 * 1024,
    **dict.fromkeys(("video/mp4", "video/3gpp"), 16 * MIB),
}  # fmt: skip
"""The types that are taken, and their most bytes."""

FIELDS = {"messaging_product", "type", "file"}

Kind = Literal["error", "http", "drop", "lost"]
Step = Literal["uploading", "uploaded"]


class UploadFault(msgspec.Struct):
    """What is done to the next `times` uploads. error: refused with `code`. http: `status` with a body that is not
    Meta's. drop: the connection ends and nothing is kept. lost: it is kept, and the answer is lost."""

    kind: Kind
    code: int = 0
    status: int = 500
    times: int = 1


class Upload(msgspec.Struct):
    """A file that was uploaded."""

    id: str
    number: str
    mime: str
    size: int
    sha256: str


class Uploads:
    """The uploads of an app's numbers. `refuse` makes Meta's answer with an error."""

    def __init__(self, refuse: Callable[[int, str], web.Response]) -> None:
        self.kept: dict[str, Upload] = {}
        """By id: those that have not expired."""
        self.taken: list[Upload] = []
        """All of them, in order."""
        self.running = self.most_running = 0
        self.violations: list[str] = []
        self.held: dict[str, asyncio.Event] = {}
        """By MIME type: an upload is not answered until this is set."""
        self.on_step: Callable[[Step], None] = lambda _step: None
        self._faults: list[UploadFault] = []
        self._refuse = refuse

    def fail(self, kind: Kind = "error", **fields: Any) -> None:
        """Do this to the next upload."""
        self._faults.append(UploadFault(kind, **fields))

    def expire(self) -> None:
        """Thirty days go by."""
        self.kept.clear()

    def unknown(self, number: str, type_: str, object_: Any) -> str | None:
        """The words with which Meta refuses a message whose media id this number does not have."""
        if not isinstance(object_, dict) or "id" not in object_ or type_ in ("interactive", "reaction"):
            return None
        upload = self.kept.get(str(object_["id"]))
        if upload is not None and upload.number == number:
            return None
        return f"Param {type_}['id'] is not a valid whatsapp business account media attachment ID"

    async def take(self, request: web.Request) -> web.StreamResponse:
        """An upload of a number that the token is for."""
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            return await self._take(request)
        finally:
            self.running -= 1

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.on_step("uploading")
        fault = self._fault()
        if fault is not None and fault.kind == "drop":
            return _dropped(request)
        if request.content_length is None:
            self.violations.append("an upload without Content-Length")
        given, upload = await self._read(request)
        if fault is not None and fault.kind == "error":
            return self._refuse(fault.code, f"error {fault.code}")
        if fault is not None and fault.kind == "http":
            return web.Response(status=fault.status, text="<html>Bad Gateway</html>", content_type="text/html")
        if wrong := self._wrong(given, upload):
            return wrong
        if (held := self.held.get(upload.mime)) is not None:
            await held.wait()
        self.kept[upload.id] = upload
        self.taken.append(upload)
        self.on_step("uploaded")
        return _dropped(request) if fault is not None else web.json_response({"id": upload.id})

    def _fault(self) -> UploadFault | None:
        fault = self._faults[0] if self._faults else None
        if fault is not None:
            fault.times -= 1
            if not fault.times:
                self._faults.pop(0)
        return fault

    async def _read(self, request: web.Request) -> tuple[dict[str, str], Upload]:
        given = dict[str, str]()
        upload = Upload(f"9{secrets.randbelow(10**14):014}", request.match_info["number"], "", 0, "")
        async for field in await request.multipart():
            assert isinstance(field, BodyPartReader)
            if field.name != "file":
                given[field.name or ""] = await field.text()
                continue
            given["file"], upload.mime, digest = field.filename or "", field.headers.get("Content-Type", ""), sha256()
            while piece := await field.read_chunk(64 * 1024):
                digest.update(piece)
                upload.size += len(piece)
            upload.sha256 = digest.hexdigest()
        return given, upload

    def _wrong(self, given: dict[str, str], upload: Upload) -> web.Response | None:
        if set(given) != FIELDS or given["messaging_product"] != "whatsapp" or given["type"] != upload.mime:
            self.violations.append(f"a form with {given}")
            return self._refuse(100, "(#100) The parameter messaging_product is required.")
        limit = TYPES.get(upload.mime.partition(";")[0])
        if limit is None:
            return self._refuse(100, "Param file must be a file with one of the following types: " + ", ".join(TYPES))
        if not 0 < upload.size <= limit:
            self.violations.append(f"a file of {upload.size} bytes as {upload.mime}")
            return self._refuse(100, "Param file has a wrong size")
        return None


def _dropped(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
