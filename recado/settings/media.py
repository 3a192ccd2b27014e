"""The settings of what people send besides text."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from recado.settings.variables import Variable, duration, text
from recado.settings.whatsapp import WhatsAppSettings


class MediaSettings(WhatsAppSettings, frozen=True, kw_only=True):
    """What recado was told about voice notes, pictures and documents."""

    transcription_model: Annotated[
        str,
        Variable(
            name="OPENAI_TRANSCRIPTION_MODEL",
            reader=text(),
            meaning="The model that writes down voice notes, at `OPENAI_BASE_URL` (`POST /audio/transcriptions`). "
            "Empty: voice notes are not listened to, and people are told so.",
            example="whisper-1",
            keep_empty=True,
        ),
    ] = "gpt-transcribe"
    media_kept: Annotated[
        timedelta,
        Variable(
            name="RECADO_MEDIA_KEPT",
            reader=duration(timedelta(minutes=5), timedelta(days=3650)),
            meaning="How long voice notes, pictures and documents are kept in the object store. What was heard or read "
            "in them stays in the log.",
            example="24h",
        ),
    ] = timedelta(days=7)
