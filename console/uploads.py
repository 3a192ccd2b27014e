"""Takes a form with files: its fields, and the files on disk, never in memory as a whole while they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import NamedTuple

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message, Receive

from console.access import FIELD, check_page
from console.problems import Problem
from events.library import LARGEST
from events.numbers import whole_number

LARGEST_BODY = LARGEST + 512 * 1024
"""Bytes of a form: its files, and its fields."""

AT_ONCE = 4
"""Forms that come in at the same time."""

SMALL = 1024 * 1024
"""Bytes of a form that needs no turn: without script, words come in the same kind of form as files."""

WHOLE_AT_ONCE = 2
"""Orders and entries whose files are checked at the same time: each has up to 100 MB, and is read as a whole."""

WITHIN = 900.0
"""Seconds for a form to come: 100 MB at 1 Mbit/s."""

MOST_FILES = 100
"""Files of a form, and fields for files that have none. A page that takes fewer says so beside the field, and keeps
the words."""

_LONGEST_FIELD = 256 * 1024
"""Bytes of a field: a human's text may have 65,536 characters."""


class Upload(NamedTuple):
    """The fields of the form by name, and the files that were chosen, by the name of their field and in its order."""

    fields: dict[str, str]
    files: tuple[tuple[str, UploadFile], ...] = ()

    @property
    def file(self) -> UploadFile | None:
        """The first file; None: none was chosen."""
        return self.files[0][1] if self.files else None


def is_upload(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


@asynccontextmanager
async def upload_of(request: Request, slots: asyncio.Semaphore) -> AsyncIterator[Upload]:
    """The form of a request, whose files are removed at the end of the block. Raises Problem, PageOfAnother."""
    if not is_upload(request):
        raise Problem(415, "Send a form with a file, with Content-Type: multipart/form-data.")
    _, options = parse_options_header(request.headers["content-type"])
    if options.get(b"charset", b"utf-8").lower() != b"utf-8":  # Python has codecs that fail, or make lone surrogates
        raise Problem(415, "Send the form in UTF-8.")
    length = whole_number(request.headers.get("content-length", ""))
    known = length if length is not None else LARGEST_BODY
    if known > LARGEST_BODY:
        raise _too_large()
    small = known <= SMALL
    if not small and slots.locked():
        raise Problem(503, "Other files are being added: try again in a moment.")
    async with nullcontext() if small else slots:
        if not small:
            request.scope.get("more_time", _keep)(WITHIN)
        bounded = Request(request.scope, _bounded(request))
        async with bounded.form(max_files=MOST_FILES, max_fields=21, max_part_size=_LONGEST_FIELD) as form:
            items = form.multi_items()
            files = tuple((name, value) for name, value in items if isinstance(value, UploadFile) and value.filename)
            fields = {name: value for name, value in items if isinstance(value, str)}
            check_page(request, fields.pop(FIELD, None))
            yield Upload(fields, files)


def _too_large() -> Problem:
    return Problem(413, "The files are too large: WhatsApp takes %(most)s MB at most.", most=LARGEST // 1000**2)


def _bounded(request: Request) -> Receive:
    """The request's `receive`, up to LARGEST_BODY bytes."""
    came = 0

    async def receive() -> Message:
        nonlocal came
        message = await request.receive()
        came += len(message.get("body", b""))
        if came > LARGEST_BODY:
            raise _too_large()
        return message

    return receive


def _keep(_seconds: float) -> None: ...
