"""Takes a form with a file: its fields, and the file on disk, never in memory as a whole while it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message, Receive

from console.problems import Problem
from events.library import LARGEST

LARGEST_BODY = LARGEST + 64 * 1024
"""Bytes of a form: a file, and some short fields."""

AT_ONCE = 4
"""Forms that come in at the same time."""

WHOLE_AT_ONCE = 2
"""Orders and entries whose files are checked at the same time: each file is up to 100 MB, and is read as a whole."""

WITHIN = 900.0
"""Seconds for a form to come: 100 MB at 1 Mbit/s."""

_LONGEST_FIELD = 16 * 1024


class Upload(NamedTuple):
    """The fields of the form by name, and its file; None: none was chosen."""

    fields: dict[str, str]
    file: UploadFile | None


@asynccontextmanager
async def upload_of(request: Request, slots: asyncio.Semaphore) -> AsyncIterator[Upload]:
    """The form of a request, whose file is removed at the end of the block. Raises Problem."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem(415, "Send a form with a file, with Content-Type: multipart/form-data.")
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:20]) > LARGEST_BODY:
        raise Problem(413, _TOO_LARGE)
    if slots.locked():
        raise Problem(503, "Other files are being added: try again in a moment.")
    async with slots:
        request.scope.get("more_time", _keep)(WITHIN)
        bounded = Request(request.scope, _bounded(request))
        async with bounded.form(max_files=1, max_fields=20, max_part_size=_LONGEST_FIELD) as form:
            files = [one for one in form.values() if isinstance(one, UploadFile) and one.filename]
            fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            yield Upload(fields, files[0] if files else None)


_TOO_LARGE = f"The file is too large: WhatsApp takes {LARGEST // 1000**2} MB at most."


def _bounded(request: Request) -> Receive:
    """The request's `receive`, up to LARGEST_BODY bytes."""
    came = 0

    async def receive() -> Message:
        nonlocal came
        message = await request.receive()
        came += len(message.get("body", b""))
        if came > LARGEST_BODY:
            raise Problem(413, _TOO_LARGE)
        return message

    return receive


def _keep(_seconds: float) -> None: ...
