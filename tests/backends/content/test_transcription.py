"""What people say reaches a recogniser, in each format that phones send."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from pathlib import Path

import pytest
from av.error import FFmpegError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.content.audio_process import LONGEST, RATE, WAV_UP_TO, converted
from backends.content.confinement import TOO_LARGE
from backends.content.reader_end import TooLong
from backends.content.reader_process import Output
from backends.content.transcription import AS_IT_IS, LARGEST, Transcription
from backends.protocol import CannotBeRead, ReplyFailed, Usage
from backends.provider.retry import AttemptFailed
from tests.backends.asking import Naps
from tests.doubles.openai_server import OpenAIDouble
from tests.speaking import heard, sent_as, spoken

SAID = "seven four two"

PATIENCE = 60.0
"""Seconds; no test waits for their end."""


def at_once() -> AbstractAsyncContextManager[None]:
    """No other file is being opened."""
    return nullcontext()


@pytest.fixture
async def listener(double: OpenAIDouble) -> AsyncIterator[Transcription]:
    made = Transcription(api_key=double.api_key, base_url=double.base_url, model="gpt-transcribe", sleep=Naps())
    yield made
    await made.close()


async def test_a_voice_note_is_written_down(listener: Transcription, double: OpenAIDouble) -> None:
    """As it is, under a name that the API takes; its cost is returned."""
    double.uploads.words = lambda _: "do you have bread?"
    words = await listener.transcribe(b"OggS" * 100, "audio/ogg", PATIENCE, at_once)
    assert (words.text, words.model, words.usage) == ("do you have bread?", "gpt-transcribe", Usage(40, 4))
    (sent,) = double.uploads.heard
    assert (sent.name, sent.model, sent.body) == ("voice.ogg", "gpt-transcribe", b"OggS" * 100)


@pytest.mark.parametrize("mime", ["audio/ogg", "audio/mpeg", "audio/mp4", "audio/wav"])
async def test_every_name_is_taken(listener: Transcription, mime: str) -> None:
    """The API reads the format from the name's ending."""
    assert (await listener.transcribe(b"x", mime, PATIENCE, at_once)).text


@pytest.mark.parametrize(
    ("mime", "sent"),
    [
        ("audio/ogg", ("ogg", "libopus", 48_000)),
        ("audio/mp4", ("mp4", "aac", 44_100)),
        ("audio/mpeg", ("mp3", "libmp3lame", 44_100)),
        ("audio/aac", ("adts", "aac", 44_100)),
        ("audio/amr", ("amr", "libopencore_amrnb", 8_000)),
        ("audio/3gpp", ("3gp", "libopencore_amrnb", 8_000)),
        ("application/ogg", ("ogg", "libopus", 48_000)),
        ("application/octet-stream", ("webm", "libopus", 48_000)),
        ("", ("aiff", "pcm_s16be", 16_000)),
    ],
)
async def test_speech_is_heard_in_every_format(
    listener: Transcription, double: OpenAIDouble, mime: str, sent: tuple[str, str, int]
) -> None:
    """A recogniser hears the words that were said; the server takes each name that it is sent."""
    double.uploads.words = heard
    audio = sent_as(*sent, spoken(SAID))
    assert (await listener.transcribe(audio, mime, PATIENCE, at_once)).text == SAID


WIDE_BAND = Path(__file__).with_name("seven_four_two.awb").read_bytes()
"""SAID, spoken by espeak-ng, in AMR-WB at 12.65 kbit/s with pauses (DTX), written with libvo-amrwbenc: no wheel has an
encoder."""

NO_DATA = bytes([15 << 3 | 4])
"""A frame of 20 ms in which nothing was sent (RFC 4867)."""

PAUSE = {"#!AMR\n": bytes([8 << 3 | 4]) + bytes(5), "#!AMR-WB\n": bytes([9 << 3 | 4]) + bytes(5)}
"""A frame of 20 ms that describes a pause, by the beginning of the file."""


@pytest.mark.parametrize("mime", ["audio/amr-wb", "audio/3gpp", "audio/amr", "audio/awb", ""])
async def test_wide_band_speech_is_heard(listener: Transcription, double: OpenAIDouble, mime: str) -> None:
    double.uploads.words = heard
    assert (await listener.transcribe(WIDE_BAND, mime, PATIENCE, at_once)).text == SAID


@pytest.mark.parametrize("begins", PAUSE)
@pytest.mark.parametrize("without", [True, False], ids=["no data", "pauses"])
def test_pauses_are_silence(begins: str, without: bool) -> None:
    """A phone sends few frames between the words, or none."""
    frames = NO_DATA * 50 if without else (PAUSE[begins] + NO_DATA * 7) * 6 + PAUSE[begins] * 2
    sound = converted(begins.encode() + frames)
    with wave.open(io.BytesIO(sound)) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(1.0, abs=0.05)
        samples = memoryview(file.readframes(RATE)).cast("h")
    assert not without or max(map(abs, samples)) < 100  # a pause may be noise


async def test_a_server_that_reads_wav_alone(listener: Transcription, double: OpenAIDouble) -> None:
    """whisper.cpp's server refuses Ogg: the note is converted, and later ones are at once."""
    double.uploads.words, double.uploads.takes = heard, frozenset({"wav"})
    audio = sent_as("ogg", "libopus", 48_000, spoken(SAID))
    for _ in range(2):
        assert (await listener.transcribe(audio, "audio/ogg", PATIENCE, at_once)).text == SAID
    assert [one.name for one in double.uploads.heard] == ["voice.wav", "voice.wav"]
    assert double.uploads.refused == 1


