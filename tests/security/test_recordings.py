"""Hostile recordings: a file that names other files or addresses is read alone, and none takes long or much."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import pytest

from backends.content import voice
from backends.content.voice import voice_of
from backends.protocol import CannotBeRead
from tests import sample_files as samples
from tests.speaking import sent_as, spoken


def wav(channels: int, rate: int, size: int) -> bytes:
    """A WAV file that claims to hold `size` bytes."""
    shape = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * 2 & 0xFFFFFFFF, channels * 2 & 0xFFFF, 16)
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + shape + b"data" + struct.pack("<I", size) + bytes(min(size, 1_000_000))


OTHERS = {
    "a list of files": b"ffconcat version 1.0\nfile secret.wav\n",
    "a list of streams": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.ts\n#EXT-X-ENDLIST\n",
    "an address to listen at": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 5004 RTP/AVP 0\r\n",
    "a manifest": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    b'<AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1"><BaseURL>secret.mp4</BaseURL>'
    b"</Representation></AdaptationSet></Period></MPD>",
}
BROKEN = {
    "nothing": b"",
    "zeros": bytes(100_000),
    "a page": b"<html><script>alert(1)</script>",
    "an archive": samples.package("a.wav"),
    "a picture": samples.picture("PNG"),
    "a moving picture": samples.animated("GIF"),
    "a video without sound": samples.recording("mp4", "libx264"),
    "half a head": sent_as("webm", "libopus", 48_000, spoken("one"))[:300],
    "64 channels": wav(64, 48_000, 500_000),
    "65,535 channels": wav(65_535, 48_000, 500_000),
    "no channels": wav(0, 48_000, 500_000),
    "4 GHz": wav(1, 4_000_000_000, 500_000),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_a_recording_reads_no_other_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = spoken("one two three")
    (tmp_path / "secret.wav").write_bytes(said)
    (tmp_path / "secret.ts").write_bytes(sent_as("mpegts", "aac", 44_100, said))
    (tmp_path / "secret.mp4").write_bytes(sent_as("mp4", "aac", 44_100, said))
    monkeypatch.setattr(voice, "SECONDS", 5)
    with pytest.raises(CannotBeRead) as refused:
        await voice_of(OTHERS[name])
    assert "within" not in refused.value.detail, "it was refused at once"


@pytest.mark.parametrize("name", BROKEN)
async def test_what_holds_no_sound_is_refused(name: str) -> None:
    with pytest.raises(CannotBeRead) as refused:
        await voice_of(BROKEN[name])
    assert refused.value.reason == "file_unreadable"


def silence(seconds: int) -> bytes:
    """So much sound in few bytes."""
    with av.open(out := io.BytesIO(), "w", format="ogg") as sink:
        stream = sink.add_stream("libopus", 8000, {"dtx": "1", "frame_duration": "60"}, layout="mono", bit_rate=6000)
        frame = samples.blank(av.AudioFrame("s16", "mono", 8000))
        for second in range(seconds):
            frame.pts, frame.sample_rate = second * 8000, 8000
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize("bomb", [silence(30), wav(1, 1, 60)], ids=["silence", "one sample a second"])
async def test_more_sound_than_a_voice_message_has(bomb: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends where the bound is, however few bytes it has."""
    monkeypatch.setattr(voice, "LONGEST", 10)
    with pytest.raises(CannotBeRead) as refused:
        await voice_of(bomb)
    assert refused.value.reason == "too_large"


async def test_more_bytes_than_a_voice_message_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "_LARGEST_MADE", 100)
    with pytest.raises(CannotBeRead, match="does not stop"):
        await voice_of(sent_as("webm", "libopus", 48_000, spoken("one two three")))


async def test_more_time_than_a_voice_message_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "SECONDS", 0)
    with pytest.raises(CannotBeRead):
        await voice_of(sent_as("webm", "libopus", 48_000, spoken("one two three")))
