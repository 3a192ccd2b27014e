"""Reads the files of a turn's messages."""

from __future__ import annotations

from actors.answering import Answering
from actors.instance import Instance
from actors.usage import tokens_of
from chat.commands import MediaSettled
from chat.work import ReadMedia
from events.subjects import ChatKey


async def read_media(instance: Instance, answering: Answering, key: ChatKey, work: ReadMedia) -> MediaSettled:
    await instance.progress.reached(work.seq)
    kind, words, media = instance.reads.file_of(key, work.message) or ("", "", None)
    if media is None:  # it was erased meanwhile
        return MediaSettled(work.turn, work.message, "nothing", reason="not_fetched", bare=True)
    settled = await answering.files.settle(kind, media, answering.run_timeout, key)
    return MediaSettled(
        work.turn,
        work.message,
        settled.form,
        text=settled.text,
        reason=settled.reason,
        detail=settled.detail,
        bare=not words.strip(),
        model=settled.model,
        usage=tokens_of(settled.usage),
    )