async def test_a_provider_that_fails_is_asked_again(listener: Transcription, double: OpenAIDouble) -> None:
    """As it is for replies."""
    double.uploads.faults = [500, 429]
    assert (await listener.transcribe(b"x", "audio/ogg", PATIENCE, at_once)).text
    assert len(double.uploads.heard) == 3


@pytest.mark.parametrize("mime", ["audio/ogg", "audio/amr", "audio/x-unheard-of", ""])
async def test_audio_that_cannot_be_heard(listener: Transcription, double: OpenAIDouble, mime: str) -> None:
    """The file is at fault, and the error says so."""
    double.uploads.faults = [400]
    with pytest.raises(CannotBeRead) as raised:
        await listener.transcribe(b"x" * 300, mime, PATIENCE, at_once)
    assert raised.value.reason == "file_unreadable"
    assert "Invalid data" in raised.value.detail


async def test_silence_refused_twice_is_the_files_fault(listener: Transcription, double: OpenAIDouble) -> None:
    """A server that refuses the converted file too."""
    double.uploads.faults = [400, 400]
    audio = sent_as("ogg", "libopus", 48_000, spoken(SAID))
    with pytest.raises(CannotBeRead) as raised:
        await listener.transcribe(audio, "audio/ogg", PATIENCE, at_once)
    assert raised.value.reason == "file_unreadable"
    assert (await listener.transcribe(audio, "audio/ogg", PATIENCE, at_once)).text
    assert double.uploads.heard[-1].name == "voice.ogg"


async def test_a_server_that_does_not_transcribe(listener: Transcription, double: OpenAIDouble) -> None:
    """The person is told that voice is not heard here; the file is not converted and tried again."""
    double.uploads.transcribes = False
    with pytest.raises(CannotBeRead) as raised:
        await listener.transcribe(b"x", "audio/ogg", PATIENCE, at_once)
    assert raised.value.reason == "not_transcribed"


async def test_a_wrong_key_is_not_the_files_fault(double: OpenAIDouble) -> None:
    """The turn fails, as it would for a reply, and can be tried again."""
    made = Transcription(api_key="sk-wrong", base_url=double.base_url, model="gpt-transcribe")
    with pytest.raises(ReplyFailed) as raised:
        await made.transcribe(b"x", "audio/ogg", PATIENCE, at_once)
    assert isinstance(raised.value, AttemptFailed)
    assert raised.value.error_class == "bad_key"
    await made.close()


async def test_conversions_wait_for_their_turn(listener: Transcription) -> None:
    """As documents do: one person's files do not delay another's."""
    free = asyncio.Semaphore(0)

    @asynccontextmanager
    async def in_turn() -> AsyncIterator[None]:
        async with free:
            yield

    audio = sent_as("amr", "libopencore_amrnb", 8_000, spoken(SAID))
    waiting = asyncio.create_task(listener.transcribe(audio, "audio/amr", PATIENCE, in_turn))
    await asyncio.sleep(0)
    assert not waiting.done()
    free.release()
    assert (await waiting).text


def test_a_long_recording_becomes_opus_and_a_longer_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opus keeps an hour within what servers take; WAV keeps ten minutes."""
    assert WAV_UP_TO * RATE * 2 < LARGEST
    assert LONGEST * 24_000 / 8 < LARGEST
    audio = spoken(SAID)
    assert converted(audio).startswith(b"RIFF")
    monkeypatch.setattr("backends.content.audio_process.WAV_UP_TO", 0)
    as_opus = converted(audio)
    assert as_opus.startswith(b"OggS")
    assert heard(as_opus) == SAID
    monkeypatch.setattr("backends.content.audio_process.LONGEST", 0)
    with pytest.raises(TooLong, match="longer than"):
        converted(audio)


async def test_the_readers_reason_is_the_files(listener: Transcription, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that is too long is no damaged one."""

    async def too_long(*_: str, **__: object) -> Output:
        return Output(TOO_LARGE, b"it is longer than 60 minutes")

    monkeypatch.setattr("backends.content.transcription.run", too_long)
    with pytest.raises(CannotBeRead, match="60 minutes") as raised:
        await listener.transcribe(b"x" * (AS_IT_IS + 1), "audio/ogg", PATIENCE, at_once)
    assert raised.value.reason == "too_large"


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.sampled_from(range(2)), cut=st.floats(0, 1), noise=st.binary(max_size=40), at=st.floats(0, 1))
def test_damaged_audio_is_read_or_refused(which: int, cut: float, noise: bytes, at: float) -> None:
    """A file that is cut, or has other bytes in the middle, gives sound or an exception of its reader's."""
    how = (("ogg", "libopus", 48_000), ("amr", "libopencore_amrnb", 8_000))[which]
    note = sent_as(*how, spoken(SAID))
    broken = note[: int(len(note) * cut)]
    place = int(len(broken) * at)
    broken = broken[:place] + noise + broken[place + len(noise) :]
    with suppress(FFmpegError, ValueError):
        assert converted(broken)[:4] in (b"RIFF", b"OggS")
