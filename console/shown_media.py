"""The files of a chat's messages as its page shows them: their form, their state, and the text in them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import structlog

from chat.attachments import bare_mime, is_audio
from chat.unseen import shown_name, unturned
from console.deps import Deps
from console.shown_types import SHOWN
from events.inbound import Media
from events.jetstream.media_store import COMES_LATER, Object
from events.log import LogError
from events.subjects import ChatKey
from projections.reads.views import Entry, reading_of

WITHIN = 3.0
"""Seconds to wait until the object store has said which files it keeps."""

_LOOKED_UP = 16
"""Files that are asked for at the same time."""

ARRIVES_WITHIN = timedelta(minutes=2)
"""Seconds for which a file that comes after its message is awaited: gateways give up before."""

_DRAWN = {"image": "image", "sticker": "sticker", "audio": "audio", "video": "video"}

log = structlog.get_logger("recado.console")


class ShownMedia(NamedTuple):
    """The file that came with a message.

    - `drawn`: as `image`, `sticker`, `audio`, `video`, or `file`: a name to download.
    - `kind`: the message's kind, `voice` for a voice message.
    - `state`: `kept`; `empty`: it came without a byte; `unknown`: the store has not said; `coming`; `refused`: it was
      not fetched; `gone`.
    - `size`: bytes, as far as they are known.
    - `text`: the transcript, or the text that was read in a document.
    - `unread`: the name of the reason for which the model was shown nothing, and `detail` more about it.
    """

    drawn: str
    kind: str
    name: str
    state: str
    size: int = 0
    text: str = ""
    unread: str = ""
    detail: str = ""


def drawn_as(kind: str, mime: str | None) -> str:
    """The form in which a file is drawn, by its sender's word; its content decides the type that a browser gets."""
    drawn = _DRAWN.get(kind)
    return drawn if drawn is not None and bare_mime(mime) in SHOWN else "file"


async def media_in(deps: Deps, key: ChatKey, lines: Sequence[Entry]) -> dict[int, ShownMedia]:
    """The files of these lines, by the lines' sequences."""
    found = {line.seq: (line, msgspec.json.decode(line.media, type=Media)) for line in lines if line.media is not None}
    states = await _states(deps, key, {media.object for _, media in found.values()}) if found else {}
    return {seq: _shown(line, media, states, deps.now()) for seq, (line, media) in found.items()}


async def _states(deps: Deps, key: ChatKey, names: set[str]) -> dict[str, Object | None]:
    """The store's descriptions of these files, as far as it answers in time."""
    slots, states = asyncio.Semaphore(_LOOKED_UP), dict[str, Object | None]()

    async def look(name: str) -> None:
        async with slots:
            states[name] = await deps.files.arrived(name)

    try:
        async with asyncio.timeout(WITHIN), asyncio.TaskGroup() as looking:
            for name in names:
                looking.create_task(look(name))
    except* (TimeoutError, LogError) as faults:
        why = "; ".join(str(fault) for fault in faults.exceptions) or f"no answer within {WITHIN:g} s"
        log.warning("media_not_looked_up", chat=key.chat, reason=why)
    return states


def _shown(line: Entry, media: Media, states: Mapping[str, Object | None], now: datetime) -> ShownMedia:
    kind = line.kind or "document"
    read, stored = reading_of(line), states.get(media.object)
    state = "unknown"
    if stored is not None:
        state = "refused" if stored.reason is not None else "kept" if stored.size else "empty"
    elif media.object in states:
        is_coming = media.object.startswith(COMES_LATER) and now - line.at < ARRIVES_WITHIN
        state = "coming" if is_coming else "gone"
    unread, detail = "", ""
    if stored is not None and stored.reason is not None:
        unread, detail = stored.reason, stored.detail
    elif read is not None and read.form == "nothing":
        unread, detail = read.reason or "", read.detail or ""
    return ShownMedia(
        drawn=drawn_as("audio" if is_audio(kind, media) and kind != "document" else kind, media.mime),
        kind="voice" if media.voice and kind == "audio" else kind,
        name=shown_name(media.filename) or "",
        state=state,
        size=(stored.size if stored is not None else 0) or max(media.size or 0, 0),
        text=unturned(read.text or "") if read is not None and read.form == "text" else "",
        unread=unread,
        detail=detail,
    )
