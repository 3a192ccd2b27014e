"""Transcribes audio with `POST /audio/transcriptions` of OpenAI or a compatible server.

https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import openai

from backends.protocol import CannotBeRead, Transcript, Usage
from backends.provider.client import Wire, count
from backends.provider.retry import AttemptFailed, persist

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
"""File name for each MIME type: the API reads the format from the name's ending."""


class _Usage(msgspec.Struct):
    """Servers count tokens, or the seconds of speech."""

    input_tokens: Any = None
    output_tokens: Any = None
    seconds: Any = None


class _Transcription(msgspec.Struct):
    text: str
    usage: _Usage | None = None


class Transcription:
    """Transcribes voice notes with one client. `model` empty: nothing is transcribed."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        model: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._wire = Wire(api_key, base_url)
        self._sleep = sleep

    async def close(self) -> None:
        await self._wire.close()

    async def transcribe(self, audio: bytes, mime: str, patience: float) -> Transcript:
        """The transcript of `audio` of the type `mime` (without parameters). Raises CannotBeRead, ReplyFailed."""
        name = _NAMES.get(mime)
        if not self._model:
            raise CannotBeRead("unsupported", "no model transcribes")
        if name is None:
            raise CannotBeRead("unsupported", f"{mime or 'audio without a type'} is not transcribed")
        fields = {"model": self._model, "response_format": "json"}

        async def ask() -> Transcript:
            answer = await self._wire.post_form("/audio/transcriptions", fields, (name, audio, mime))
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


def _meaning(failure: AttemptFailed) -> Exception:
    """CannotBeRead if the audio is at fault, or the server cannot transcribe at all; else the failure itself."""
    error = failure.__cause__
    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    if status in (404, 405, 501):
        return CannotBeRead("unsupported", f"the server does not transcribe: {failure.detail}")
    if status in (400, 413, 415, 422):
        return CannotBeRead("file_unreadable", failure.detail)
    return failure
