"""Voice messages out of what browsers record: WebM with Opus, or MP4 with AAC."""

from __future__ import annotations

from importlib.util import find_spec

from backends.content.reader_process import refusal, run

LONGEST = 10 * 60
"""Seconds of a recording."""

LARGEST = 32 * 1000**2
"""Bytes of a recording: ten minutes of a browser have about 10 MB."""

SECONDS = 60
"""Seconds of CPU for one recording; ten minutes of sound take about ten."""

_LARGEST_MADE = 8 * 1000**2
_SLACK = 5


def can_convert() -> bool:
    """True if PyAV, which converts recordings, is installed."""
    return find_spec("av") is not None


async def voice_of(recording: bytes) -> bytes:
    """The recording as Opus in Ogg with one channel. Raises CannotBeRead."""
    longest = str(LONGEST + _SLACK)
    output = await run("backends.content.voice_process", longest, body=recording, seconds=SECONDS, most=_LARGEST_MADE)
    if output.status:
        raise refusal(output, SECONDS)
    return output.body
