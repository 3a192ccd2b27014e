"""Files in a conversation: the largest that models take, and the text or attachment that a model is shown of one."""

from __future__ import annotations

import msgspec

from chat.context import Attachment
from events.decisions import MediaForm
from events.inbound import Media

MIB = 1024**2

LARGEST_READ = {"audio": 16 * MIB, "image": 20 * MIB, "document": 32 * MIB}
"""Most bytes of a file, by kind. WhatsApp's own clients send 16 MB of audio. The models' APIs take requests of 50 MB, a
quarter of which is base64's overhead."""

_AUDIO_ENDINGS = (".aac", ".amr", ".awb", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma")
_NO_TYPE = frozenset({"", "application/octet-stream", "binary/octet-stream"})

LONGEST_PAST = 2_000
"""Characters of a document's text that a model is shown after the turn of the document has ended."""

_REASONS = {
    "too_large": "it is too large",
    "file_unreadable": "it is damaged or empty",
    "unreadable": "it is damaged or empty",  # of older versions
    "unsupported": "files of this kind cannot be opened here",
    "not_fetched": "it did not arrive",
    "not_transcribed": "voice is not heard here",
}


class FileRead(msgspec.Struct, frozen=True, gc=False):
    """The outcome of reading a message's file; see events.decisions.MediaRead."""

    form: MediaForm
    text: str | None = None
    reason: str | None = None


def bare_mime(mime: str | None) -> str:
    """The type without its parameters: `audio/ogg` of `audio/ogg; codecs=opus`."""
    return (mime or "").partition(";")[0].strip().lower()


def is_audio(kind: str, media: Media) -> bool:
    """True if the file is heard: an audio message, or a document that is audio, as a forwarded voice note may be."""
    mime = bare_mime(media.mime)
    if kind != "document":
        return kind == "audio"
    named_so = mime in _NO_TYPE and (media.filename or "").lower().endswith(_AUDIO_ENDINGS)
    return mime.startswith("audio/") or mime == "application/ogg" or named_so


def shown(
    kind: str, caption: str, media: Media, reading: FileRead | None, *, past: bool
) -> tuple[str, tuple[Attachment, ...]]:
    """A message with a file: its text and, unless it is `past`, the file itself if the model is shown it as it is."""
    kind = "audio" if is_audio(kind, media) else kind
    name = _name(kind, media)
    said, attachments = f"[{name}, which cannot be opened here]", tuple[Attachment, ...]()
    if reading is not None and reading.form == "text":
        said = _words(kind, name, reading.text or "", past=past)
    elif reading is not None and reading.form == "nothing":
        said = f"[{name}, which could not be opened: {_REASONS.get(reading.reason or '', 'it is damaged')}]"
    elif reading is not None:
        said = f"[{name}, which was shown to you before]" if past else f"[{name}]"
        if not past:
            attachments = (Attachment(media.object, bare_mime(media.mime), media.filename or _plain_name(media)),)
    return (f"{said}\n{caption}" if caption.strip() else said), attachments


def without_file(kind: str, text: str) -> str:
    """A message without a file: its words, or a note of what it is where it has none."""
    if kind == "reaction":
        return f"[reacted with {text}]" if text.strip() else "[took a reaction back]"
    if kind == "text" or text.strip():
        return text
    return f"[{'message' if kind == 'unsupported' else kind} that cannot be opened here]"


def _words(kind: str, name: str, text: str, *, past: bool) -> str:
    if kind == "audio":
        return f"[{name}] {text}"
    if past and len(text) > LONGEST_PAST:
        return f"[{name}, which begins:]\n{text[:LONGEST_PAST]} …"
    return f"[{name}:]\n{text}\n[end of the document]"


def _name(kind: str, media: Media) -> str:
    named = f" {media.filename}" if media.filename else ""
    match kind:
        case "audio":
            return "voice message" if media.voice else f"audio file{named}"
        case "image":
            return "picture"
        case "document":
            return f"document{named}"
        case _:
            return kind


def _plain_name(media: Media) -> str:
    return "file." + bare_mime(media.mime).rpartition("/")[2]
