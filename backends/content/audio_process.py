"""Converts audio to a format that every recogniser reads, in a process of its own: bytes in, bytes out.

Run as `python -m backends.content.audio_process SECONDS`. A stranger made the audio: a file that takes for ever, or all
memory, ends this process and nothing else. Exit status 0 with the audio, 3 with the reason why it cannot be read, 4
with the reason why it is too long.

PyAV reads AAC, AMR, MP3, Opus, Vorbis, FLAC, WAV and more, and needs no program beside it.
"""

from __future__ import annotations

import io
import sys
import wave
from collections.abc import Iterator
from typing import cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import codecs_available

from backends.content.confinement import confine
from backends.content.reader_end import TooLong, answer
from events.details import Detail

LONGEST = 60 * 60
"""Seconds of audio."""

RATE = 16_000
"""Samples a second, each of two bytes: recognisers hear no more."""

WAV_UP_TO = 10 * 60
"""Seconds. Every recogniser reads WAV, and it costs a fifth of Opus; ten minutes of it have 19 MB. Longer sound
becomes Opus in Ogg, of which an hour has 11 MB: OpenAI takes 25."""

_OPUS_BITS = 24_000
"""Bits a second."""


_ALONE = {
    "format_whitelist": "3g2,3gp,aac,aiff,amr,amrnb,amrwb,asf,au,avi,caf,flac,flv,m4a,matroska,mj2,mov,mp3,mp4,mpeg,"
    "mpegts,ogg,tta,w64,wav,webm,wv",
    "protocol_whitelist": "none",
}
"""Formats that hold sound, and no lists of other files and addresses (concat, HLS, SDP): a stranger's file is read
alone."""

_DECODERS = {"amrnb": "libopencore_amrnb", "amrwb": "libopencore_amrwb"}
"""The decoders in place of FFmpeg's own, which refuse the pauses (DTX) that phones write between words."""


def converted(body: bytes) -> bytes:
    """The audio of `body` with one channel, as WAV or as Opus in Ogg. Raises TooLong; for a broken file any exception
    of PyAV's."""
    samples = bytearray()
    for frame in frames(body, RATE):
        samples += bytes(frame.planes[0])[: frame.samples * 2]
        if len(samples) > LONGEST * RATE * 2:
            raise TooLong(Detail.TOO_MANY_MINUTES.said(minutes=LONGEST // 60))
    as_wav = _wav(samples)
    return as_wav if len(samples) <= WAV_UP_TO * RATE * 2 else _ogg(as_wav)


def frames(body: bytes, rate: int) -> Iterator[av.AudioFrame]:
    """The sound of `body` with one channel and `rate` samples a second. Raises any exception of PyAV's."""
    resampler = AudioResampler("s16", "mono", rate)
    with av.open(io.BytesIO(body), "r", metadata_errors="replace", options=dict(_ALONE)) as source:
        if not source.streams.audio:
            raise ValueError(Detail.NO_SOUND)
        stream = source.streams.audio[0]
        decoder = _decoder(stream)
        for packet in source.demux(stream):
            for frame in decoder.decode(packet):
                frame.pts = None  # in a damaged file any number
                yield from resampler.resample(frame)
        yield from resampler.resample(None)


def _decoder(stream: AudioStream) -> AudioCodecContext:
    own = stream.codec_context
    name = _DECODERS.get(own.name)
    if name is None or name not in codecs_available:
        return own
    decoder = cast(AudioCodecContext, AudioCodecContext.create(name, "r"))
    decoder.sample_rate, decoder.layout = own.sample_rate, own.layout
    return decoder


def _wav(samples: bytes | bytearray) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples)
    return out.getvalue()


def _ogg(as_wav: bytes) -> bytes:
    out = io.BytesIO()
    with av.open(io.BytesIO(as_wav), "r") as source, av.open(out, "w", format="ogg") as sink:
        # At this level it costs a third of the default.
        stream = sink.add_stream("libopus", RATE, {"compression_level": "1"}, layout="mono", bit_rate=_OPUS_BITS)
        for frame in source.decode(audio=0):
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return out.getvalue()


def main() -> int:
    confine(int(sys.argv[1]))
    return answer(converted)


if __name__ == "__main__":
    sys.exit(main())
