"""The tracker: a text that recado sends with every message, and that WhatsApp returns with every status of it.

It is `biz_opaque_callback_data` (512 characters). When the answer to the POST was lost, only the tracker ties a message
to its reply, so it holds all that a receipt needs: the chat, the reply and the part.
"""

from __future__ import annotations

import msgspec

LONGEST = 512
"""Characters that Meta takes."""

FILE, READING = 1, 2
"""The numbers of `Tracker.file`."""


class Tracker(msgspec.Struct, frozen=True, gc=False, array_like=True, tag_field="v", tag="recado1"):
    """The message that a status is about. Written as a JSON array.

    - `chat`: the person's JID.
    - `reply`: the reply's id.
    - `part`: the part's number, counted from 1; 0 for a reply in one piece.
    - `of`: the number of parts; 0 for a reply in one piece.
    - `template`: the template that went out in the reply's stead.
    - `file`: 1: the message is a file; 2: the plain reading that went in place of one.
    """

    chat: str
    reply: str
    part: int = 0
    of: int = 0
    template: str | None = None
    file: int = 0


class TrackerTooLong(ValueError):
    """The names of chat and reply are too long for a tracker; such a reply cannot be sent safely."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the names of chat and reply make a tracker of {size} characters, WhatsApp takes {LONGEST}")
        self.size = size


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Tracker)


def written(tracker: Tracker) -> str:
    """The tracker as text. Raises TrackerTooLong."""
    text = _encoder.encode(tracker).decode()
    if len(text) > LONGEST:
        raise TrackerTooLong(len(text))
    return text


def read(text: str | None) -> Tracker | None:
    """The tracker in `text`; None if recado did not write it."""
    if not text:
        return None
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError:
        return None
