"""Transcribes audio with `POST /audio/transcriptions` of OpenAI or a compatible server.

https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import openai

from backends.content.reader_process import refusal, run
from backends.protocol import CannotBeRead, Transcript, Usage
from backends.provider.client import Wire, count
from backends.provider.key import ApiKey
from backends.provider.retry import AttemptFailed, persist
from events.details import Detail

SECONDS = 60
"""Seconds of CPU for the conversion of one file. An hour of audio, the longest, takes about 20."""

LARGEST = 24 * 1024**2
"""Bytes of a converted file, at most."""

AS_IT_IS = 2 * 1024**2
"""Bytes of the largest file that is sent without a conversion: no voice note of this size lasts an hour."""

_NAMES = {
    "audio/ogg": "voice.ogg",  # WhatsApp's voice notes are Opus in Ogg; a name in .opus is refused
    "audio/opus": "voice.ogg",
    "audio/mpeg": "voice.mp3",
    "audio/mp3": "voice.mp3",
    "audio/mp4": "voice.m4a",
    "audio/x-m4a": "voice.m4a",
    "audio/m4a": "voice.m4a",
    "audio/wav": "voice.wav",
    "audio/x-wav": "voice.wav",
    "audio/webm": "voice.webm",
    "audio/flac": "voice.flac",
    "audio/x-flac": "voice.flac",
}
"""File name for each MIME type that servers read: they take the format from the name's ending."""

InTurn = Callable[[], AbstractAsyncContextManager[None]]
"""Waits until a file of the chat may be converted, and lets the next one in when left."""


class _Usage(msgspec.Struct):
    """Servers count tokens, or the seconds of speech."""

    input_tokens: Any = None
    output_tokens: Any = None
    seconds: Any = None


class _Transcription(msgspec.Struct):
    text: str
    usage: _Usage | None = None


class Transcription:
    """Transcribes voice notes and audio files with one client. `base_url` None is OpenAI's own.

    Ogg, MP3 and the like go to the server as they are; the rest is converted first, and so is a file that the server
    refuses. After a conversion has helped, this server is sent nothing else.
    """

    def __init__(
        self,
        *,
        api_key: ApiKey,
        base_url: str | None,
        model: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._wire = Wire(api_key, base_url)
        self._sleep = sleep
        self._converts_all = False

    async def close(self) -> None:
        await self._wire.close()

    async def transcribe(self, audio: bytes, mime: str, patience: float, in_turn: InTurn) -> Transcript:
        """The transcript of `audio` of the type `mime` (without parameters). Raises CannotBeRead, ReplyFailed.

        `patience` is in seconds; a conversion comes on top.
        """
        name = _NAMES.get(mime) if len(audio) <= AS_IT_IS and not self._converts_all else None
        if name is None:
            return await self._post(await _converted(audio, in_turn), patience)
        try:
            return await self._post((name, audio, mime), patience)
        except CannotBeRead as refused:
            if refused.reason != "file_unreadable":
                raise
        words = await self._post(await _converted(audio, in_turn), patience)
        self._converts_all = True
        return words

    async def _post(self, file: tuple[str, bytes, str], patience: float) -> Transcript:
        fields = {"model": self._model, "response_format": "json"}

        async def ask() -> Transcript:
            answer = await self._wire.post_form("/audio/transcriptions", fields, file)
            heard = self._wire.read(answer, _Transcription)
            used = heard.usage or _Usage()
            seconds = count(used.seconds + 0.999 if isinstance(used.seconds, float) else used.seconds)
            usage = Usage(count(used.input_tokens), count(used.output_tokens), seconds=seconds)
            return Transcript(heard.text, self._model, usage)

        deadline = asyncio.get_running_loop().time() + patience
        try:
            return await persist(ask, turn="", deadline=deadline, sleep=self._sleep)
        except AttemptFailed as failure:
            raise _meaning(failure) from failure


async def _converted(audio: bytes, in_turn: InTurn) -> tuple[str, bytes, str]:
    """The name, bytes and MIME type of the audio as WAV or Opus. Raises CannotBeRead."""
    async with in_turn():
        output = await run("backends.content.audio_process", body=audio, seconds=SECONDS, most=LARGEST)
    if output.status:
        raise refusal(output, SECONDS)
    if output.body.startswith(b"RIFF"):
        return "voice.wav", output.body, "audio/wav"
    return "voice.ogg", output.body, "audio/ogg"


def _meaning(failure: AttemptFailed) -> Exception:
    """CannotBeRead if the audio is at fault, or the server cannot transcribe at all; else the failure itself."""
    error = failure.__cause__
    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    if status in (404, 405, 501):
        return CannotBeRead("not_transcribed", Detail.NOT_TRANSCRIBED.said(words=failure.detail))
    if status in (400, 413, 415, 422):
        return CannotBeRead("file_unreadable", failure.detail)
    return failure
