"""Files of people, and a browser that fetches them from the desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from events.inbound import Media, Message
from events.subjects import ChatKey
from tests import sample_files as samples
from tests.console.conftest import ANA, Page, serve
from tests.console.given import address
from tests.console.stored import Stores

SCRIPT = b"<script>document.title = 'owned'</script>"
GIF = samples.picture("GIF")
SHOWN_FILES: dict[str, tuple[bytes, str, str]] = {
    "jpeg": (samples.picture("JPEG"), "image", "image/jpeg"),
    "png": (samples.picture("PNG"), "image", "image/png"),
    "gif": (GIF, "image", "image/gif"),
    "webp": (samples.picture("WEBP"), "image", "image/webp"),
    "sticker": (samples.picture("WEBP", "RGBA"), "sticker", "image/webp"),
    "lossless": (samples.picture("WEBP", lossless=True), "sticker", "image/webp"),
    "moving": (samples.animated("WEBP"), "sticker", "image/webp"),
    "opus": (samples.recording("ogg", "libopus"), "audio", "audio/ogg"),
    "mp3": (samples.recording("mp3", "libmp3lame"), "audio", "audio/mpeg"),
    "aac": (samples.recording("adts", "aac"), "audio", "audio/aac"),
    "m4a": (samples.recording("ipod", "aac"), "audio", "audio/mp4"),
    "sound in mp4": (samples.recording("mp4", "aac"), "audio", "audio/mp4"),
    "wav": (samples.recording("wav", "pcm_s16le"), "audio", "audio/wav"),
    "flac": (samples.recording("flac", "flac"), "audio", "audio/flac"),
    "recorded": (samples.recording("webm", "libopus"), "audio", "audio/webm"),
    "webm": (samples.recording("webm", "libvpx"), "video", "video/webm"),
    "mp4": (samples.recording("mp4", "libx264", "aac"), "video", "video/mp4"),
    "quicktime": (samples.recording("mov", "libx264"), "video", "video/mp4"),
    "3gp": (samples.recording("3gp", "mpeg4"), "video", "video/3gpp"),
    # A picture that is a program too is a picture: its type is its own, and nosniff lets no browser run it.
    "gif and script": (b"GIF89a/*" + GIF[8:] + b"*/=1;alert(1)", "image", "image/gif"),
    "jpeg and page": (samples.picture("JPEG") + SCRIPT, "image", "image/jpeg"),
    "png and archive": (samples.picture("PNG") + samples.package("a.html"), "image", "image/png"),
}


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[tuple[Page, Stores]]:
    async with serve(tmp_path) as page:
        stores = Stores()
        object.__setattr__(page.deps, "files", stores)
        yield page, stores


def message(number: int, kind: str = "image", **media: Any) -> Message:
    return Message(id=f"m{number}", kind=kind, text="", media=Media(object=f"a{number}", **media))


def of(seq: int | str, key: ChatKey = ANA) -> str:
    return address(key, f"/media/{seq}")


async def fetched(page: Page, where: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with page.session.get(page.address + where, headers=given) as response:
        return response.status, {k.lower(): v for k, v in response.headers.items()}, await response.read()


def held(headers: dict[str, str]) -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "private, no-store"
