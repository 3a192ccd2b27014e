"""The files that a person chooses or records for one chat: checked before anything is stored, kept in MEDIA."""

from __future__ import annotations

import asyncio
import unicodedata
from hashlib import sha256
from typing import NamedTuple

import structlog
from msgspec.structs import replace
from starlette.requests import Request

from backends.content.voice import LARGEST as LARGEST_RECORDING
from backends.content.voice import can_convert, voice_of
from backends.protocol import CannotBeRead
from chat.file_types import FileNotTaken
from chat.files import VOICE, file_part
from console.composing import Unfit
from console.uploads import Upload
from events.jetstream.media_store import BUCKET, SENT
from events.parts import MOST_PARTS, Part
from events.subjects import ChatKey

FILES = "files"
RECORDED = "voice"
"""The fields of the form whose content is files."""

MOST = MOST_PARTS
"""Files of one form."""

CONVERTED_AT_ONCE = 2
"""Recordings that are converted at the same time."""

_VOICE_TYPE = "audio/ogg; codecs=opus"
"""WhatsApp takes no bare audio/ogg as a voice message."""

_LONGEST_NAME = 200
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


log = structlog.get_logger("recado.console")


class Attached(NamedTuple):
    """A file of an order: its part, the name under which it is kept, and its bytes."""

    part: Part
    name: str
    content: bytes


async def attached(request: Request, key: ChatKey, order: str, upload: Upload) -> list[Attached]:
    """The files of the form that gives this order. Raises Unfit, with nothing stored.

    Their names come from the order and the bytes that came, so the same form sent again is the same order. Two
    conversions of a recording differ a little; the first is kept.
    """
    if len(upload.files) > MOST:
        raise Unfit(
            FILES, "These are %(number)s files: at most %(most)s go at once.", number=len(upload.files), most=MOST
        )
    found = list[Attached]()
    for field, file in upload.files:
        shown = own_name(file.filename or "")
        content = came = await file.read()
        if field == RECORDED:
            content = await _recorded(request, content)
            part = replace(await _checked(content, "voice.ogg", kind=VOICE), mime=_VOICE_TYPE)
        else:
            part = await _checked(content, shown)
        name = _name(key, order, len(found), came)
        found.append(Attached(replace(part, object=f"{BUCKET}/{SENT}{name}"), name, content))
    return found


def own_name(filename: str) -> str:
    """A file's name without the folders that some browsers send, and without signs that cannot be seen."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign for sign in name if unicodedata.category(sign) not in _UNSEEN).strip()
    return seen[-_LONGEST_NAME:] or "file"


async def _recorded(request: Request, recording: bytes) -> bytes:
    if not can_convert():
        raise Unfit(RECORDED, "Voice cannot be sent from here: PyAV is missing. Install it with: make speech")
    if len(recording) > LARGEST_RECORDING:
        most = LARGEST_RECORDING // 1000**2
        raise Unfit(RECORDED, "A recording has at most %(most)s MB: send it as a file.", most=most)
    try:
        async with request.app.state.converting:
            return await voice_of(recording)
    except CannotBeRead as refused:
        log.warning("recording_refused", reason=refused.reason, detail=refused.detail)
        if refused.reason == "too_large":
            raise Unfit(RECORDED, "The recording cannot be sent: it lasts too long for a voice message.") from refused
        raise Unfit(RECORDED, "The recording cannot be sent: there is no sound in it that can be read.") from refused


async def _checked(content: bytes, name: str, kind: str | None = None) -> Part:
    try:
        return await asyncio.to_thread(file_part, content, name, kind=kind)  # it looks through megabytes
    except FileNotTaken as refused:
        field = RECORDED if kind == VOICE else FILES
        raise Unfit(field, "“%(name)s” cannot be sent: %(reason)s.", name=name[:80], reason=refused) from refused


def _name(key: ChatKey, order: str, number: int, came: bytes) -> str:
    known = (key.account, key.chat, order, str(number), sha256(came).hexdigest())
    return sha256("\n".join(known).encode()).hexdigest()
