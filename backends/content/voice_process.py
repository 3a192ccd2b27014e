"""Makes a recording of a browser a voice message: bytes in, one channel of Opus in Ogg out, in a process of its own.

Run as `python -m backends.content.voice_process LONGEST SECONDS`: the most seconds of sound, and of CPU. The recording
is WebM or MP4 as the browser made it, or whatever was sent in its place. Exit statuses are those of `audio_process`.
WhatsApp shows anything but Opus in Ogg with one channel as a file.
"""

from __future__ import annotations

import io
import sys
from fractions import Fraction

import av

from backends.content.audio_process import frames
from backends.content.confinement import confine
from backends.content.reader_end import TooLong, answer
from events.details import Detail

RATE = 48_000
"""Samples a second, as phones record."""

_HOW = {"application": "voip", "compression_level": "5"}
_BITS = 32_000
"""Bits a second; speech of phones has about as many."""


def voice(body: bytes, longest: int) -> bytes:
    """The sound of `body` as a voice message. Raises TooLong; for a broken file any exception of PyAV's."""
    out, samples = io.BytesIO(), 0
    with av.open(out, "w", format="ogg") as sink:
        stream = sink.add_stream("libopus", RATE, _HOW, layout="mono", bit_rate=_BITS)
        for frame in frames(body, RATE):
            frame.pts, frame.time_base = samples, Fraction(1, RATE)
            samples += frame.samples
            if samples > longest * RATE:
                raise TooLong(Detail.TOO_MANY_MINUTES.said(minutes=longest // 60))
            sink.mux(stream.encode(frame))
        if not samples:
            raise ValueError(Detail.NO_SOUND)
        sink.mux(stream.encode(None))
    return out.getvalue()


def main() -> int:
    longest, seconds = map(int, sys.argv[1:])
    confine(seconds)
    return answer(lambda body: voice(body, longest))


if __name__ == "__main__":
    sys.exit(main())
