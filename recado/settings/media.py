"""The settings for voice notes, pictures and documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from recado.settings.variables import Variable, duration, text


@dataclass(frozen=True, kw_only=True, repr=False)
class MediaSettings:
    """The settings for voice notes, pictures and documents."""

    transcription_model: Annotated[
        str,
        Variable(
            name="OPENAI_TRANSCRIPTION_MODEL",
            profile=True,
            reader=text(),
            meaning="The model that transcribes voice notes, at `OPENAI_BASE_URL` (`POST /audio/transcriptions`). "
            "Empty: voice notes are not transcribed, and people are told so.",
            example="whisper-1",
            keep_empty=True,
        ),
    ] = "gpt-transcribe"
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
