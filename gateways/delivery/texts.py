"""Turns a reply into messages: formats it, cuts it if it is too long, splits it.

The same reply gives the same messages every time, and never an exception: a reply that cannot be formatted goes out as
it was written.
"""

from __future__ import annotations

import structlog

from events.decisions import Reply
from gateways.delivery.formatting import CODE, to_whatsapp
from gateways.delivery.splitting import CLOSE, LIMIT, length, shortened, split

LONGEST = 16_000
"""Characters of a reply that are sent, about four messages (decision 110). The log keeps the whole reply."""

NOTE = "[…] This answer was too long for a chat and is cut here."

log = structlog.get_logger("recado.gateway")


def texts_of(reply: Reply) -> list[str]:
    """The messages of a reply. A model's markdown is formatted for WhatsApp; an operator's text stays as it is."""
    written = shortened(reply.text, LONGEST)
    cut = len(written) < len(reply.text.rstrip())
    try:
        formatted = written if reply.author == "operator" else to_whatsapp(written)
        texts = split(_noted(formatted) if cut else formatted) if length(formatted) <= LONGEST + LIMIT else []
        if texts or not written.strip():
            return texts
        reason = "the formatted text is blank or too long"
    except Exception as error:  # noqa: BLE001 - the person gets the text even if the formatter breaks
        reason = f"{type(error).__name__}: {error}"[:200]
    log.warning("reply_not_formatted", reply=reply.id[:64], reason=reason, then="sent as it was written")
    plain = _noted(written) if cut else written
    try:
        return split(plain)
    except Exception as error:
        log.exception("reply_not_split", reply=reply.id[:64], reason=type(error).__name__, then="cut by length")
        half = LIMIT // 2  # every character may count as two
        return [plain[start : start + half] for start in range(0, len(plain), half)]


def _noted(text: str) -> str:
    """The text with a note that it was cut, outside of any code block."""
    return f"{text}{CLOSE if text.count(CODE) % 2 else ''}\n\n{NOTE}"
