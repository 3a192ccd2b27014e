"""The settings for voice notes, pictures and documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from recado.settings.variables import Variable, duration, secret, text, url


@dataclass(frozen=True, kw_only=True, repr=False)
class MediaSettings:
    """The settings for voice notes, pictures and documents."""

    transcription_model: Annotated[
        str,
        Variable(
            name="OPENAI_TRANSCRIPTION_MODEL",
            profile=True,
            reader=text(),
            meaning="The model that transcribes voice notes (`POST /audio/transcriptions`). Empty: voice notes are not "
            "transcribed, and people are told so.",
            example="whisper-1",
            keep_empty=True,
        ),
    ] = "gpt-transcribe"
    transcription_base_url: Annotated[
        str | None,
        Variable(
            name="OPENAI_TRANSCRIPTION_BASE_URL",
            profile=True,
            reader=url("https", "http", example="http://localhost:8000/v1"),
            meaning="The server that transcribes voice notes, where it is another than the one of `OPENAI_BASE_URL`.",
            example="http://localhost:8000/v1",
        ),
    ] = None
    transcription_api_key: Annotated[
        str,
        Variable(
            name="OPENAI_TRANSCRIPTION_API_KEY",
            named=True,
            reader=secret(),
            meaning="The key for `OPENAI_TRANSCRIPTION_BASE_URL`. `OPENAI_API_KEY` is never sent there.",
            example="gsk_…",
            secret=True,
        ),
    ] = ""
    media_kept: Annotated[
        timedelta,
        Variable(
            name="RECADO_MEDIA_KEPT",
            reader=duration(timedelta(minutes=5), timedelta(days=3650)),
            meaning="The time for which the object store keeps voice notes, pictures and documents. The text that was "
            "read from them stays in the log.",
            example="24h",
        ),
    ] = timedelta(days=7)
