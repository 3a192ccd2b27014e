"""Small files of every type that people have, made by the libraries that make them elsewhere."""

from __future__ import annotations

import io
from functools import cache
from typing import Any
from zipfile import ZipFile

import av
from docx import Document
from PIL import Image


def picture(form: str, mode: str = "RGB", size: tuple[int, int] = (16, 16), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, form, **options)
    return file.getvalue()


def animated(form: str) -> bytes:
    one, other = (Image.new("RGB", (16, 16), colour) for colour in ("red", "blue"))
    one.save(file := io.BytesIO(), form, save_all=True, append_images=[other])
    return file.getvalue()


@cache
def recording(form: str, *codecs: str, channels: int = 1) -> bytes:
    """A tenth of a second of each codec."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        streams = [_stream(container, codec, channels) for codec in codecs]
        for stream, frame in streams:
            frame.pts = 0
            container.mux([*stream.encode(frame), *stream.encode()])
    return file.getvalue()


def _stream(container: Any, codec: str, channels: int) -> tuple[Any, Any]:
    if codec in {"libx264", "mpeg4", "libvpx", "mjpeg"}:
        stream = container.add_stream(codec, rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        return stream, blank(av.VideoFrame(64, 64, stream.pix_fmt))
    rate = 8000 if codec == "libopencore_amrnb" else 48000
    layout = "mono" if channels == 1 else "stereo"
    stream = container.add_stream(codec, rate=rate, layout=layout)
    frame = blank(av.AudioFrame("s16", layout, 4800))
    frame.sample_rate = rate
    return stream, frame


def blank(frame: Any) -> Any:
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


def package(*names: str) -> bytes:
    """A ZIP archive with these members."""
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


def word() -> bytes:
    Document().save(file := io.BytesIO())
    return file.getvalue()


def old_office(stream: str) -> bytes:
    """The frame of a file of Microsoft's compound format with this stream in its directory."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head[30] = 9
    return bytes(head) + f"Root Entry\0{stream}\0".encode("utf-16-le").ljust(512, b"\0")


PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
