"""The media ids of messages that were posted lately: an id that WhatsApp refuses is forgotten, and its file uploaded
again."""

from __future__ import annotations

from collections import OrderedDict

from gateways.cloud.uploads import Uploads
from gateways.delivery.sender import Part

MOST = 5_000
"""Messages that are remembered; a file that is refused still later is uploaded again once its id is refused at once."""


class PostedFiles:
    """The posted messages of one number."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._renewed: dict[str, tuple[str, int]] = {}
        self._posted: OrderedDict[tuple[str, str, int], str] = OrderedDict()

    def renew(self, part: Part) -> bool:
        """Have the file of a refused part uploaded again; False if that was done already, or it has no media id."""
        which = (part.reply, part.number)
        if part.media is None or self._renewed.get(part.chat) == which:
            return False
        self._uploads.forget(part.media)
        self._renewed[part.chat] = which
        return True

    def took(self, part: Part) -> None:
        """WhatsApp took the part."""
        self._renewed.pop(part.chat, None)
        if part.media is None:
            return
        self._posted[part.chat, part.reply, part.number if part.of > 1 else 0] = part.media
        if len(self._posted) > MOST:
            self._posted.popitem(last=False)

    def refused(self, chat: str, reply: str, number: int) -> None:
        """A status refuses the file of a message; `number` is 0 for a reply in one message."""
        if (media := self._posted.pop((chat, reply, number), None)) is not None:
            self._uploads.forget(media)
