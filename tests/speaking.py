"""Speech for tests: espeak-ng says words, pocketsphinx hears them, PyAV writes what phones send."""

from __future__ import annotations

import ctypes
import io
import subprocess
import sys
import tempfile
import wave
from functools import cache
from pathlib import Path

import av
import espeakng_loader
from pocketsphinx import Decoder

RATE = 16_000
"""Samples a second of what pocketsphinx hears."""

_SYNCHRONOUS, _UTF8 = 2, 1
_MEANS = "65.78,6.25,-8.05,27.38,-7.43,6.58,0.25,-40.41,-3.12,-29.01,14.74,0.05,-4.54"
"""The cepstral means of espeak-ng's voice. Without them a new recogniser misses words."""

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "nine")
_GRAMMAR = f"#JSGF V1.0;\ngrammar numbers;\npublic <numbers> = ( {' | '.join(_NUMBERS)} )+;\n"
_ON_SAMPLES = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def _voice() -> tuple[ctypes.CDLL, int]:
    """espeak-ng and the samples a second that it speaks in."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    assert library.espeak_SetVoiceByName(b"en-us") == 0
    return library, rate


@cache
def spoken(words: str) -> bytes:
    """The words as WAV. A process of its own says them: espeak-ng says words otherwise after others."""
    return subprocess.run(
        [sys.executable, "-m", "tests.speaking", words], capture_output=True, check=True, cwd=Path(__file__).parents[1]
    ).stdout


def _said(words: str) -> bytes:
    library, rate = _voice()
    pieces = list[bytes]()

    @_ON_SAMPLES
    def keep(samples: ctypes._Pointer[ctypes.c_short], count: int, _: int) -> int:
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    library.espeak_SetSynthCallback(keep)
    said = words.encode()
    assert library.espeak_Synth(said, len(said) + 1, 0, 0, 0, _UTF8, None, None) == 0
    return _wav(b"".join(pieces), rate)


@cache
def sent_as(container: str, codec: str, rate: int, wav: bytes) -> bytes:
    """The sound of `wav` as a phone sends it."""
    out = io.BytesIO()
    with av.open(io.BytesIO(wav)) as source, av.open(out, "w", format=container) as sink:
        stream = sink.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(stream.codec_context.format, "mono", rate)
        for frame in source.decode(audio=0):
            for piece in resampler.resample(frame):
                sink.mux(stream.encode(piece))
        sink.mux(stream.encode(None))
    return out.getvalue()


def heard(audio: bytes) -> str:
    """The numbers, up to nine, that are said in the audio."""
    with av.open(io.BytesIO(audio)) as source:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [piece for frame in source.decode(audio=0) for piece in resampler.resample(frame)]
        samples = b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)
    decoder = _decoder()
    decoder.set_cmn(_MEANS)
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    said = decoder.hyp()
    return said.hypstr if said is not None else ""


def _decoder() -> Decoder:
    """A new one for each sound: it would hear by what it heard before."""
    with tempfile.TemporaryDirectory() as folder:
        grammar = Path(folder) / "numbers.gram"
        grammar.write_text(_GRAMMAR)
        return Decoder(jsgf=str(grammar), lm=None, loglevel="FATAL")


def _wav(samples: bytes, rate: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples)
    return out.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(_said(sys.argv[1]))
