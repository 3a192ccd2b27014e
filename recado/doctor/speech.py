"""Checks whether voice notes are transcribed: a spoken sentence is sent to the server, and its words must come back."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from backends.content.transcription import Transcription
from backends.protocol import CannotBeRead, ReplyFailed, Transcript
from recado.doctor.finding import Finding
from recado.settings.settings import Settings
from recado.wiring.media import transcription_of
from recado.wiring.modules import speech_problem

SENTENCE = Path(__file__).with_name("sentence.ogg")
"""Two seconds of speech, made with espeak-ng: "Please bring bread and seven bottles of water."."""

WORDS = ("bread", "bottles", "water")
"""Words of the sentence, at least two of which a recogniser must hear."""

WITHIN = 10.0
"""Seconds for the server to answer."""

_WHAT = "speech"


async def heard_by(transcription: Transcription, within: float) -> Transcript:
    """The sentence as the server hears it, sent as a voice note would be. Raises CannotBeRead, ReplyFailed."""
    return await transcription.transcribe(SENTENCE.read_bytes(), "audio/ogg", within, nullcontext)


def is_the_sentence(heard: str) -> bool:
    """True if the sentence was heard, give or take a word."""
    return sum(word in heard.lower() for word in WORDS) >= 2


async def speech_finding(settings: Settings) -> Finding:
    """Have the sentence transcribed, as a voice note would be."""
    if not settings.mode.has_provider:
        return Finding(_WHAT, "ok", "scripted replies hear nothing")
    if (missing := speech_problem(settings)) is not None:
        return Finding(_WHAT, "failure", missing)
    transcription = transcription_of(settings)
    if transcription is None:
        return Finding(
            _WHAT,
            "warning",
            "voice notes are not transcribed: people are asked to write",
            "set OPENAI_TRANSCRIPTION_MODEL, and OPENAI_TRANSCRIPTION_BASE_URL where another server does it",
        )
    where = settings.transcription_base_url or settings.openai_base_url or "OpenAI"
    what = f"{settings.transcription_model} at {where}"
    try:
        heard = await heard_by(transcription, WITHIN)
    except (CannotBeRead, ReplyFailed) as failure:
        return Finding(
            _WHAT,
            "warning",
            f"{what} transcribes nothing: {failure.detail}",
            "set OPENAI_TRANSCRIPTION_BASE_URL to a server with POST /audio/transcriptions, or leave "
            "OPENAI_TRANSCRIPTION_MODEL empty: then people are asked to write",
        )
    finally:
        await transcription.close()
    if not is_the_sentence(heard.text):
        said = heard.text[:80]
        return Finding(_WHAT, "warning", f"{what} heard {said!r} in a clear sentence", "try another model")
    return Finding(_WHAT, "ok", what)
