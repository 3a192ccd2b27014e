"""The tracker: what goes along with every message to WhatsApp and comes back with every word about it.

It is `biz_opaque_callback_data` (512 characters). Nothing else ties a message to its reply when the answer to the POST
was lost, so it says all that a receipt needs: the chat, the reply, and which of its parts.
"""

from __future__ import annotations

import msgspec

LONGEST = 512
"""Characters that Meta takes."""


class Tracker(msgspec.Struct, frozen=True, gc=False, array_like=True, tag_field="v", tag="recado1"):
    """`part` of `of` of the reply, or with `template` what went out in its stead. Written as a JSON array."""

    chat: str
    reply: str
    part: int = 0
    of: int = 0
    template: str | None = None


class TrackerTooLong(ValueError):
    """Chat and reply have too long names for a tracker; such a reply cannot be sent safely."""

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
    """The tracker in `text`; None if it is none of ours."""
    if not text:
        return None
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError:
        return None
